// Which drivers are run for which readers, by policy: PKCS#11 modules and CNG share the readers of PC/SC, a simulator brings its own.
import { isErrorCode } from '../shared/errors.ts';
import { type TokenSource } from '../shared/policy.ts';
import { type AuditEvent } from './audit/audit-event.ts';
import { type CardSource, type CardTable } from './cards/card-table.ts';
import { startReaderWatch } from './native/pcsc.ts';
import { findModules } from './tokens/module-path.ts';
import { ModuleHost } from './tokens/module-host.ts';
import { TokenError } from './tokens/token.ts';

/**
 * The drivers in order of preference: policy's, or else the known modules that are installed; on Windows, where none is, CNG. A card is
 * one card: the first that knows it drives it. Modules and CNG name it by different serial numbers: were both tried without having been
 * asked for, a module that fails for a moment would look like another holder at a card of a kind that does not name itself.
 */
export function driversOf(
  policy: readonly TokenSource[],
  platform: NodeJS.Platform,
  modules: readonly string[],
): readonly TokenSource[] {
  if (policy.length > 0) return policy;
  const known = modules.map((module) => ({ type: 'pkcs11' as const, module }));
  return platform === 'win32' && known.length === 0 ? [{ type: 'cng' }] : known;
}

/** Starts every driver and every watch. The result ends them. */
export function startCardSources(
  tokens: readonly TokenSource[],
  operationMilliseconds: number,
  cards: CardTable,
  audit: (event: AuditEvent) => void,
): () => Promise<void> {
  const chosen = driversOf(tokens, process.platform, tokens.length > 0 ? [] : findModules());
  const hosts = chosen.map((source) => new ModuleHost({ source, operationMilliseconds }));
  const pcscHosts = hosts.filter((host) => host.source.type !== 'simulator');
  const stops: (() => void)[] = [];

  if (tokens.length === 0 || pcscHosts.length > 0) {
    const pcsc: CardSource = { name: 'pcsc', backends: pcscHosts };
    cards.expect(pcsc);
    const watch = startReaderWatch((picture) => cards.update(pcsc, picture));
    stops.push(() => watch.stop());
  }
  for (const host of hosts) {
    if (host.source.type === 'simulator') {
      const simulator: CardSource = { name: host.source.directory, backends: [host] };
      cards.expect(simulator);
      stops.push(host.onReaders((picture) => cards.update(simulator, picture)));
    }
    const module = host.source.type === 'pkcs11' ? host.source.module : host.source.type;
    stops.push(
      host.onExit((exit) => {
        if (exit.reason === 'stopped') return;
        const code = exit.reason === 'hung' ? 'ERR_AGENT_DRIVER_HUNG' : 'ERR_AGENT_DRIVER_CRASHED';
        audit({ event: 'module-host-stopped', module, code });
        cards.driverStopped(host);
      }),
    );
    host.start().catch((error: unknown) => {
      // A crash or a hang has been told by onExit.
      const code = error instanceof TokenError && isErrorCode(error.failure) ? error.failure : 'ERR_AGENT_INTERNAL';
      if (code === 'ERR_AGENT_DRIVER_CRASHED' || code === 'ERR_AGENT_DRIVER_HUNG') return;
      audit({ event: 'module-host-stopped', module, code });
    });
  }
  return async () => {
    for (const stop of stops) stop();
    await Promise.all(hosts.map((host) => host.stop()));
  };
}

// A computer on which everything is as it should be, for tests that break one thing of it.
import { browsers } from '../../../../agent/commands/browsers.ts';
import { type BrowserSight, type ManifestSight, type Picture } from '../../../../agent/commands/doctor/picture.ts';
import { type Finding } from '../../../../agent/commands/doctor/finding.ts';
import { hostManifest } from '../../../../agent/commands/install/host-manifest.ts';
import { defaultPolicy } from '../../../../shared/policy.ts';
import { productVersion } from '../../../../shared/names.ts';

export const hostProgram = '/usr/lib/kortbro/native-host';

export function manifest(changes: Partial<ManifestSight> = {}): ManifestSight {
  return {
    path: '/etc/m.json',
    text: hostManifest(hostProgram),
    program: 'executable',
    missingTargets: [],
    ...changes,
  };
}

export function browser(changes: Partial<BrowserSight> = {}): BrowserSight {
  const [chromium] = browsers;
  if (chromium === undefined) throw new Error('no browser');
  return {
    browser: chromium,
    installed: true,
    used: true,
    sandboxed: false,
    userManifest: undefined,
    systemManifest: manifest(),
    policies: [],
    extension: 'installed',
    ...changes,
  };
}

const reader = { name: 'Reader 1', eventState: 0x10022, atr: new Uint8Array([0x3b]) };

/** A new one at each call. */
export function healthy(): Picture {
  return {
    environment: { DISPLAY: ':0' },
    nodeVersion: 'v20.20.2',
    missingParts: [],
    agent: {
      ranBefore: true,
      answer: {
        ok: true,
        state: {
          version: productVersion,
          service: 'running',
          session: 'active',
          readers: [{ name: 'Reader 1', card: 'ready', tokens: [] }],
        },
      },
    },
    policy: {
      path: '/etc/kortbro/policy.json',
      outcome: { ok: true, policy: defaultPolicy, source: 'defaults' },
    },
    drivers: { fromPolicy: false, modules: [{ path: '/usr/lib/opensc-pkcs11.so' }], simulators: [], stops: [] },
    cardService: {
      installed: true,
      socket: { path: '/run/pcscd/pcscd.comm', exists: true },
      readers: { service: 'running', connection: 1, readers: [reader] },
    },
    pinProgram: { configured: undefined, found: '/usr/bin/pinentry-gnome3' },
    browsers: [browser()],
    autostart: [{ path: '/etc/xdg/autostart/kortbro-agent.desktop', enabled: true, missingTargets: [] }],
    sessionWatch: 'available',
    runtimeDirectories: [{ path: '/run/user/1000/kortbro', state: 'private' }],
    otherSoftware: [],
  };
}

/** What is not well, as "check state", and the English texts. */
export function complaints(findings: readonly Finding[]): { what: string[]; texts: string } {
  const bad = findings.flatMap((finding) => (finding.state === 'ok' ? [] : [finding]));
  return {
    what: bad.map(({ check, state }) => `${check} ${state}`),
    texts: bad.map(({ detail, whatToDo }) => `${detail.en} > ${whatToDo.en}`).join('\n'),
  };
}

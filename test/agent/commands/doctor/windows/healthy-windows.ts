// A Windows on which everything is as it should be, for tests that break one thing of it.
import { windowsBrowsers, type RegistryPlace } from '../../../../../agent/commands/windows-browsers.ts';
import { policyOf } from '../../../../../agent/commands/doctor/managed-policy.ts';
import {
  type HostSight,
  type WindowsBrowserSight,
  type WindowsPicture,
} from '../../../../../agent/commands/doctor/windows/picture.ts';
import { hostManifest } from '../../../../../installer/written-files.ts';
import { defaultPolicy } from '../../../../../shared/policy.ts';
import { extensionId, nativeHostName, productVersion } from '../../../../../shared/names.ts';
import { healthy } from '../healthy-picture.ts';

export const folder = 'C:\\Program Files\\Kortbro';

export const chromeHost = `SOFTWARE\\Google\\Chrome\\NativeMessagingHosts\\${nativeHostName}`;

/** The entry of this installation, or with `changes` another one. */
export function host(place: Partial<RegistryPlace> = {}, changes: Partial<HostSight> = {}): HostSight {
  return {
    place: { root: 'HKLM', view: 64, key: chromeHost, ...place },
    ours: true,
    exists: true,
    manifest: {
      path: `${folder}\\native-host.json`,
      text: hostManifest('kortbro.exe', extensionId),
      program: 'executable',
      missingTargets: [],
    },
    ...changes,
  };
}

/** What an earlier installation has left: its manifest is gone. */
export function stale(place: Partial<RegistryPlace> = {}): HostSight {
  const manifest = { path: 'C:\\Old\\host.json', text: undefined, program: undefined, missingTargets: [] };
  return host({ root: 'HKCU', view: 32, ...place }, { ours: false, exists: false, manifest });
}

export function browser(changes: Partial<WindowsBrowserSight> = {}): WindowsBrowserSight {
  const chrome = windowsBrowsers.find(({ name }) => name === 'Chrome');
  if (chrome === undefined) throw new Error('no Chrome');
  return {
    browser: chrome,
    installed: true,
    used: true,
    hosts: [host()],
    policies: policies({}),
    extension: 'installed',
    ...changes,
  };
}

export function policies(values: Record<string, unknown>): WindowsBrowserSight['policies'] {
  return { policy: policyOf(values), unreadable: [] };
}

/** A new one at each call. */
export function healthyWindows(): WindowsPicture {
  const { agent, cardService } = healthy();
  return {
    environment: { SESSIONNAME: 'Console' },
    identity: { user: 'S-1-5-21-1-2-3-1000', session: 1 },
    installation: { folder, missing: [], version: productVersion },
    agent,
    policy: { outcome: { ok: true, policy: defaultPolicy, source: 'defaults' }, file: undefined },
    drivers: { fromPolicy: false, modules: [{ path: 'C:\\a.dll' }], simulators: [], stops: [] },
    cng: { used: true, provider: 'there', minidrivers: [] },
    cardService: { start: 3, readers: cardService.readers },
    pinProgram: { path: `${folder}\\kortbro-pin.exe`, configured: false, problem: undefined },
    browsers: [browser()],
    autostart: { program: `${folder}\\kortbro-agent.exe`, exists: true, enabled: true },
    runtimeDirectories: [{ path: 'C:\\Users\\anna\\AppData\\Local\\Kortbro', state: 'private' }],
    otherSoftware: [],
  };
}

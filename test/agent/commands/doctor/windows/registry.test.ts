import assert from 'node:assert/strict';
import { extensionObstacle, isHostBlocked } from '../../../../../agent/commands/doctor/managed-policy.ts';
import { gatherPolicies } from '../../../../../agent/commands/doctor/windows/gather-browsers.ts';
import { gatherHosts, type Disk } from '../../../../../agent/commands/doctor/windows/gather-hosts.ts';
import {
  cardServiceStart,
  gatherAutostart,
  gatherMinidrivers,
  gatherOtherSoftware,
} from '../../../../../agent/commands/doctor/windows/gather-installation.ts';
import { type ReadKey } from '../../../../../agent/commands/doctor/windows/registry-values.ts';
import { windowsBrowsers, type WindowsBrowser } from '../../../../../agent/commands/windows-browsers.ts';
import { hostManifest } from '../../../../../installer/written-files.ts';
import { extensionId, nativeHostName } from '../../../../../shared/names.ts';

type Value = string | number | Uint8Array;

/** A registry of a few keys, written `HKLM64\\SOFTWARE\\...`. */
function registry(keys: Record<string, Record<string, Value>>): ReadKey {
  return (root, key, view) => {
    const path = `${root}${view}\\${key}`.toLowerCase();
    const names = Object.keys(keys);
    const own = names.find((name) => name.toLowerCase() === path);
    const below = names.filter((name) => name.toLowerCase().startsWith(`${path}\\`));
    if (own === undefined && below.length === 0) return undefined;
    const values = Object.entries(own === undefined ? {} : (keys[own] ?? {})).map(([name, value]) => [
      name,
      stored(value),
    ]);
    const subkeys = new Set(below.map((name) => name.slice(path.length + 1).split('\\')[0] ?? ''));
    return { values: Object.fromEntries(values) as never, subkeys: [...subkeys] };
  };
}

function stored(value: Value): { type: number; data: Uint8Array } {
  if (typeof value === 'string') return { type: 1, data: new Uint8Array(Buffer.from(`${value}\0`, 'utf16le')) };
  if (typeof value === 'number') return { type: 4, data: new Uint8Array(new Uint32Array([value]).buffer) };
  return { type: 3, data: value };
}

const named = (name: string): WindowsBrowser => {
  const found = windowsBrowsers.find((browser) => browser.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};
const hostKey = (browser: string) => `SOFTWARE\\${browser}\\NativeMessagingHosts\\${nativeHostName}`;
const [chrome, edge, chromium] = ['Google\\Chrome', 'Microsoft\\Edge', 'Chromium'].map(hostKey);
const own = 'C:\\Program Files\\Kortbro\\native-host.json';
const files: Record<string, string> = {
  [own]: hostManifest('kortbro.exe', extensionId),
  'C:\\Program Files\\Kortbro\\kortbro.exe': '',
};
const disk: Disk = { text: (path) => files[path], isFile: (path) => files[path] !== undefined };
const order = (browser: string, keys: Record<string, Record<string, Value>>) =>
  gatherHosts(named(browser), own, registry(keys), disk).map(({ place: { root, view, key }, ours }) =>
    [root, view, key.split('\\').at(-3), ours ? 'ours' : 'other'].join(' '),
  );

describe('Kortbro’s entries in the registry', () => {
  it('are seen in the order in which Chrome looks', () => {
    const keys = {
      [`HKLM64\\${chrome}`]: { '': own },
      [`HKLM32\\${chrome}`]: { '': 'C:\\c.json' },
      [`HKCU64\\${chrome}`]: { '': 'C:\\b.json' },
      [`HKCU32\\${chrome}`]: { '': 'C:\\a.json' },
      [`HKLM64\\${edge}`]: { '': own },
      [`HKLM64\\${chromium}`]: { '': own },
    };
    assert.deepEqual(order('Chrome', keys), [
      'HKCU 32 Chrome other',
      'HKCU 64 Chrome other',
      'HKLM 32 Chrome other',
      'HKLM 64 Chrome ours',
    ]);
  });

  it('are seen in the order in which Edge looks: Chrome’s in the user’s registry before its own of the machine', () => {
    const keys = {
      [`HKLM64\\${edge}`]: { '': own },
      [`HKLM64\\${chrome}`]: { '': own },
      [`HKCU64\\${chrome}`]: { '': 'C:\\b.json' },
      [`HKCU64\\${chromium}`]: { '': 'C:\\a.json' },
    };
    assert.deepEqual(order('Edge', keys), [
      'HKCU 64 Chromium other',
      'HKCU 64 Chrome other',
      'HKLM 64 Edge ours',
      'HKLM 64 Chrome ours',
    ]);
    assert.deepEqual(order('Chromium', keys), [
      'HKCU 64 Chromium other',
      'HKCU 64 Chrome other',
      'HKLM 64 Chrome ours',
    ]);
  });

  it('are one where both views of the user’s registry are the same key', () => {
    const keys = { [`HKCU32\\${chrome}`]: { '': 'C:\\a.json' }, [`HKCU64\\${chrome}`]: { '': 'C:\\a.json' } };
    assert.deepEqual(order('Chrome', keys), ['HKCU 32 Chrome other']);
  });

  it('are passed over without a text as default value, as browsers do', () => {
    assert.deepEqual(order('Chrome', { [`HKCU64\\${chrome}`]: {}, [`HKLM64\\${chrome}`]: { '': 5 } }), []);
  });

  it('are ours whatever the case and the slashes', () => {
    const keys = { [`HKLM64\\${chrome}`]: { '': 'c:/program files/KORTBRO/.\\native-host.json' } };
    assert.deepEqual(order('Chrome', keys), ['HKLM 64 Chrome ours']);
  });

  it('lead to a program that may be named relative to the manifest', () => {
    const program = () =>
      gatherHosts(named('Chrome'), own, registry({ [`HKLM64\\${chrome}`]: { '': own } }), disk)[0]?.manifest.program;
    assert.equal(program(), 'executable');
    const kept = files['C:\\Program Files\\Kortbro\\kortbro.exe'] ?? '';
    Reflect.deleteProperty(files, 'C:\\Program Files\\Kortbro\\kortbro.exe');
    assert.equal(program(), 'missing');
    files['C:\\Program Files\\Kortbro\\kortbro.exe'] = kept;
  });
});

describe('A browser’s policies in the registry', () => {
  const policies = (keys: Record<string, Record<string, Value>>) =>
    gatherPolicies(named('Edge'), registry(keys)).policy;
  const below = 'SOFTWARE\\Policies\\Microsoft\\Edge';

  it('are lists as keys, or as JSON', () => {
    const asKey = policies({ [`HKLM64\\${below}\\NativeMessagingBlocklist`]: { '1': 'com.example.x', '2': '*' } });
    const asJson = policies({ [`HKLM64\\${below}`]: { NativeMessagingBlocklist: '["*"]' } });
    assert.deepEqual([isHostBlocked(asKey), isHostBlocked(asJson)], [true, true]);
  });

  it('let the host in again', () => {
    const keys = {
      [`HKLM64\\${below}\\NativeMessagingBlocklist`]: { '1': '*' },
      [`HKLM64\\${below}\\NativeMessagingAllowlist`]: { '1': nativeHostName },
    };
    assert.equal(isHostBlocked(policies(keys)), false);
  });

  it('are booleans as numbers', () => {
    const userLevel = (value: Value) =>
      policies({ [`HKLM64\\${below}`]: { NativeMessagingUserLevelHosts: value } }).NativeMessagingUserLevelHosts;
    assert.deepEqual([userLevel(0), userLevel(1), userLevel('0')], [false, true, true]);
  });

  it('are dictionaries as JSON, or as keys', () => {
    const obstacle = (keys: Record<string, Record<string, Value>>) => extensionObstacle(policies(keys));
    const setting = JSON.stringify({ '*': { installation_mode: 'blocked' } });
    assert.equal(
      obstacle({ [`HKLM64\\${below}`]: { ExtensionSettings: setting } }),
      'ExtensionSettings (installation_mode)',
    );
    const asKey = { [`HKLM64\\${below}\\ExtensionSettings\\${extensionId}`]: { installation_mode: 'removed' } };
    assert.equal(obstacle(asKey), 'ExtensionSettings (installation_mode)');
    const rights = {
      [`HKLM64\\${below}\\ExtensionSettings\\${extensionId}\\blocked_permissions`]: { '1': 'nativeMessaging' },
    };
    assert.equal(obstacle(rights), 'ExtensionSettings (blocked_permissions)');
  });

  it('are the machine’s before the user’s, one by one', () => {
    const keys = {
      [`HKCU64\\${below}`]: { NativeMessagingUserLevelHosts: 1, NativeMessagingBlocklist: '["*"]' },
      [`HKLM64\\${below}`]: { NativeMessagingUserLevelHosts: 0 },
    };
    const policy = policies(keys);
    assert.deepEqual([policy.NativeMessagingUserLevelHosts, isHostBlocked(policy)], [false, true]);
  });

  it('are passed over where they are broken or cannot be read, and the place is named', () => {
    assert.equal(isHostBlocked(policies({ [`HKLM64\\${below}`]: { NativeMessagingBlocklist: '["*"' } })), false);
    const closed: ReadKey = () => {
      throw Object.assign(new Error('closed'), { code: 'EACCES' });
    };
    assert.deepEqual(gatherPolicies(named('Edge'), closed).unreadable, [`HKCU\\${below}`, `HKLM\\${below}`]);
  });
});

describe('What else the registry tells doctor', () => {
  const current = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion';
  const run = { [`HKLM64\\${current}\\Run`]: { Kortbro: '"C:\\Program Files\\Kortbro\\kortbro-agent.exe"' } };

  it('is the program that is started at logon, and whether it is switched off', () => {
    assert.equal(gatherAutostart(registry({})), undefined);
    assert.deepEqual(gatherAutostart(registry(run)), {
      program: 'C:\\Program Files\\Kortbro\\kortbro-agent.exe',
      exists: false,
      enabled: true,
    });
    const approved = (root: string, first: number) =>
      gatherAutostart(
        registry({
          ...run,
          [`${root}64\\${current}\\Explorer\\StartupApproved\\Run`]: { Kortbro: new Uint8Array([first, 0]) },
        }),
      )?.enabled;
    assert.deepEqual([approved('HKLM', 2), approved('HKLM', 3), approved('HKCU', 3)], [true, false, false]);
  });

  it('is how the card service starts', () => {
    const services = { 'HKLM64\\SYSTEM\\CurrentControlSet\\Services\\SCardSvr': { Start: 4 } };
    assert.deepEqual([cardServiceStart(registry(services)), cardServiceStart(registry({}))], [4, undefined]);
  });

  it('is which vendors’ minidrivers there are, Windows’ own and entries without one left out', () => {
    const calais = 'HKLM64\\SOFTWARE\\Microsoft\\Cryptography\\Calais\\SmartCards';
    const cards = {
      [`${calais}\\Identity Device (NIST SP 800-73 [PIV])`]: { '80000001': 'msclmd.dll' },
      [`${calais}\\OpenSC Card`]: { '80000001': 'opensc-minidriver.dll' },
      [`${calais}\\Old CSP`]: { 'Crypto Provider': 'x' },
    };
    assert.deepEqual(gatherMinidrivers(registry(cards)), ['OpenSC Card']);
  });

  it('is which other card programs are listed as installed, for 64 bit, 32 bit and the user', () => {
    const list = (place: string, name: string) => ({
      [`${place}\\${current}\\Uninstall\\{${name}}`]: { DisplayName: name },
    });
    const listed = {
      ...list('HKLM64', 'SafeNet Authentication Client 10.9'),
      ...list('HKLM32', 'Net iD Enterprise 6.8'),
      ...list('HKCU64', 'SITHS eID för Windows'),
      ...list('HKLM64', 'Internet Identity'),
    };
    assert.deepEqual(gatherOtherSoftware({}, registry(listed)), [
      'Net iD',
      'SafeNet Authentication Client',
      'SITHS eID',
    ]);
  });
});

import assert from 'node:assert/strict';
import { diagnoseWindows } from '../../../../../agent/commands/doctor/windows/diagnose.ts';
import { neededFiles } from '../../../../../agent/commands/doctor/windows/gather-installation.ts';
import { type WindowsPicture } from '../../../../../agent/commands/doctor/windows/picture.ts';
import { windowsRemoteSession } from '../../../../../agent/commands/doctor/checks/remote-session.ts';
import { defaultPolicy } from '../../../../../shared/policy.ts';
import { type ReaderPicture } from '../../../../../agent/native/reader-picture.ts';
import { windowsFiles } from '../../../../../installer/file-list.ts';
import { hostManifest } from '../../../../../installer/written-files.ts';
import { nativeHostName } from '../../../../../shared/names.ts';
import { complaints } from '../healthy-picture.ts';
import { browser, chromeHost, folder, healthyWindows, host, policies, stale } from './healthy-windows.ts';

const stopped = (code: number): ReaderPicture => ({ service: 'stopped', code, connection: 0, readers: [] });
const noReaders: ReaderPicture = { service: 'running', connection: 1, readers: [] };
const [noService, serviceStopped, libraryMissing, internal] = [0x8010001d, 0x8010001e, 0xa0100001, 0x80100001];
const withoutCards: WindowsPicture['agent'] = {
  ranBefore: true,
  answer: { ok: true, state: { version: '0.1.0', service: 'stopped', session: 'active', readers: [] } },
};
const service = (readers: ReaderPicture | undefined, start = 3, environment: object = { SESSIONNAME: 'Console' }) => ({
  agent: withoutCards,
  cardService: { start, readers },
  environment: environment as WindowsPicture['environment'],
});
const refusedPolicy = (path: string, line = 1): Partial<WindowsPicture> => ({
  policy: { outcome: { ok: false, path, line, reason: 'Too big: expected number to be <=600' }, file: undefined },
});
const module = (reason: 'missing' | 'writable-by-others' | 'not-owned-by-root', path = 'C:\\b.dll') => ({
  path,
  problem: { reason, at: path },
});
const drivers = (modules: WindowsPicture['drivers']['modules'], fromPolicy = false): WindowsPicture['drivers'] => ({
  fromPolicy,
  modules,
  simulators: [],
  stops: [],
});
const noCng = { used: false, provider: 'there', minidrivers: [] } as const;
const other = (text: string, program: 'executable' | 'missing' = 'executable') =>
  host(
    { root: 'HKCU', view: 64 },
    { ours: false, manifest: { path: 'D:\\m.json', text, program, missingTargets: [] } },
  );
const userLine = `reg delete "HKCU\\${chromeHost}" /f /reg:32`;

/** One thing is broken; what is said of it; parts of the English texts. */
const cases: [name: string, broken: Partial<WindowsPicture>, what: string[], ...parts: string[]][] = [
  [
    'a file of the installation is missing',
    { installation: { folder, missing: ['pkcs11.node'], version: '0.1.0' } },
    ['installation problem'],
    `missing in ${folder}: pkcs11.node`,
    'msiexec /fomus kortbro-0.1.0.msi /qn',
  ],
  [
    'the addon cannot be loaded',
    { identity: undefined, browsers: [], drivers: drivers([]) },
    ['installation problem'],
    'cannot be loaded',
    'application control',
  ],
  [
    'the MSI has written nothing down',
    { installation: { folder, missing: [], version: undefined } },
    ['installation warning'],
    'not installed by the MSI',
  ],
  [
    'the programs are older than the installation',
    { installation: { folder, missing: [], version: '0.2.0' } },
    ['installation warning'],
    'Version 0.2.0 is installed',
    '3010',
  ],
  [
    'doctor runs as a service',
    { identity: { user: 'S-1-5-18', session: 0 } },
    ['user warning'],
    'session 0',
    'in his session',
  ],
  [
    'no agent can be reached',
    { agent: { ranBefore: false, answer: { ok: false, code: 'ERR_AGENT_NOT_RUNNING' } } },
    ['agent problem'],
    'ERR_AGENT_NOT_RUNNING',
    '%LOCALAPPDATA%\\Kortbro',
  ],
  [
    'the runtime directory is open to others',
    { runtimeDirectories: [{ path: 'C:\\x', state: 'open-to-others' }] },
    ['runtime-directory problem'],
    'icacls "C:\\x" /reset',
  ],
  [
    'a value of group policy is out of bounds',
    refusedPolicy('HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro\\pin\\idleMinutes'),
    ['policy problem'],
    'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro\\pin\\idleMinutes: Too big',
    'Every request is refused',
    'gpupdate /force',
  ],
  ['the policy file is broken', refusedPolicy('C:\\p.json', 7), ['policy problem'], 'C:\\p.json line 7: Too big'],
  [
    'there is no driver but a module that policy names and is missing',
    { drivers: drivers([module('missing')], true), cng: noCng },
    ['drivers problem'],
    'C:\\b.dll does not exist',
    'mend C:\\b.dll in the policy',
  ],
  [
    'others can change a driver',
    { drivers: drivers([module('writable-by-others')]), cng: noCng },
    ['drivers problem'],
    'others than the administrators can change C:\\b.dll',
    'icacls "C:\\b.dll"',
  ],
  [
    "one of two drivers is another user's",
    { drivers: drivers([{ path: 'C:\\a.dll' }, module('not-owned-by-root')]) },
    ['drivers warning'],
    'icacls "C:\\b.dll" /setowner *S-1-5-32-544',
  ],
  [
    'there are only the minidrivers of Windows',
    { drivers: drivers([]) },
    ['drivers warning'],
    "Windows' own minidrivers only",
    'SafeNet',
  ],
  [
    'CNG has no smart-card provider',
    { cng: { used: true, provider: 'missing', minidrivers: [] } },
    ['drivers warning'],
    'certutil -csplist',
  ],
  [
    'there is no driver at all',
    { drivers: drivers([]), cng: { used: true, provider: 'missing', minidrivers: [] } },
    ['drivers problem'],
    'cannot be opened',
  ],
  [
    'a driver keeps stopping',
    {
      drivers: { ...drivers([]), stops: [{ module: 'cng', code: 'ERR_AGENT_DRIVER_HUNG', times: 2 }] },
      cng: { used: true, provider: 'there', minidrivers: ['X'] },
    },
    ['drivers warning'],
    '2 times, ERR_AGENT_DRIVER_HUNG',
  ],
  [
    'the card service is disabled',
    service(stopped(noService), 4),
    ['card-service problem'],
    'disabled',
    'sc config SCardSvr start= demand',
  ],
  [
    'the card service is at rest at a computer of one’s own',
    service(stopped(noService)),
    ['readers problem'],
    'No card reader was found',
    'Device Manager',
  ],
  ['the card service has stopped', service(stopped(serviceStopped)), ['readers problem'], 'No card reader'],
  [
    'the card service is gone in a remote session',
    service(stopped(noService), 3, { SESSIONNAME: 'ICA-CGP#0' }),
    ['card-service problem'],
    'remote session (Citrix) (SCARD_E_NO_SERVICE)',
    'sign out of the remote session',
  ],
  [
    'the card service fails in another way',
    service(stopped(internal)),
    ['card-service problem'],
    'SCARD_F_INTERNAL_ERROR',
    'sc start SCardSvr',
  ],
  ['winscard.dll is missing', service(stopped(libraryMissing)), ['card-service problem'], 'sfc /scannow'],
  [
    'the card service is slow in a remote session',
    service(undefined, 3, { SESSIONNAME: 'RDP-Tcp#4' }),
    ['card-service warning'],
    'RDP: each question crosses the network',
  ],
  ['there is no reader', service(noReaders), ['readers problem'], 'No card reader was found'],
  [
    'there is no reader in Citrix',
    service(noReaders, 3, { SESSIONNAME: 'ICA-TCP#12' }),
    ['readers problem'],
    'No card reader in the remote session (Citrix)',
    'before the session started',
    'list of programs without smart-card hooks',
  ],
  [
    'there is no reader over RDP',
    service(noReaders, 3, { SESSIONNAME: 'RDP-Tcp#0', CLIENTNAME: 'THIN1' }),
    ['readers problem'],
    'remote session (RDP)',
    'smart-card redirection',
  ],
  [
    'the PIN dialog is missing',
    { pinProgram: { path: 'C:\\p.exe', configured: false, problem: { reason: 'missing', at: 'C:\\p.exe' } } },
    ['pin-dialog problem'],
    'C:\\p.exe does not exist',
    'msiexec /fomus',
  ],
  [
    'others can change the PIN dialog that policy names',
    { pinProgram: { path: 'C:\\d\\p.exe', configured: true, problem: { reason: 'writable-by-others', at: 'C:\\d' } } },
    ['pin-dialog problem'],
    'can change C:\\d',
    'icacls "C:\\d"',
  ],
  ['there is no browser', { browsers: [browser({ installed: false, used: false })] }, ['browsers problem'], 'Neither'],
  [
    'a stale entry of the user shadows ours',
    { browsers: [browser({ hosts: [stale(), host()] })] },
    ['native-host problem'],
    'Chrome: HKCU\\SOFTWARE\\Google\\Chrome\\NativeMessagingHosts (32 bit): C:\\Old\\host.json does not exist',
    'hides',
    'kortbro doctor --repair',
    userLine,
  ],
  [
    'a stale entry in the machine’s 32-bit registry shadows ours',
    { browsers: [browser({ hosts: [stale({ root: 'HKLM' }), host()] })] },
    ['native-host problem'],
    `As administrator: reg delete "HKLM\\${chromeHost}" /f /reg:32`,
  ],
  [
    'two stale entries shadow ours',
    { browsers: [browser({ hosts: [stale(), stale({ root: 'HKLM' }), host()] })] },
    ['native-host problem', 'native-host problem'],
    userLine,
    'HKLM',
  ],
  [
    'another installation’s entry shadows ours',
    {
      browsers: [
        browser({ hosts: [other(hostManifest('D:\\kortbro.exe', 'enkfobeibilnjcamendfcdpkdeoammnj')), host()] }),
      ],
    },
    ['native-host problem'],
    'D:\\m.json belongs to another installation',
    '/reg:64',
  ],
  [
    'the entry before ours names a program that is gone',
    {
      browsers: [
        browser({
          hosts: [other(hostManifest('D:\\gone.exe', 'enkfobeibilnjcamendfcdpkdeoammnj'), 'missing'), host()],
        }),
      ],
    },
    ['native-host problem'],
    'D:\\gone.exe does not exist',
  ],
  [
    'the entry before ours lets another extension in',
    { browsers: [browser({ hosts: [other(hostManifest('k.exe', 'a'.repeat(32))), host()] })] },
    ['native-host problem'],
    'does not let the extension',
  ],
  [
    'there is no entry',
    { browsers: [browser({ hosts: [] })] },
    ['native-host problem'],
    `no entry leads to ${folder}.`,
    'msiexec /fomus',
  ],
  [
    'another entry is the only one: it is not ours to remove',
    { browsers: [browser({ hosts: [stale()] })] },
    ['native-host problem'],
    `no entry leads to ${folder}, but HKCU\\SOFTWARE\\Google\\Chrome\\NativeMessagingHosts (32 bit) to C:\\Old\\host.json`,
    'msiexec /fomus',
  ],
  [
    'our entry’s program is gone',
    { browsers: [browser({ hosts: [host({}, { manifest: { ...host().manifest, program: 'missing' } })] })] },
    ['native-host problem'],
    'kortbro.exe does not exist',
    'Install Kortbro again',
  ],
  [
    'only the user’s entry is ours and policy passes over it',
    {
      browsers: [
        browser({ hosts: [host({ root: 'HKCU' })], policies: policies({ NativeMessagingUserLevelHosts: false }) }),
      ],
    },
    ['native-host problem'],
    'NativeMessagingUserLevelHosts is 0',
  ],
  [
    'the host is on the blocklist',
    { browsers: [browser({ policies: policies({ NativeMessagingBlocklist: ['*'] }) })] },
    ['browser-policy problem'],
    `Add ${nativeHostName} to NativeMessagingAllowlist (HKLM\\SOFTWARE\\Policies\\Google\\Chrome)`,
  ],
  [
    'the extension is blocked',
    { browsers: [browser({ policies: policies({ ExtensionInstallBlocklist: ['*'] }) })] },
    ['browser-policy problem'],
    'ExtensionInstallBlocklist stops the extension',
  ],
  [
    'a browser’s policies cannot be read',
    {
      browsers: [browser({ policies: { ...policies({}), unreadable: ['HKLM\\SOFTWARE\\Policies\\Google\\Chrome'] } })],
    },
    ['browser-policy warning'],
    'HKLM\\SOFTWARE\\Policies\\Google\\Chrome cannot be read',
  ],
  ['the extension is not there', { browsers: [browser({ extension: 'absent' })] }, ['extension warning'], 'not seen'],
  ['there is no Run entry', { autostart: undefined }, ['autostart warning'], 'feature Autostart'],
  [
    'the Run entry starts what is gone',
    { autostart: { program: 'C:\\x.exe', exists: false, enabled: true } },
    ['autostart warning'],
    'C:\\x.exe, which does not exist',
  ],
  [
    'the Run entry is switched off',
    { autostart: { program: 'C:\\x.exe', exists: true, enabled: false } },
    ['autostart warning'],
    'Task Manager',
  ],
  [
    'the agent is suspended',
    {
      agent: {
        ranBefore: true,
        answer: {
          ok: true,
          state: {
            version: '0.1.0',
            service: 'running',
            session: 'suspended',
            readers: [{ name: 'Reader 1', card: 'ready', tokens: [] }],
          },
        },
      },
    },
    ['session warning'],
    'Unlock the computer',
  ],
];

describe('doctor on Windows', () => {
  it('finds nothing wrong with a healthy computer', () => {
    assert.deepEqual(complaints(diagnoseWindows(healthyWindows())).what, []);
  });

  for (const [name, broken, what, ...parts] of cases) {
    it(`says what to do when ${name}`, () => {
      const found = complaints(diagnoseWindows({ ...healthyWindows(), ...broken }));
      assert.deepEqual(found.what, what);
      for (const part of parts) assert.ok(found.texts.includes(part), `"${part}" is not in: ${found.texts}`);
    });
  }

  const fine: [name: string, picture: Partial<WindowsPicture>][] = [
    [
      'group policy is in force, before a file',
      {
        policy: {
          outcome: { ok: true, policy: defaultPolicy, source: 'registry' },
          file: 'C:\\p.json',
        },
      },
    ],
    [
      'only minidrivers drive the cards',
      { drivers: drivers([]), cng: { used: true, provider: 'there', minidrivers: ['SafeNet'] } },
    ],
    ['CNG is not wanted by policy', { cng: noCng }],
    [
      'a stale entry comes after ours',
      { browsers: [browser({ hosts: [host({ root: 'HKCU' }), stale({ root: 'HKLM' })] })] },
    ],
    [
      'policy has the browser pass over the user’s stale entry',
      {
        browsers: [browser({ hosts: [stale(), host()], policies: policies({ NativeMessagingUserLevelHosts: false }) })],
      },
    ],
    ['other programs use cards', { otherSoftware: ['Net iD'] }],
    ['no profile exists yet', { browsers: [browser({ extension: 'unknown' })] }],
    [
      'a browser that is not there has a stale entry',
      { browsers: [browser(), browser({ installed: false, used: false, hosts: [stale()] })] },
    ],
  ];
  for (const [name, picture] of fine) {
    it(`finds nothing wrong when ${name}`, () => {
      assert.deepEqual(complaints(diagnoseWindows({ ...healthyWindows(), ...picture })).what, []);
    });
  }

  it('offers to remove entries of the user only, and says which', () => {
    const hosts = [stale(), stale({ view: 64 }), stale({ root: 'HKLM' }), host()];
    const found = diagnoseWindows({ ...healthyWindows(), browsers: [browser({ hosts })] });
    const repairs = found.flatMap((finding) => (finding.state !== 'ok' && finding.repair ? [finding.repair] : []));
    assert.deepEqual(repairs, [
      { view: 32, key: chromeHost },
      { view: 64, key: chromeHost },
    ]);
  });

  it('speaks of nothing that is Linux’s', () => {
    const all = cases.flatMap(([, broken]) => diagnoseWindows({ ...healthyWindows(), ...broken }));
    const texts = all.flatMap((one) => [one.detail, ...(one.state === 'ok' ? [] : [one.whatToDo])]);
    for (const { sv, en } of texts) {
      assert.doesNotMatch(`${sv} ${en}`, /\bapt\b|systemctl|pcscd|\broot\b|chmod|lsusb|install --user|\/etc\//);
      assert.ok(sv !== '' && en !== '');
    }
  });

  it('asks for files that the MSI installs', () => {
    assert.deepEqual(
      neededFiles.filter((name) => !windowsFiles.includes(name)),
      [],
    );
  });
});

describe('A remote session on Windows', () => {
  const sessions: [environment: Record<string, string>, kind: string | undefined][] = [
    [{}, undefined],
    [{ SESSIONNAME: 'Console' }, undefined],
    [{ SESSIONNAME: 'Console', CLIENTNAME: 'Console' }, undefined],
    [{ SESSIONNAME: 'RDP-Tcp#3', CLIENTNAME: 'THIN1' }, 'RDP'],
    [{ SESSIONNAME: 'ICA-CGP#1' }, 'Citrix'],
    [{ SESSIONNAME: 'ica-tcp#1' }, 'Citrix'],
    [{ SESSIONNAME: 'PCoIP' }, 'Horizon PCoIP'],
    [{ SESSIONNAME: 'BLAST' }, 'Horizon Blast'],
    [{ SESSIONNAME: 'Console', ViewClient_Machine_Name: 'THIN1' }, 'Horizon'],
    [{ SESSIONNAME: 'Console', CLIENTNAME: 'THIN1' }, 'CLIENTNAME THIN1'],
    [{ SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, 'SSH'],
  ];
  for (const [environment, kind] of sessions) {
    it(`is ${kind ?? 'none'} by ${JSON.stringify(environment)}`, () =>
      assert.equal(windowsRemoteSession(environment), kind));
  }
});

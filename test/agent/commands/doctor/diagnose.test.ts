import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { diagnose } from '../../../../agent/commands/doctor/diagnose.ts';
import { checkTitles } from '../../../../agent/commands/doctor/finding.ts';
import { type Picture } from '../../../../agent/commands/doctor/picture.ts';
import { findingsJson, findingsText } from '../../../../agent/commands/doctor/report.ts';
import { parsePolicy } from '../../../../agent/policy/policy-file.ts';
import { type ErrorCode } from '../../../../shared/errors.ts';
import { type AgentState, type PinStatus } from '../../../../shared/messages.ts';
import { extensionId } from '../../../../shared/names.ts';
import { hostManifest } from '../../../../agent/commands/install/host-manifest.ts';
import { browser, complaints, healthy, hostProgram, manifest } from './healthy-picture.ts';

const path = '/usr/lib/opensc-pkcs11.so';
const refusedModule = (reason: 'missing' | 'writable-by-others' | 'not-owned-by-root' | 'not-absolute', at = path) => ({
  path,
  problem: { reason, at },
});
const stopped = (code: number): Picture['cardService']['readers'] => ({
  service: 'stopped',
  code,
  connection: 0,
  readers: [],
});
const noReaders: Picture['cardService'] = {
  ...healthy().cardService,
  readers: { service: 'running', connection: 1, readers: [] },
};
const agentWith = (readers: AgentState['readers'], changes: Partial<AgentState> = {}): Picture['agent'] => ({
  ranBefore: true,
  answer: { ok: true, state: { version: '0.1.0', service: 'running', session: 'active', readers, ...changes } },
});
const agentSilent = (code: ErrorCode): Picture['agent'] => ({ ranBefore: false, answer: { ok: false, code } });
const cardOf = (pin: PinStatus): Picture['agent'] =>
  agentWith([
    {
      name: 'Reader 1',
      card: 'ready',
      tokens: [
        {
          key: 'k',
          holder: 'Anna Testsson',
          organisation: '',
          holderId: '',
          pin,
          pinSso: false,
          sites: [],
        },
      ],
    },
  ]);
/** Without a card service the agent knows no reader either. */
const noCards = { agent: agentWith([], { service: 'stopped' }) };
const userLevelOff = [{ path: '/etc/p.json', text: '{"NativeMessagingUserLevelHosts": false}' }];
const changedManifest = (changes: object) =>
  manifest({ text: JSON.stringify({ ...(JSON.parse(hostManifest(hostProgram)) as object), ...changes }) });

/** One thing is broken; what is said of it; a part of the English texts. */
const cases: [name: string, broken: Partial<Picture>, what: string[], texts: RegExp][] = [
  [
    'a part of the installation is missing',
    { missingParts: ['/opt/kortbro.node'] },
    ['installation problem'],
    /kortbro\.node.*Install Kortbro again/,
  ],
  ['Node is too old', { nodeVersion: 'v20.18.9' }, ['node problem'], /20\.19/],
  ['Node is of an old line', { nodeVersion: 'v18.99.0' }, ['node problem'], /18\.99/],
  [
    'doctor runs under sudo',
    { environment: { DISPLAY: ':0', SUDO_USER: 'anna' } },
    ['user warning'],
    /anna.*without sudo/,
  ],

  [
    'no agent can be reached',
    { agent: agentSilent('ERR_AGENT_NOT_RUNNING') },
    ['agent problem'],
    /not running.*ERR_AGENT_NOT_RUNNING.*installation/,
  ],
  [
    'the endpoint is unsafe',
    { agent: agentSilent('ERR_AGENT_ENDPOINT') },
    ['agent problem'],
    /safe way.*runtime directory/,
  ],
  ['the proof fails', { agent: agentSilent('ERR_AGENT_PROOF') }, ['agent problem'], /ERR_AGENT_PROOF.*Log out and in/],
  ['the agent is silent', { agent: agentSilent('ERR_USER_TIMEOUT') }, ['agent problem'], /too long.*Log out and in/],
  [
    'an agent of another version runs',
    { agent: agentWith(healthyReaders(), { version: '0.0.9' }) },
    ['agent warning'],
    /0\.0\.9 is running, but 0\.1\.0/,
  ],
  [
    'the runtime directory is open',
    { runtimeDirectories: [{ path: '/run/k', state: 'open-to-others' }] },
    ['runtime-directory problem'],
    /chmod 700 \/run\/k/,
  ],
  [
    "the runtime directory is another user's",
    { runtimeDirectories: [{ path: '/run/k', state: 'of-another-user' }] },
    ['runtime-directory problem'],
    /another user/,
  ],
  [
    'the runtime directory is a file',
    { runtimeDirectories: [{ path: '/run/k', state: 'not-a-directory' }] },
    ['runtime-directory problem'],
    /no directory/,
  ],

  [
    'the policy is no JSON',
    { policy: { path: '/etc/p.json', outcome: parsePolicy('{\n"tokens": [,]\n}', '/etc/p.json') } },
    ['policy problem'],
    /\/etc\/p\.json line 2: not JSON/,
  ],
  [
    'the policy has an unknown key',
    { policy: { path: '/etc/p.json', outcome: parsePolicy('{\n\n"tokken": []\n}', '/etc/p.json') } },
    ['policy problem'],
    /line 3: .*tokken/,
  ],

  ['there is no driver', { drivers: drivers([]) }, ['drivers problem'], /No card driver.*apt install opensc/],
  [
    'the only driver can be written by others',
    { drivers: drivers([refusedModule('writable-by-others')]) },
    ['drivers problem'],
    /others than root can write.*chmod go-w/,
  ],
  [
    "the only driver is another user's",
    { drivers: drivers([refusedModule('not-owned-by-root', '/usr/lib')]) },
    ['drivers problem'],
    /\/usr\/lib does not belong to root/,
  ],
  [
    'one of two drivers is refused',
    { drivers: drivers([{ path: '/a.so' }, refusedModule('writable-by-others')]) },
    ['drivers warning'],
    /is not used/,
  ],
  [
    'a driver of the policy is missing',
    { drivers: { ...drivers([refusedModule('missing')]), fromPolicy: true } },
    ['drivers problem'],
    /"tokens" in the policy/,
  ],
  [
    'a driver of the policy has a relative path',
    { drivers: { ...drivers([refusedModule('not-absolute')]), fromPolicy: true } },
    ['drivers problem'],
    /not absolute.*Mend the path/,
  ],
  [
    'a driver keeps stopping',
    { drivers: { ...drivers([{ path }]), stops: [{ module: path, code: 'ERR_AGENT_DRIVER_CRASHED', times: 3 }] } },
    ['drivers warning'],
    /3 times, ERR_AGENT_DRIVER_CRASHED/,
  ],

  [
    'pcscd is not installed',
    {
      ...noCards,
      cardService: { installed: false, socket: { path: '/run/s', exists: false }, readers: stopped(0x8010001d) },
    },
    ['card-service problem'],
    /apt install pcscd/,
  ],
  [
    'pcscd is not running',
    {
      ...noCards,
      cardService: { installed: true, socket: { path: '/run/s', exists: false }, readers: stopped(0x8010001d) },
    },
    ['card-service problem'],
    /SCARD_E_NO_SERVICE.*pcscd\.socket/,
  ],
  [
    'pcscd does not let us in',
    {
      ...noCards,
      cardService: { installed: true, socket: { path: '/run/s', exists: true }, readers: stopped(0x8010006a) },
    },
    ['card-service problem'],
    /SCARD_W_SECURITY_VIOLATION.*access_pcsc/,
  ],
  [
    'pcscd has died and left its socket',
    {
      ...noCards,
      cardService: { installed: true, socket: { path: '/run/s', exists: true }, readers: stopped(0x8010001d) },
    },
    ['card-service problem'],
    /does not answer at \/run\/s \(SCARD_E_NO_SERVICE\).*systemctl restart/,
  ],
  [
    'libpcsclite is missing',
    {
      ...noCards,
      cardService: { installed: true, socket: { path: '/run/s', exists: true }, readers: stopped(0xa0100001) },
    },
    ['card-service problem'],
    /libpcsclite/,
  ],
  [
    'PCSCLITE_CSOCK_NAME points nowhere',
    {
      ...noCards,
      environment: { DISPLAY: ':0', PCSCLITE_CSOCK_NAME: '/none' },
      cardService: { installed: true, socket: { path: '/none', exists: false }, readers: stopped(0x8010001d) },
    },
    ['card-service problem'],
    /PCSCLITE_CSOCK_NAME points to \/none/,
  ],
  [
    'the card service is slow',
    { ...noCards, cardService: { ...healthy().cardService, readers: undefined } },
    ['card-service warning'],
    /in time/,
  ],

  [
    'there is no reader',
    { ...noCards, cardService: noReaders },
    ['readers problem'],
    /No card reader was found.*libccid/,
  ],
  [
    'there is no reader in Citrix',
    { ...noCards, cardService: noReaders, environment: { DISPLAY: ':0', CITRIX_SESSION_ID: '3' } },
    ['readers problem'],
    /remote session \(Citrix\).*before the session started/,
  ],
  [
    'there is no reader in xrdp',
    { ...noCards, cardService: noReaders, environment: { DISPLAY: ':10', XRDP_SESSION: '1' } },
    ['readers problem'],
    /\(xrdp\)/,
  ],
  [
    'there is no reader over SSH',
    { ...noCards, cardService: noReaders, environment: { DISPLAY: ':0', SSH_CONNECTION: 'x' } },
    ['readers problem'],
    /SSH does not pass readers on/,
  ],
  [
    'the card is unknown',
    { agent: agentWith([{ name: 'Reader 1', card: 'unsupported', tokens: [] }]) },
    ['card problem'],
    /Reader 1: the card cannot be read/,
  ],
  [
    'the card is mute',
    { agent: agentWith([{ name: 'Reader 1', card: 'mute', tokens: [] }]) },
    ['card problem'],
    /does not answer.*wipe the chip/,
  ],
  [
    'the agent does not see the card',
    { agent: agentWith([{ name: 'Reader 1', card: 'empty', tokens: [] }]) },
    ['card warning'],
    /does not see it/,
  ],
  ['the agent does not see the reader', { agent: agentWith([]) }, ['card warning'], /does not see it/],
  ['the PIN is locked', { agent: cardOf({ state: 'locked' }) }, ['card problem'], /PUK/],
  ['one PIN try is left', { agent: cardOf({ state: 'final' }) }, ['card warning'], /one PIN try left/],

  [
    'no program can ask for the PIN',
    { pinProgram: { configured: undefined, found: undefined } },
    ['pin-dialog problem'],
    /apt install pinentry/,
  ],
  [
    'the PIN program of the policy is missing',
    { pinProgram: { configured: '/opt/ask', found: undefined } },
    ['pin-dialog problem'],
    /\/opt\/ask.*pin\.program/,
  ],
  ['there is no display', { environment: {} }, ['pin-dialog warning'], /neither DISPLAY nor/],
  [
    'there is no display over SSH',
    { environment: { SSH_TTY: '/dev/pts/1' } },
    ['pin-dialog warning'],
    /As expected over SSH/,
  ],

  ['there is no browser', { browsers: [browser({ installed: false, used: false })] }, ['browsers problem'], /Neither/],
  ['the browser is a snap', { browsers: [browser({ sandboxed: true })] }, ['browsers warning'], /snap or flatpak/],
  [
    'the browser is not connected',
    { browsers: [browser({ systemManifest: undefined })] },
    ['native-host problem'],
    /install --user/,
  ],
  [
    "user-level hosts are off and only the user's is there",
    { browsers: [browser({ systemManifest: undefined, userManifest: manifest(), policies: userLevelOff })] },
    ['native-host problem'],
    /NativeMessagingUserLevelHosts.*package/,
  ],
  [
    'the manifest is no JSON',
    { browsers: [browser({ systemManifest: manifest({ text: '{' }) })] },
    ['native-host problem'],
    /no valid manifest.*package again/,
  ],
  [
    'the manifest cannot be read',
    { browsers: [browser({ systemManifest: manifest({ text: undefined }) })] },
    ['native-host problem'],
    /cannot be read/,
  ],
  [
    'the manifest lets another extension in',
    { browsers: [browser({ systemManifest: changedManifest({ allowed_origins: ['chrome-extension://aaaa/'] }) })] },
    ['native-host problem'],
    new RegExp(`does not let the extension ${extensionId} in`),
  ],
  [
    'the manifest has another name',
    { browsers: [browser({ systemManifest: changedManifest({ name: 'x.y' }) })] },
    ['native-host problem'],
    /is named x\.y/,
  ],
  [
    'the manifest has another type',
    { browsers: [browser({ systemManifest: changedManifest({ type: 'x' }) })] },
    ['native-host problem'],
    /not stdio/,
  ],
  [
    'the manifest has a relative path',
    { browsers: [browser({ systemManifest: changedManifest({ path: 'host' }) })] },
    ['native-host problem'],
    /not absolute/,
  ],
  [
    'the host program is missing',
    { browsers: [browser({ systemManifest: manifest({ program: 'missing' }) })] },
    ['native-host problem'],
    /native-host does not exist/,
  ],
  [
    'the host program cannot be executed',
    { browsers: [browser({ systemManifest: manifest({ program: 'not-executable' }) })] },
    ['native-host problem'],
    /cannot be executed/,
  ],
  [
    'the launcher starts what is gone',
    { browsers: [browser({ userManifest: manifest({ missingTargets: ['/old/node'] }), systemManifest: undefined })] },
    ['native-host problem'],
    /starts \/old\/node.*install --user --force/,
  ],
  [
    "a broken user's manifest hides the machine's",
    { browsers: [browser({ userManifest: manifest({ path: '/home/m', program: 'missing' }) })] },
    ['native-host problem'],
    /hides the machine's own.*Remove the file/,
  ],
  [
    "an old user's manifest hides the machine's",
    { browsers: [browser({ userManifest: { ...changedManifest({ path: '/old/host' }), path: '/home/m' } })] },
    ['native-host warning'],
    /\/home\/m hides.*uninstall --user/,
  ],

  [
    'the host is on the blocklist',
    { browsers: [browser({ policies: [{ path: '/p', text: '{"NativeMessagingBlocklist":["*"]}' }] })] },
    ['browser-policy problem'],
    /NativeMessagingAllowlist/,
  ],
  [
    'the extension is blocked',
    { browsers: [browser({ policies: [{ path: '/p', text: '{"ExtensionInstallBlocklist":["*"]}' }] })] },
    ['browser-policy problem'],
    /ExtensionInstallBlocklist stops the extension/,
  ],
  [
    'a policy file is broken',
    { browsers: [browser({ policies: [{ path: '/p.json', text: '[]' }] })] },
    ['browser-policy warning'],
    /\/p\.json cannot be read/,
  ],
  [
    'the extension is not there',
    { browsers: [browser({ extension: 'absent' })] },
    ['extension warning'],
    /not seen in any profile/,
  ],
  [
    'the extension is switched off',
    { browsers: [browser({ extension: 'disabled' })] },
    ['extension problem'],
    /switched off/,
  ],

  ['there is no autostart entry', { autostart: [] }, ['autostart warning'], /install --user/],
  [
    'the autostart entry is off',
    { autostart: [{ path: '/a', enabled: false, missingTargets: [] }] },
    ['autostart warning'],
    /switched off/,
  ],
  [
    'the autostart entry starts what is gone',
    { autostart: [{ path: '/a', enabled: true, missingTargets: ['/gone'] }] },
    ['autostart warning'],
    /\/gone, which does not exist/,
  ],
  ['there is no logind session', { sessionWatch: 'no-session' }, ['session warning'], /loginctl/],
  ['libsystemd is missing', { sessionWatch: 'no-libsystemd' }, ['session warning'], /libsystemd0/],
  [
    'the agent is suspended',
    { agent: agentWith(healthyReaders(), { session: 'suspended' }) },
    ['session warning'],
    /Unlock the computer/,
  ],
];

function drivers(modules: Picture['drivers']['modules']): Picture['drivers'] {
  return { fromPolicy: false, modules, simulators: [], stops: [] };
}

function healthyReaders(): AgentState['readers'] {
  return [{ name: 'Reader 1', card: 'ready', tokens: [] }];
}

describe('doctor', () => {
  it('finds nothing wrong with a healthy computer', () => {
    assert.deepEqual(complaints(diagnose(healthy())).what, []);
  });

  for (const [name, broken, what, texts] of cases) {
    it(`says what to do when ${name}`, () => {
      const found = complaints(diagnose({ ...healthy(), ...broken }));
      assert.deepEqual(found.what, what);
      assert.match(found.texts, texts);
    });
  }

  const fine: [name: string, picture: Partial<Picture>][] = [
    ['the agent was started by the question', { agent: { ...healthy().agent, ranBefore: false } }],
    ['a runtime directory is still to be made', { runtimeDirectories: [{ path: '/run/k', state: 'missing' }] }],
    ['Node is newer', { nodeVersion: 'v24.0.1' }],
    [
      'the cards are simulated',
      {
        drivers: { ...drivers([]), simulators: ['/sim'] },
        cardService: { installed: false, socket: { path: '/x', exists: false }, readers: undefined },
      },
    ],
    [
      'the policy names a PIN program and there is no display',
      { environment: {}, pinProgram: { configured: '/opt/ask', found: '/opt/ask' } },
    ],
    ['only the user is connected', { browsers: [browser({ userManifest: manifest(), systemManifest: undefined })] }],
    ['user and machine name the same program', { browsers: [browser({ userManifest: manifest() })] }],
    [
      "the user's broken manifest is not used by policy",
      { browsers: [browser({ userManifest: manifest({ text: '' }), policies: userLevelOff })] },
    ],
    ['no profile exists yet', { browsers: [browser({ extension: 'unknown' })] }],
    ['other card software is there', { otherSoftware: ['Net iD'] }],
    ['the card is being read', { agent: agentWith([{ name: 'Reader 1', card: 'reading', tokens: [] }]) }],
  ];
  for (const [name, picture] of fine) {
    it(`does not complain when ${name}`, () => {
      assert.deepEqual(complaints(diagnose({ ...healthy(), ...picture })).what, []);
    });
  }

  it('says in both languages, for every case, something of its own', () => {
    for (const [name, broken] of cases) {
      for (const finding of diagnose({ ...healthy(), ...broken })) {
        if (finding.state === 'ok') continue;
        for (const { sv, en } of [finding.detail, finding.whatToDo])
          assert.ok(sv !== '' && en !== '' && sv !== en, name);
      }
    }
  });

  it('names neither holder nor id of a card', () => {
    const findings = diagnose({ ...healthy(), agent: cardOf({ state: 'locked' }) });
    assert.doesNotMatch(JSON.stringify(findings), /Anna|Testsson/);
  });
});

describe("doctor's report", () => {
  const findings = diagnose({ ...healthy(), missingParts: ['/opt/\u001b[31mx\u202e'], sessionWatch: 'no-session' });

  it('for a person has a line for each finding, what to do beneath, and the count', () => {
    const text = findingsText(findings, 'en');
    assert.match(text, /^Problem {3}Installation +Parts are missing: .*\n +> Install Kortbro again/m);
    assert.match(text, /\n\n1 problem, 1 warning\.$/);
    assert.match(findingsText(diagnose(healthy()), 'sv'), /\n\nAllt ser bra ut\.$/);
  });

  it('for a person holds no control or direction characters of a file name', () => {
    assert.doesNotMatch(findingsText(findings, 'en'), /[\u001b\u202e]/);
  });

  it('for a script has check, state, detail and whatToDo of each finding', () => {
    const report = JSON.parse(JSON.stringify(findingsJson(findings, 'sv'))) as { findings: Record<string, string>[] };
    assert.equal(report.findings.length, findings.length);
    for (const finding of report.findings) {
      assert.deepEqual(Object.keys(finding), ['check', 'state', 'detail', 'whatToDo']);
      assert.ok(Object.hasOwn(checkTitles, finding['check'] ?? ''));
      assert.equal(finding['state'] === 'ok', finding['whatToDo'] === '');
    }
  });
});

describe('docs/doctor.md', () => {
  it('has every check in its table, and no other', () => {
    const table = readFileSync(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8').split(
      '## The checks',
    )[1];
    const rows = [...(table?.split('\n## ')[0] ?? '').matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(rows, Object.keys(checkTitles));
  });
});

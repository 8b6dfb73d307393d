import assert from 'node:assert/strict';
import { driverStops } from '../../../../agent/commands/doctor/driver-stops.ts';
import { extensionObstacle, isHostBlocked, managedPolicy } from '../../../../agent/commands/doctor/managed-policy.ts';
import { extensionInPreferences } from '../../../../agent/commands/doctor/profile-extension.ts';
import { remoteSession } from '../../../../agent/commands/doctor/checks/remote-session.ts';
import { extensionId, nativeHostName } from '../../../../shared/names.ts';

const policyOf = (...texts: string[]) =>
  managedPolicy(texts.map((text, index) => ({ path: `/p/${index}.json`, text })));

describe('The managed policy of a browser', () => {
  const blocked: [policy: object, blocked: boolean][] = [
    [{}, false],
    [{ NativeMessagingBlocklist: [] }, false],
    [{ NativeMessagingBlocklist: ['*'] }, true],
    [{ NativeMessagingBlocklist: [nativeHostName] }, true],
    [{ NativeMessagingBlocklist: ['com.example.other'] }, false],
    [{ NativeMessagingBlocklist: ['*'], NativeMessagingAllowlist: [nativeHostName] }, false],
    [{ NativeMessagingBlocklist: [nativeHostName], NativeMessagingAllowlist: [nativeHostName] }, false],
    // A wildcard means nothing on the allowlist.
    [{ NativeMessagingBlocklist: ['*'], NativeMessagingAllowlist: ['*'] }, true],
    [{ NativeMessagingAllowlist: ['com.example.other'] }, false],
    [{ NativeMessagingBlocklist: '*' }, false],
  ];
  for (const [policy, expected] of blocked) {
    it(`${expected ? 'stops' : 'lets'} the host ${expected ? '' : 'start '}by ${JSON.stringify(policy)}`, () => {
      assert.equal(isHostBlocked(policyOf(JSON.stringify(policy)).policy), expected);
    });
  }

  const own = (setting: object) => ({ ExtensionSettings: { [extensionId]: setting } });
  const obstacles: [policy: object, obstacle: string | undefined][] = [
    [{}, undefined],
    [{ ExtensionInstallBlocklist: ['*'] }, 'ExtensionInstallBlocklist'],
    [{ ExtensionInstallBlocklist: [extensionId] }, 'ExtensionInstallBlocklist'],
    [{ ExtensionInstallBlocklist: ['*'], ExtensionInstallAllowlist: [extensionId] }, undefined],
    [{ ExtensionInstallBlocklist: ['*'], ExtensionInstallForcelist: [`${extensionId};https://x/u.xml`] }, undefined],
    [{ ExtensionInstallBlocklist: ['*'], ExtensionInstallForcelist: ['other;https://x'] }, 'ExtensionInstallBlocklist'],
    [{ ExtensionSettings: { '*': { installation_mode: 'blocked' } } }, 'ExtensionSettings (installation_mode)'],
    [own({ installation_mode: 'removed' }), 'ExtensionSettings (installation_mode)'],
    [{ ExtensionInstallBlocklist: ['*'], ...own({ installation_mode: 'force_installed' }) }, undefined],
    [
      { ExtensionSettings: { '*': { blocked_permissions: ['nativeMessaging'] } } },
      'ExtensionSettings (blocked_permissions)',
    ],
    [
      own({ installation_mode: 'allowed', blocked_permissions: ['nativeMessaging'] }),
      'ExtensionSettings (blocked_permissions)',
    ],
    [own({ installation_mode: 'allowed', blocked_permissions: ['usb'] }), undefined],
  ];
  for (const [policy, obstacle] of obstacles) {
    it(`names ${obstacle ?? 'nothing'} as the obstacle in ${JSON.stringify(policy).replaceAll(extensionId, 'ours')}`, () => {
      assert.equal(extensionObstacle(policyOf(JSON.stringify(policy)).policy), obstacle);
    });
  }

  it('is merged from its files, the last one wins, comments and trailing commas are read', () => {
    const { policy, unreadable } = policyOf(
      '{"NativeMessagingBlocklist":["*"],"NativeMessagingUserLevelHosts":false}',
      '{ /* for Kortbro */ "NativeMessagingBlocklist": [], }',
    );
    assert.deepEqual([isHostBlocked(policy), policy.NativeMessagingUserLevelHosts, unreadable], [false, false, []]);
  });

  it('passes over files that are broken or cannot be read, and names them', () => {
    const files = [
      { path: '/a', text: '{' },
      { path: '/b', text: undefined },
      { path: '/c', text: '"x"' },
      { path: '/d', text: '{"NativeMessagingBlocklist":["*"]}' },
    ];
    const { policy, unreadable } = managedPolicy(files);
    assert.deepEqual([isHostBlocked(policy), unreadable], [true, ['/a', '/b', '/c']]);
  });
});

describe("The extension in a profile's preferences", () => {
  const preferences = (entry: unknown) => JSON.stringify({ extensions: { settings: { [extensionId]: entry } } });
  const cases: [text: string, expected: string | undefined][] = [
    [preferences({ state: 1 }), 'installed'],
    [preferences({}), 'installed'],
    [preferences({ disable_reasons: [] }), 'installed'],
    [preferences({ disable_reasons: 0 }), 'installed'],
    [preferences({ state: 0 }), 'disabled'],
    [preferences({ disable_reasons: 1 }), 'disabled'],
    [preferences({ disable_reasons: [1] }), 'disabled'],
    [preferences(null), undefined],
    [JSON.stringify({ extensions: { settings: { other: { state: 1 } } } }), undefined],
    [JSON.stringify({ extensions: {} }), undefined],
    ['{"extensions":', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`is ${expected ?? 'not seen'} by ${text.replace(extensionId, 'ours') || 'an empty file'}`, () => {
      assert.equal(extensionInPreferences(text), expected);
    });
  }
});

describe('The stops of drivers in the audit log', () => {
  const stop = (module: string, code = 'ERR_AGENT_DRIVER_CRASHED') =>
    JSON.stringify({ time: 't', event: 'module-host-stopped', module, code });
  const start = JSON.stringify({ time: 't', event: 'agent-started', version: '0.1.0', policy: 'file' });

  it('are counted for each driver since the agent started, with the last code', () => {
    const lines = [
      stop('/old.so'),
      start,
      stop('/a.so'),
      'cut off',
      stop('/b.so'),
      stop('/a.so', 'ERR_AGENT_DRIVER_HUNG'),
    ];
    assert.deepEqual(driverStops(lines.join('\n')), [
      { module: '/a.so', code: 'ERR_AGENT_DRIVER_HUNG', times: 2 },
      { module: '/b.so', code: 'ERR_AGENT_DRIVER_CRASHED', times: 1 },
    ]);
  });

  it('are none in an empty log, and in one of other events and broken lines', () => {
    assert.deepEqual(driverStops(''), []);
    assert.deepEqual(driverStops(`{"event":"service"}\n{"event":"module-host-stopped","module":1}\n{`), []);
    assert.deepEqual(driverStops(stop('/a.so', 'NO_SUCH_CODE')), []);
  });
});

describe('A remote session', () => {
  const cases: [environment: Record<string, string>, kind: string | undefined][] = [
    [{}, undefined],
    [{ DISPLAY: ':0' }, undefined],
    [{ SSH_CONNECTION: '' }, undefined],
    [{ SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, 'SSH'],
    [{ XRDP_SESSION: '1' }, 'xrdp'],
    [{ CITRIX_SESSION_ID: '3', SSH_CONNECTION: 'x' }, 'Citrix'],
    [{ ViewClient_Machine_Name: 'thin-1' }, 'Horizon'],
    [{ X2GO_SESSION: 'x' }, 'X2Go'],
  ];
  for (const [environment, kind] of cases) {
    it(`is ${kind ?? 'none'} by ${JSON.stringify(environment)}`, () => assert.equal(remoteSession(environment), kind));
  }
});

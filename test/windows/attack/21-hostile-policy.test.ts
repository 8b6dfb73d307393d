// 21: group policy and policy files that cannot be what an administrator meant, or that no administrator has written: each refuses
// everything, with its reason in the log, until it is mended; what a user may write is not read at all.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { until } from '../../../demo/demo-agent.ts';
import { type HostClient } from '../../support/host-client.ts';
import { attackDesk, type AttackDesk, codeOf, describeAtDesk, hostile, journal, newNonce } from './attack-desk.ts';

const key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro';
const installation = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Kortbro';
const userKey = 'HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Kortbro';

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const value = (name: string, text: string): string => `[${key}]\n${quoted(name)}=${text}`;
const below = (name: string, line: string): string => `[${key}\\${name}]\n${line}`;
const listed = (list: string, entry: object | string): string =>
  below(list, `"1"=${quoted(typeof entry === 'string' ? entry : JSON.stringify(entry))}`);
const module = (path: string): string => listed('tokens', { type: 'pkcs11', module: path });

describeAtDesk('21 hostile policy on Windows', function () {
  this.timeout(60_000);
  let desk: AttackDesk;
  let host: HostClient;

  before(async () => {
    desk = await attackDesk();
    await desk.setRegistry(`[${key}]`);
    host = await desk.host().ready();
  });
  after(async () => {
    await host.end();
    await desk.setRegistry(`[-${key}]`);
    await desk.endAll();
    await desk.honest();
  });
  afterEach(async () => {
    await mend();
    // A site that may not be asked for is refused for itself, once there is a policy.
    const mended = async () => (await code('http://plain.example')) === 'ERR_REQUEST_ORIGIN';
    await until(mended, 10_000, 'the policy is not taken again');
    const state = await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
    assert.ok('result' in state, 'the honest request is refused');
  });

  /** As it was. The policy's key itself stays, as under Group Policy with one setting left. */
  function mend(): Promise<void> {
    const keys = ['pin', 'sites', 'tokens', 'secrets', '__proto__', 'constructor', 'otherSites', 'a'];
    return desk.setRegistry(
      [
        `[${key}]\n"otherSites"=-\n"allowLocalhost"=-\n"__proto__"=-\n@=-`,
        ...keys.map((name) => `[-${key}\\${name}]`),
        `[-${userKey}]`,
        '[-HKEY_CURRENT_USER\\SOFTWARE\\Kortbro]',
        `[${installation}]\n"PolicyFile"=${quoted(desk.policyPath)}`,
      ].join('\n\n'),
    );
  }

  const code = async (origin: string): Promise<string | undefined> =>
    codeOf(await host.authenticate(origin, newNonce()).answer);

  const refusals = (): Record<string, unknown>[] => desk.audit().filter(({ event }) => event === 'policy-refused');

  /** Fails unless after `spoil` every request is refused, and the log says why. */
  async function refused(spoil: () => Promise<void>, reason: RegExp): Promise<void> {
    await desk.withoutKeyUse(async () => {
      const before = refusals().length;
      await spoil();
      // What is read while it is still being written may be refused for another reason.
      const reasons = () =>
        refusals()
          .slice(before)
          .map((line) => String(line['reason']));
      const isTold = () => reasons().some((told) => reason.test(told));
      await until(isTold, 10_000, `${String(reason)} is not in the log`);
      assert.equal(await code(journal), 'ERR_POLICY_INVALID');
      assert.equal(await code('https://unknown.example'), 'ERR_POLICY_INVALID');
    });
  }

  describe('a value that', () => {
    const hostileValues: readonly (readonly [string, string, RegExp])[] = [
      ['is a number where a text should be', value('otherSites', 'dword:00000001'), /^must be REG_SZ$/],
      ['is a text where a number should be', below('pin', '"idleMinutes"="5"'), /^must be REG_DWORD$/],
      [
        'is to be expanded by the environment',
        value('otherSites', 'hex(2):61,00,73,00,6b,00,00,00'),
        /^must be REG_SZ$/,
      ],
      ['is a number of 64 bits', below('pin', '"idleMinutes"=hex(b):05,00,00,00,00,00,00,00'), /^must be REG_DWORD$/],
      ['is a number of two bytes', below('pin', '"idleMinutes"=hex(4):05,00'), /^must be REG_DWORD$/],
      ['is half a character', value('otherSites', 'hex(1):61,00,00,d8,00,00'), /^not UTF-16 text$/],
      ['ends before its end', value('otherSites', 'hex(1):61,00,73,00,6b,00,00,00,78,00,00,00'), /^has a zero within$/],
      ['is a mebibyte and more', value('otherSites', `"${'A'.repeat(600_000)}"`), /^cannot be read \(E2BIG\)$/],
      ['nobody knows', below('pin', '"remember"=dword:00000001'), /^unknown value$/],
      ['has no name', `[${key}]\n@="ask"`, /^unknown value$/],
      ['is called __proto__', value('__proto__', '"ask"'), /^unknown value$/],
      ['is true and more', value('allowLocalhost', 'dword:00000002'), /^must be 0 or 1$/],
      ['is silent for everybody', value('otherSites', '"silent"'), /silent|ask/],
      ['lets a PIN live for ever', below('pin', '"absoluteMinutes"=dword:ffffffff'), /./],
      ['lets every site in', listed('sites', { origin: 'https://*.example', access: 'silent' }), /origin/],
      [
        'has __proto__ in its JSON',
        listed('sites', '{"origin":"https://a.example","__proto__":{"access":"silent"}}'),
        /^not JSON/,
      ],
      ['nests in its JSON', listed('sites', `{"origin":${'['.repeat(50)}${']'.repeat(50)}}`), /^not JSON/],
      ['names a simulator', listed('tokens', { type: 'simulator', directory: 'relative' }), /directory/],
    ];
    for (const [what, text, reason] of hostileValues) {
      it(`${what}: everything is refused`, async () => {
        await refused(() => desk.setRegistry(text), reason);
      });
    }
  });

  describe('a key that', () => {
    const hostileKeys: readonly (readonly [string, string, RegExp])[] = [
      ['nobody knows', below('secrets', '"a"="b"'), /^unknown key$/],
      ['is called __proto__', below('__proto__', '"otherSites"="ask"'), /^unknown key$/],
      ['is called constructor\\prototype', below('constructor\\prototype', '"otherSites"="ask"'), /^unknown key$/],
      ['is a value', below('otherSites', '"1"="ask"'), /^must be a value, not a key$/],
      ['goes deeper than any', below('a\\b\\c\\d\\e\\f', '"x"="y"'), /^cannot be read \(E2BIG\)$/],
      [
        'has more values than any',
        `[${key}\\sites]\n${Array.from({ length: 1100 }, (_, i) => `"${i + 1}"="x"`).join('\n')}`,
        /^cannot be read \(E2BIG\)$/,
      ],
    ];
    for (const [what, text, reason] of hostileKeys) {
      it(`${what}: everything is refused`, async () => {
        await refused(() => desk.setRegistry(text), reason);
      });
    }
  });

  const paths: readonly (readonly [string, string])[] = [
    ['relative', 'opensc-pkcs11.dll'],
    ['relative to a drive', 'C:opensc-pkcs11.dll'],
    ['on another machine', '\\\\evil.example\\share\\opensc-pkcs11.dll'],
    ['a device', '\\\\.\\C:\\Hostile\\planted.dll'],
    ['beyond the checks of Windows', '\\\\?\\C:\\Hostile\\planted.dll'],
    ['a stream of a file', 'C:\\Windows\\win.ini:planted.dll'],
    ['past ..', 'C:\\Windows\\..\\Hostile\\planted.dll'],
  ];

  it(`a module whose path is ${paths.map(([what]) => what).join(', ')}: everything is refused`, async () => {
    for (const [, path] of paths) {
      await refused(() => desk.setRegistry(module(path)), /module/);
      await mend();
    }
  });

  describe('a policy file that is', () => {
    const spoilt = (path: string): Promise<void> => desk.setRegistry(`[${installation}]\n"PolicyFile"=${quoted(path)}`);
    for (const [what, path] of [
      ...paths.filter(([what]) => what !== 'past ..'),
      ['not there', 'C:\\Deployed\\none.json'] as const,
    ])
      it(`${what}: everything is refused`, async () => {
        await refused(() => spoilt(path), /not-absolute|missing/);
      });

    it("where everybody may write, or everybody's: everything is refused", async () => {
      mkdirSync(desk.disk(hostile), { recursive: true });
      chmodSync(desk.disk(hostile), 0o777);
      copyFileSync(desk.disk(desk.policyPath), desk.disk(`${hostile}\\policy.json`));
      await refused(() => spoilt(`${hostile}\\policy.json`), /writable-by-others: C:\\Hostile\)$/);
      const open = 'C:\\Deployed\\open.json';
      copyFileSync(desk.disk(desk.policyPath), desk.disk(open));
      chmodSync(desk.disk(open), 0o666);
      await refused(() => spoilt(open), /writable-by-others: C:\\Deployed\\open\.json\)$/);
      rmSync(desk.disk(open));
    });

    it('a folder, or no policy: everything is refused', async () => {
      await refused(() => spoilt('C:\\Deployed'), /no file of text/);
      const honest = readFileSync(desk.disk(desk.policyPath));
      try {
        await spoilt(desk.policyPath);
        await refused(() => {
          writeFileSync(desk.disk(desk.policyPath), '{ "__proto__": {} }');
          return Promise.resolve();
        }, /__proto__/);
      } finally {
        writeFileSync(desk.disk(desk.policyPath), honest);
      }
    });
  });

  it("what stands in the part of the registry that is a user's own loosens nothing", async () => {
    const stranger = 'https://unknown.example';
    const localhost = value('allowLocalhost', 'dword:00000001');
    await desk.setRegistry([localhost, value('otherSites', '"refuse"')].join('\n\n'));
    const taken = async () => (await code('http://localhost')) === 'ERR_POLICY_ORIGIN';
    await until(taken, 10_000, 'the policy is not taken');
    const before = refusals().length;
    const site = JSON.stringify({ origin: stranger, access: 'silent' });
    await desk.withoutKeyUse(async () => {
      await desk.setRegistry(
        [
          `[${userKey}]\n"otherSites"="ask"\n"allowLocalhost"=dword:00000001`,
          `[${userKey}\\sites]\n"1"=${quoted(site)}`,
          `[HKEY_CURRENT_USER\\SOFTWARE\\Kortbro]\n"PolicyFile"=${quoted(`${hostile}\\policy.json`)}`,
          // Whatever makes the agent read again what it reads.
          value('allowLocalhost', 'dword:00000000'),
          value('otherSites', '"refuse"'),
        ].join('\n\n'),
      );
      await desk.endAll();
      host = await desk.host().ready();
      assert.equal(await code(stranger), 'ERR_POLICY_ORIGIN');
      assert.equal(await code('http://localhost'), 'ERR_REQUEST_ORIGIN');
    });
    assert.equal(refusals().length, before);
    assert.equal(desk.audit().findLast(({ event }) => event === 'agent-started')?.['policy'], 'registry');
  });
});

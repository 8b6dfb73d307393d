// 21: settings that cannot be read, that want more than they may, or that come from somewhere else than the machine's policy:
// refused with the line and the reason in the log, loosening nothing, and mended by mending the file. Environments likewise.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { until } from '../../demo/demo-agent.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import {
  honestLogin,
  impose,
  journal,
  newNonce,
  prescriptions,
  sites,
  startTarget,
  type Target,
  withoutKeyUse,
} from './target.ts';

describe('21 hostile configuration', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    target = await startTarget();
    host = await target.agent.host();
    await honestLogin(target, host);
  });
  after(async () => target.agent.stop());

  const login = async (origin: string = journal): Promise<string | undefined> =>
    codeOf(await host.authenticate(origin, newNonce()).answer);

  /** Writes what is no policy, and waits for the line about it in the log. */
  async function spoil(policy: string | Uint8Array): Promise<Record<string, unknown> | undefined> {
    const refusals = () => target.agent.audit().filter(({ event }) => event === 'policy-refused');
    const before = refusals().length;
    target.agent.writePolicy(policy);
    await until(() => refusals().length > before, 5_000, 'the refusal is not in the log');
    return refusals().at(-1);
  }

  const hostile: readonly (readonly [string, string | Uint8Array, number, RegExp])[] = [
    ['no JSON', '{\n  "sites": [\n', 3, /not JSON/],
    ['an empty file', '', 1, /empty|not JSON/],
    ['a comment', '{\n  // allow everything\n  "otherSites": "ask"\n}', 2, /not JSON/],
    ['a comma too many', '{\n  "otherSites": "ask",\n}', 3, /not JSON/],
    ['a key twice', '{\n  "otherSites": "refuse",\n  "otherSites": "ask"\n}', 3, /twice/],
    ['__proto__', '{\n  "__proto__": { "otherSites": "ask" }\n}', 2, /./],
    [
      'an unknown key',
      '{\n  "pin": {\n    "program": "/usr/bin/pinentry",\n    "remember": true\n  }\n}',
      4,
      /remember/,
    ],
    ['silent for everybody', '{\n  "otherSites": "silent"\n}', 2, /otherSites/],
    [
      'an origin with a path',
      '{\n  "sites": [\n    { "origin": "https://a.example/", "access": "silent" }\n  ]\n}',
      3,
      /sites\.0\.origin/,
    ],
    [
      'a wildcard',
      '{\n  "sites": [\n    { "origin": "https://*.example", "access": "silent" }\n  ]\n}',
      3,
      /sites\.0\.origin/,
    ],
    [
      'plain http',
      '{\n  "sites": [\n    { "origin": "http://a.example", "access": "silent" }\n  ]\n}',
      3,
      /sites\.0\.origin/,
    ],
    [
      'an extension as a site',
      '{\n  "sites": [\n    { "origin": "chrome-extension://abc" }\n  ]\n}',
      3,
      /sites\.0\.origin/,
    ],
    [
      'a relative module',
      '{\n  "tokens": [\n    { "type": "pkcs11", "module": "opensc-pkcs11.so" }\n  ]\n}',
      3,
      /module/,
    ],
    [
      'a module past ..',
      '{\n  "tokens": [\n    { "type": "pkcs11", "module": "/usr/lib/../../tmp/x.so" }\n  ]\n}',
      3,
      /module/,
    ],
    [
      'a module on another machine',
      '{\n  "tokens": [\n    { "type": "pkcs11", "module": "\\\\\\\\host\\\\share\\\\x.dll" }\n  ]\n}',
      3,
      /module/,
    ],
    ['a relative dialog program', '{\n  "pin": { "program": "pinentry" }\n}', 2, /program/],
    ['a dialog that waits for ever', '{\n  "pin": { "dialogSeconds": 1e9 }\n}', 2, /dialogSeconds/],
    ['PIN-SSO for a year', '{\n  "pin": { "absoluteMinutes": 525600 }\n}', 2, /absoluteMinutes/],
    ['a number that is a text', '{\n  "pin": { "idleMinutes": "5" }\n}', 2, /idleMinutes/],
    [
      'an assurance level of 9',
      '{\n  "sites": [\n    { "origin": "https://a.example", "minimumAssuranceLevel": 9 }\n  ]\n}',
      3,
      /minimumAssuranceLevel/,
    ],
    ['a list', '[]', 1, /./],
    ['nesting', `{"sites":${'['.repeat(50)}${']'.repeat(50)}}`, 1, /./],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 1, /UTF-8/],
    ['more than 64 KB', `{"sites":[]${' '.repeat(70_000)}}`, 1, /larger/],
  ];

  for (const [what, text, line, reason] of hostile) {
    it(`${what}: ERR_POLICY_INVALID for every request, also within PIN-SSO; the log names line ${line} and the reason`, async () => {
      await withoutKeyUse(target, async () => {
        const logged = await spoil(text);
        assert.equal(logged?.['line'], line);
        assert.match(String(logged['reason']), reason);
        assert.equal(await login(), 'ERR_POLICY_INVALID');
        assert.equal(await login('https://unknown.example'), 'ERR_POLICY_INVALID');
        assert.equal(target.agent.pinentry.unawaited().length, 0);
      });
      await impose(target, host, { sites });
      await honestLogin(target, host);
    });
  }

  it('a named pipe or a directory in the place of the file: refused at once, and the agent goes on', async () => {
    const { policyPath } = target.agent;
    for (const make of [() => execFileSync('mkfifo', [`${policyPath}.new`]), () => mkdirSync(`${policyPath}.new`)]) {
      const refusals = target.agent.audit().length;
      rmSync(policyPath);
      make();
      renameSync(`${policyPath}.new`, policyPath);
      const noted = () =>
        target.agent
          .audit()
          .slice(refusals)
          .some(({ reason }) => /^no file/.test(String(reason)));
      await until(noted, 5_000, 'the refusal is not in the log');
      await withoutKeyUse(target, async () => {
        assert.equal(await login(), 'ERR_POLICY_INVALID');
      });
      rmSync(policyPath, { recursive: true });
      await impose(target, host, { sites });
      await honestLogin(target, host);
    }
  });

  it('a site that policy stops letting in is out at once, within PIN-SSO too', async () => {
    await impose(target, host, {
      sites: [
        { origin: journal, access: 'refuse' },
        { origin: prescriptions, access: 'silent' },
      ],
    });
    await withoutKeyUse(target, async () => {
      assert.equal(await login(), 'ERR_POLICY_ORIGIN');
    });
    assert.equal(await login(prescriptions), undefined);
    await impose(target, host, { sites, otherSites: 'refuse' });
    await withoutKeyUse(target, async () => {
      assert.equal(await login('https://unlisted.example'), 'ERR_POLICY_ORIGIN');
    });
    await impose(target, host, { sites });
    await honestLogin(target, host);
  });
});

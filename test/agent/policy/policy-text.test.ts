// The text of a policy: what is broken is refused with its line and the reason.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePolicy } from '../../../agent/policy/policy-file.ts';
import { defaultPolicy } from '../../../shared/policy.ts';
import { full, refusal } from './policy-samples.ts';

describe('The text of a policy', () => {
  it('is read, with the defaults filled in', () => {
    const outcome = parsePolicy(JSON.stringify(full, undefined, 2), 'p');
    assert.ok(outcome.ok);
    assert.equal(outcome.source, 'file');
    assert.equal(outcome.policy.otherSites, 'refuse');
    assert.deepEqual(outcome.policy.sites[1], {
      origin: 'https://recept.example.se:8443',
      access: 'ask',
      identity: 'hsa-id',
      issuers: [],
      logout: { keep: false },
      signing: { documents: 1, hash: false, authenticationKey: false, sha1: false },
    });
    const empty = parsePolicy('{}', 'p');
    assert.ok(empty.ok);
    assert.deepEqual(empty.policy, defaultPolicy);
  });

  it('names modules as Windows does, too', () => {
    const module = 'C:\\Program Files\\OpenSC Project\\OpenSC\\pkcs11\\opensc-pkcs11.dll';
    assert.ok(parsePolicy(JSON.stringify({ tokens: [{ type: 'pkcs11', module }] }), 'p').ok);
  });

  const broken: [string, string, RegExp][] = [
    ['nothing', '', /^1: not JSON|^1: empty/],
    ['only space', '\n\n  \n', /^\d: (not JSON|empty)/],
    ['a bracket that is missing', '{\n  "sites": [\n', /^3: not JSON/],
    ['a comma that is missing', '{\n"otherSites": "ask"\n"sites": []\n}', /^3: not JSON/],
    ['a comma too many', '{\n"otherSites": "ask",\n}', /^3: not JSON/],
    ['a comment', '{\n\n// x\n}', /^3: not JSON/],
    ['single quotes', "{\n'otherSites': 'ask'}", /^2: not JSON/],
    ['two values', '{}\n{}', /^2: not JSON/],
    ['an unknown key', '{\n\n"tokken": []\n}', /^3: .*tokken/],
    ['an unknown key further in', '{\n"pin": {\n"idleMinutes": 5,\n"remember": true\n}\n}', /^4: pin: .*remember/],
    ['a wrong type', '{\n"sites": {}\n}', /^2: sites: /],
    ['a wrong type further in', '{\n"pin": {\n\n"idleMinutes": "5"\n}\n}', /^4: pin\.idleMinutes: /],
    ['a value out of bounds', '{\n"pin": {\n"idleMinutes": 0\n}\n}', /^3: pin\.idleMinutes: /],
    ['a fraction', '{\n"pin": { "idleMinutes": 1.5 }\n}', /^2: pin\.idleMinutes: /],
    [
      'a word that is not in the list',
      '{\n"sites": [\n{ "origin": "https://a.se", "access": "always" }\n]\n}',
      /^3: sites\.0\.access: /,
    ],
    ['everybody silent', '{\n"otherSites": "silent"\n}', /^2: otherSites: /],
    ['an origin with a slash', '{\n"sites": [\n{},\n{ "origin": "https://a.se/" }]}', /^[34]: sites\.[01]\.origin: /],
    ['a required field that is missing', '{\n"sites": [\n{ "access": "silent" }\n]\n}', /^3: sites\.0/],
    ['a relative module', '{\n"tokens": [\n{ "type": "pkcs11",\n"module": "x.so" }]}', /^4: tokens\.0\.module: /],
    ...[
      '\\\\server\\share\\x.dll',
      'C:x.dll',
      'C:\\a\\..\\x.dll',
      'C:\\a\\.',
      'C:/a/x.dll',
      'C:\\x.dll:stream',
      '\\\\?\\C:\\x.dll',
    ].map((module): [string, string, RegExp] => [
      `a module at ${module}`,
      `{"tokens": [{ "type": "pkcs11",\n"module": ${JSON.stringify(module)} }]}`,
      /^2: tokens\.0\.module: /,
    ]),
    ['a module above', '{"tokens": [{ "type": "pkcs11",\n"module": "/usr/../tmp/x.so" }]}', /^2: tokens\.0\.module: /],
    ['a key that stands twice', '{\n"otherSites": "refuse",\n"otherSites": "ask"\n}', /^3: a key stands twice/],
    [
      'a key that stands twice in other letters',
      '{\n"otherSites": "refuse",\n"\\u006ftherSites": "ask"\n}',
      /^3: a key stands twice/,
    ],
    [
      'a key that stands twice further in',
      '{\n"pin": {\n"idleMinutes": 5,\n"idleMinutes": 6}}',
      /^4: a key stands twice/,
    ],
    ['__proto__', '{\n"__proto__": { "otherSites": "ask" }\n}', /^2: /],
    ['a lone surrogate', '{\n"$schema": "\\ud800"\n}', /^\d: not strict JSON/],
    ['levels without end', `{"sites":\n${'['.repeat(60_000)}`, /^2: nests deeper/],
    ['levels without end, and an end', `{"sites":\n${'['.repeat(30_000)}${']'.repeat(30_000)}}`, /^2: nests deeper/],
    ['a list', '[]', /^1: policy: /],
    ['null', 'null', /^1: policy: /],
    ['a text', '"ask"', /^1: policy: /],
  ];
  for (const [name, text, expected] of broken) {
    it(`is refused with line and reason: ${name}`, () => assert.match(refusal(parsePolicy(text, 'p')), expected));
  }

  it('may hold brackets in its texts', () => {
    assert.equal(refusal(parsePolicy('{ "$schema": "[[[[[[[[{{{{\\"[" }', 'p')), 'accepted');
  });

  it('whatever it is, is read or refused', () => {
    const text = JSON.stringify(full, undefined, 1);
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.nat(20),
        fc.string({
          unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '1', 'a', '\n', '\ud800'),
          maxLength: 8,
        }),
        (at, length, inserted) => {
          const outcome = parsePolicy(text.slice(0, at) + inserted + text.slice(at + length), 'p');
          assert.ok(
            outcome.ok || (outcome.line >= 1 && outcome.line <= text.split('\n').length + 8 && outcome.reason !== ''),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

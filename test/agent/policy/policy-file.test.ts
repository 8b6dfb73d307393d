// The policy file: what is missing means the defaults, what is broken is refused with its line and the reason, and nothing
// that can stand in its place brings the agent down.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadPolicy, parsePolicy, watchPolicyFile, type PolicyOutcome } from '../../../agent/policy/policy-file.ts';
import { limits } from '../../../shared/limits.ts';
import { defaultPolicy } from '../../../shared/policy.ts';
import { waitUntil, within } from '../../native-host/within.ts';

const isRoot = process.getuid?.() === 0;
const refusal = (outcome: PolicyOutcome): string => (outcome.ok ? 'accepted' : `${outcome.line}: ${outcome.reason}`);
const full = {
  $schema: './policy.schema.json',
  tokens: [{ type: 'pkcs11', module: '/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so' }],
  pin: { program: '/usr/bin/pinentry-gtk-2', dialogSeconds: 60, idleMinutes: 30, absoluteMinutes: 480 },
  card: { operationSeconds: 30 },
  sites: [
    {
      origin: 'https://journal.example.se',
      access: 'silent',
      identity: 'any',
      issuers: ['CA'],
      minimumAssuranceLevel: 3,
    },
    { origin: 'https://recept.example.se:8443' },
  ],
  otherSites: 'refuse',
  assuranceLevels: [{ policyOid: '2.999.1', issuer: 'CA', level: 3 }],
  allowLocalhost: true,
};

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
    });
    const empty = parsePolicy('{}', 'p');
    assert.ok(empty.ok);
    assert.deepEqual(empty.policy, defaultPolicy);
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

describe('The policy file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-policy-'));
    path = join(directory, 'policy.json');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('that is missing means the defaults', () => {
    assert.deepEqual(loadPolicy(path), { ok: true, policy: defaultPolicy, source: 'defaults' });
    assert.deepEqual(loadPolicy(join(directory, 'no', 'such', 'policy.json')).ok, true);
  });

  it('is read', () => {
    writeFileSync(path, JSON.stringify(full));
    const outcome = loadPolicy(path);
    assert.ok(outcome.ok && outcome.source === 'file');
    assert.equal(outcome.policy.pin.dialogSeconds, 60);
  });

  const places: [string, () => void, RegExp][] = [
    ['is a directory', () => mkdirSync(path), /^1: no file/],
    ['is a named pipe', () => execFileSync('mkfifo', [path]), /^1: no file/],
    ['is a device', () => symlinkSync('/dev/zero', path), /^1: no file/],
    ['is a link that leads nowhere', () => symlinkSync(join(directory, 'gone'), path), /^1: cannot be read \(ENOENT\)/],
    ['is a link to itself', () => symlinkSync(path, path), /^1: cannot be read \(ELOOP\)/],
    [
      'lies below a file',
      () => {
        writeFileSync(join(directory, 'file'), '');
        path = join(directory, 'file', 'policy.json');
      },
      /^1: cannot be read \(ENOTDIR\)/,
    ],
    ['is too large', () => writeFileSync(path, `{}${' '.repeat(limits.policySize)}`), /^1: larger than/],
    ['is not UTF-8', () => writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d])), /^1: not UTF-8/],
    ['is Latin-1', () => writeFileSync(path, Buffer.from('{"sites": [], "å": 1}', 'latin1')), /^1: not UTF-8/],
    ['is UTF-16', () => writeFileSync(path, Buffer.from('\ufeff{}', 'utf16le')), /^1: not UTF-8/],
    ['is empty', () => writeFileSync(path, ''), /^1: /],
  ];
  for (const [name, make, expected] of places) {
    it(`that ${name} is refused`, () => {
      make();
      assert.match(refusal(loadPolicy(path)), expected);
    });
  }

  it('of the largest size is read', () => {
    writeFileSync(path, `{}${' '.repeat(limits.policySize - 2)}`);
    assert.equal(loadPolicy(path).ok, true);
  });

  it('that may not be read is refused', () => {
    writeFileSync(path, '{}', { mode: 0o000 });
    if (isRoot) process.seteuid?.(65534);
    try {
      assert.match(refusal(loadPolicy(path)), /^1: cannot be read \(EACCES\)/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('must belong to the user whose it should be, and be writable by nobody else', function () {
    if (!isRoot) this.skip();
    writeFileSync(path, '{}', { mode: 0o644 });
    assert.equal(loadPolicy(path, 0).ok, true);
    for (const mode of [0o664, 0o646, 0o666]) {
      chmodSync(path, mode);
      assert.match(refusal(loadPolicy(path, 0)), /^1: must belong to root/);
    }
    chmodSync(path, 0o644);
    chownSync(path, 65534, 65534);
    assert.match(refusal(loadPolicy(path, 0)), /^1: must belong to root/);
    assert.equal(loadPolicy(path).ok, true);
  });
});

describe('The watch over the policy file', () => {
  let directory: string;
  let path: string;
  let seen: number;
  let watch: { stop: () => void } | undefined;
  const begin = () => {
    watch = watchPolicyFile(path, () => seen++);
  };
  const noticed = async (change: () => void) => {
    const before = seen;
    change();
    await within(
      2_000,
      waitUntil(() => seen > before, 'a notice', 2_000),
      'a notice',
    );
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-policy-'));
    path = join(directory, 'kortbro', 'policy.json');
    seen = 0;
  });
  afterEach(() => {
    watch?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('sees it come, change, be replaced, and go', async () => {
    mkdirSync(join(directory, 'kortbro'));
    begin();
    await noticed(() => writeFileSync(path, '{}'));
    await noticed(() => writeFileSync(path, '{ }'));
    await noticed(() => {
      writeFileSync(`${path}.new`, '{}');
      renameSync(`${path}.new`, path);
    });
    await noticed(() => rmSync(path));
  });

  it('says nothing of other files', async () => {
    mkdirSync(join(directory, 'kortbro'));
    begin();
    writeFileSync(join(directory, 'kortbro', 'other.json'), '{}');
    writeFileSync(join(directory, 'policy.json'), '{}');
    await noticed(() => writeFileSync(path, '{}'));
    assert.ok(seen <= 2, String(seen));
  });

  it('sees it come where not even its directory was', async () => {
    path = join(directory, 'etc', 'kortbro', 'policy.json');
    begin();
    await noticed(() => mkdirSync(join(directory, 'etc', 'kortbro'), { recursive: true }));
    await noticed(() => writeFileSync(path, '{}'));
    await noticed(() => writeFileSync(path, '{ }'));
  });

  it('sees it again when its directory was replaced', async () => {
    mkdirSync(join(directory, 'kortbro'));
    writeFileSync(path, '{}');
    begin();
    await noticed(() => rmSync(join(directory, 'kortbro'), { recursive: true }));
    await noticed(() => mkdirSync(join(directory, 'kortbro')));
    await noticed(() => writeFileSync(path, '{}'));
  });

  it('says nothing when it has been stopped', async () => {
    mkdirSync(join(directory, 'kortbro'));
    begin();
    watch?.stop();
    let others = 0;
    const other = watchPolicyFile(path, () => others++);
    writeFileSync(path, '{}');
    await waitUntil(() => others > 0, 'the other one');
    other.stop();
    assert.equal(seen, 0);
  });
});

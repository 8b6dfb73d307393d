// The policy file: missing means the defaults, and nothing that can stand in its place brings the agent down.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy } from '../../../agent/policy/policy-file.ts';
import { limits } from '../../../shared/limits.ts';
import { defaultPolicy } from '../../../shared/policy.ts';
import { full, refusal } from './policy-samples.ts';

const isRoot = process.getuid?.() === 0;

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

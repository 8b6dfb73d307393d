// Whose file it is, beyond root's: the owners that are trusted, and directories that everybody shares. The rest of the walk is
// tested with the modules (module-path.test.ts).
import assert from 'node:assert/strict';
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootAlone, unixFileProblem, type UnixTrust } from '../../../agent/tokens/unix-file.ts';

const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;
const asRoot = isRoot ? '' : ' (not run: only root can make files of others)';
const stranger = 12345;

describe('A file that sees the PIN', () => {
  const mine: UnixTrust = { owners: [0, process.getuid?.() ?? 0], sharedDirectories: true };
  let directory: string;
  let program: string;
  beforeEach(() => {
    directory = mkdtempSync('/tmp/kortbro-trust-');
    program = join(directory, 'program');
    writeFileSync(program, '', { mode: 0o700 });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('may be a trusted owner\u2019s own, below a directory that everybody shares', () => {
    assert.equal(unixFileProblem(program, mine), undefined);
  });

  it('is refused there where no directory is to be shared', () => {
    assert.deepEqual(unixFileProblem(program, { ...mine, sharedDirectories: false }), {
      reason: 'writable-by-others',
      at: '/tmp',
    });
    assert.equal(unixFileProblem(program, rootAlone)?.reason, 'writable-by-others');
  });

  it('is refused when group or others can write to it', () => {
    for (const mode of [0o720, 0o702, 0o1702]) {
      chmodSync(program, mode);
      assert.deepEqual(unixFileProblem(program, mine), { reason: 'writable-by-others', at: program });
    }
  });

  it('is refused when others can write to its directory and change what is not theirs', () => {
    chmodSync(directory, 0o777);
    assert.deepEqual(unixFileProblem(program, mine), { reason: 'writable-by-others', at: directory });
    chmodSync(directory, 0o1777);
    assert.equal(unixFileProblem(program, mine), undefined);
  });

  itAsRoot(`is refused when somebody else owns it, or a directory above it${asRoot}`, () => {
    chownSync(program, stranger, 0);
    assert.deepEqual(unixFileProblem(program, mine), { reason: 'not-owned-by-root', at: program });
    assert.equal(unixFileProblem(program, { ...mine, owners: [0, stranger] }), undefined);
    chownSync(program, 0, 0);
    chownSync(directory, stranger, 0);
    assert.deepEqual(unixFileProblem(program, mine), { reason: 'not-owned-by-root', at: directory });
  });

  itAsRoot(`is not reached through a link that somebody else made${asRoot}`, () => {
    const shared = join(directory, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    const link = join(shared, 'link');
    symlinkSync(program, link);
    assert.equal(unixFileProblem(link, mine), undefined);
    lchownSync(link, stranger, 0);
    assert.deepEqual(unixFileProblem(link, mine), { reason: 'not-owned-by-root', at: link });
  });
});

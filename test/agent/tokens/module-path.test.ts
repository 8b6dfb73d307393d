import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findModules, knownModules, moduleProblem } from '../../../agent/tokens/module-path.ts';

const isRoot = process.getuid?.() === 0;

describe('the path of a PKCS#11 module', () => {
  it('must be absolute', () => {
    assert.equal(moduleProblem('opensc-pkcs11.so')?.reason, 'not-absolute');
    assert.equal(moduleProblem('./opensc-pkcs11.so')?.reason, 'not-absolute');
  });

  it('must lead to a file', () => {
    assert.deepEqual(moduleProblem('/usr/lib/no-such-module.so'), {
      reason: 'missing',
      at: '/usr/lib/no-such-module.so',
    });
    assert.deepEqual(moduleProblem('/usr/lib'), { reason: 'not-a-file', at: '/usr/lib' });
  });

  it('may not lie below a directory that everyone can write to', () => {
    const directory = mkdtempSync('/tmp/kortbro-module-');
    try {
      writeFileSync(join(directory, 'module.so'), '');
      assert.deepEqual(moduleProblem(join(directory, 'module.so')), { reason: 'writable-by-others', at: '/tmp' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('is absolute for every known module', () => {
    assert.deepEqual(
      knownModules.filter((path) => !/^\/usr\/lib/.test(path)),
      [],
    );
  });

  describe('in a directory of root', () => {
    let directory: string;
    let module: string;

    before(function () {
      // Only root can make files that are root's.
      if (!isRoot) this.skip();
    });

    beforeEach(() => {
      directory = mkdtempSync(join(homedir(), '.kortbro-module-'));
      module = join(directory, 'module.so');
      writeFileSync(module, '', { mode: 0o644 });
    });

    afterEach(() => {
      rmSync(directory, { recursive: true, force: true });
    });

    it('is taken', () => {
      assert.equal(moduleProblem(module), undefined);
    });

    it('is refused when group or others can write to the file or to its directory', () => {
      chmodSync(module, 0o664);
      assert.deepEqual(moduleProblem(module), { reason: 'writable-by-others', at: module });
      chmodSync(module, 0o644);
      chmodSync(directory, 0o707);
      assert.deepEqual(moduleProblem(module), { reason: 'writable-by-others', at: directory });
    });

    it('is refused when another user owns the file or a directory above it', () => {
      chownSync(module, 12345, 0);
      assert.deepEqual(moduleProblem(module), { reason: 'not-owned-by-root', at: module });
      chownSync(module, 0, 0);
      chownSync(directory, 12345, 0);
      assert.deepEqual(moduleProblem(module), { reason: 'not-owned-by-root', at: directory });
    });

    it('is followed through links, and refused for any directory on the way', () => {
      const open = join(directory, 'open');
      mkdirSync(open);
      chmodSync(open, 0o777);
      symlinkSync('../module.so', join(open, 'link.so'));
      symlinkSync('open/link.so', join(directory, 'through.so'));
      symlinkSync('module.so', join(directory, 'straight.so'));
      assert.equal(moduleProblem(join(directory, 'straight.so')), undefined);
      assert.deepEqual(moduleProblem(join(directory, 'through.so')), { reason: 'writable-by-others', at: open });
    });

    it('is refused when its links lead in a circle', () => {
      symlinkSync('b.so', join(directory, 'a.so'));
      symlinkSync('a.so', join(directory, 'b.so'));
      assert.equal(moduleProblem(join(directory, 'a.so'))?.reason, 'too-many-links');
    });

    it('is found among candidates, once for each module', () => {
      const other = join(directory, 'other');
      mkdirSync(other, { mode: 0o755 });
      writeFileSync(join(other, 'module.so.10'), '', { mode: 0o644 });
      assert.deepEqual(findModules([join(directory, 'gone.so'), module, join(other, 'module.so.10')]), [module]);
    });
  });
});

// One holder at a time, freed by death.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../../../agent/native/file-lock.ts';
import { face, firstLine, startCode } from './windows-child.ts';

describe('the file lock', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-lock-'));
    path = join(directory, 'lås.lock');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is held once, and can be taken again after release', () => {
    const first = lockFile(path);
    assert.ok(first);
    assert.equal(lockFile(path), undefined);
    first.release();
    first.release();
    const second = lockFile(path);
    assert.ok(second);
    second.release();
  });

  it('is held by another process, and is free when that is killed', async () => {
    const child = startCode(
      `import { lockFile } from '${face('file-lock')}';
       process.stdout.write(String(lockFile(${JSON.stringify(path)}) !== undefined));
       setInterval(() => undefined, 1000);`,
    );
    assert.equal(await firstLine(child), 'true');
    assert.equal(lockFile(path), undefined);
    child.kill();
    await once(child, 'exit');
    const lock = lockFile(path);
    assert.ok(lock);
    lock.release();
  });

  it('is not inherited by a child, which would keep it held', async () => {
    const lock = lockFile(path);
    const child = startCode("process.stdout.write('up'); setInterval(() => undefined, 1000);");
    await firstLine(child);
    lock?.release();
    const again = lockFile(path);
    assert.ok(again);
    again.release();
    child.kill();
    await once(child, 'exit');
  });

  it('keeps others from opening, renaming or removing the file', () => {
    const lock = lockFile(path);
    assert.throws(() => writeFileSync(path, 'x'), { code: 'EBUSY' });
    assert.throws(() => rmSync(path));
    lock?.release();
  });

  it('refuses a directory, a missing directory and a name with NUL', () => {
    mkdirSync(join(directory, 'folder'));
    assert.throws(() => lockFile(join(directory, 'folder')), { code: 'EISDIR' });
    assert.throws(() => lockFile(join(directory, 'missing', 'lock')), { code: 'ENOENT' });
    assert.throws(() => lockFile(`${path}\0`), TypeError);
  });

  it('refuses what is no file on a disk', () => {
    assert.throws(() => lockFile('\\\\.\\NUL'), { code: 'EINVAL' });
  });
});

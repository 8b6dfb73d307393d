// One holder at a time, freed by death, and no file that anyone else could hold for us.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../../../agent/native/file-lock.ts';
import { face, firstLine, startCode } from './child-program.ts';

describe('the file lock', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kortbro-lock-'));
    path = join(directory, 'lock');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is held once, and can be taken again after release', async () => {
    const first = lockFile(path);
    assert.ok(first);
    assert.equal(lockFile(path), undefined);
    first.release();
    first.release();
    const second = lockFile(path);
    assert.ok(second);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
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
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = lockFile(path);
    assert.ok(lock);
    lock.release();
  });

  it('is not inherited by a child, which would keep it held', () => {
    const lock = lockFile(path);
    const files = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    assert.ok(!files.includes(path));
    lock?.release();
  });

  it('locks the file that has the name now, not one that was replaced', async () => {
    const first = lockFile(path);
    await rename(path, `${path}.old`);
    const second = lockFile(path);
    assert.ok(second, 'the old file is not what others meet');
    assert.equal(lockFile(path), undefined);
    first?.release();
    second.release();
  });

  it('refuses a symbolic link, a directory, a missing directory and a named pipe', async () => {
    await symlink(join(directory, 'elsewhere'), path);
    assert.throws(() => lockFile(path), { code: 'ELOOP' });
    await mkdir(join(directory, 'folder'));
    assert.throws(() => lockFile(join(directory, 'folder')), { code: 'EISDIR' });
    assert.throws(() => lockFile(join(directory, 'missing', 'lock')), { code: 'ENOENT' });
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    assert.throws(() => lockFile(pipe), { code: 'EINVAL' });
    assert.throws(() => lockFile(`${path}\0`), { code: 'EINVAL' });
  });

  it('refuses a file that others may open', async () => {
    await writeFile(path, '');
    await chmod(path, 0o644);
    assert.throws(() => lockFile(path), { code: 'EPERM' });
  });

  it('refuses a file of another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    await writeFile(path, '', { mode: 0o600 });
    await chown(path, 65534, 65534);
    assert.throws(() => lockFile(path), { code: 'EPERM' });
  });
});

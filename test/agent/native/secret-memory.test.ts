// A secret's way in through a pipe of our own, and its end.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, read, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { makePipe } from '../../../agent/native/pipe.ts';
import { lockMemory, unlockMemory, zero } from '../../../agent/native/secret-memory.ts';

const lockedKilobytes = (): number =>
  Number(/^VmLck:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

describe('a pipe', () => {
  it('brings a child’s bytes into a buffer of ours, and ends with the child', async () => {
    const pipe = makePipe();
    const child = spawn('printf', ['1234'], { stdio: ['ignore', pipe.write, 'inherit'] });
    closeSync(pipe.write);
    const buffer = Buffer.alloc(16);
    const { bytesRead } = await promisify(read)(pipe.read, buffer, 0, 16, null);
    assert.equal(buffer.toString('latin1', 0, bytesRead), '1234');
    assert.equal((await promisify(read)(pipe.read, buffer, 0, 16, null)).bytesRead, 0);
    closeSync(pipe.read);
    child.kill();
  });

  it('is not inherited by a child that was not given it', () => {
    const before = execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' });
    const pipe = makePipe();
    assert.equal(execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }), before);
    closeSync(pipe.read);
    closeSync(pipe.write);
  });
});

describe('secret memory', () => {
  it('is zeroed where it is, and nowhere else', () => {
    const whole = Buffer.alloc(32, 0xaa);
    zero(whole.subarray(8, 24));
    const expected = Buffer.concat([Buffer.alloc(8, 0xaa), Buffer.alloc(16), Buffer.alloc(8, 0xaa)]);
    assert.deepEqual(whole, expected);
    zero(Buffer.alloc(0));
  });

  it('is locked into memory and let go', () => {
    const secret = Buffer.alloc(100, 1);
    const before = lockedKilobytes();
    assert.equal(lockMemory(secret), true);
    assert.ok(lockedKilobytes() >= before + 4);
    unlockMemory(secret);
    assert.equal(lockedKilobytes(), before);
    assert.equal(secret[99], 1);
    assert.equal(lockMemory(Buffer.alloc(0)), true);
  });
});

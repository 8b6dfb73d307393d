// What a child writes into the pipe comes out of it, into our own buffer, and its end is seen.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { makePipe } from '../../../agent/native/pipe.ts';
import { firstLine, startCode } from './windows-child.ts';

/** Collects what comes through one buffer of ours, as the PIN does. */
function collect(fd: number): { socket: Socket; text: () => string } {
  const buffer = Buffer.alloc(256);
  let text = '';
  const options: SocketConstructorOpts & { onread: OnReadOpts } = {
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer,
      callback: (length) => {
        text += buffer.subarray(0, length).toString();
        buffer.fill(0);
        return true;
      },
    },
  };
  return { socket: new Socket(options), text: () => text };
}

describe('a pipe for a child', () => {
  it('carries what the child writes, and ends with the child', async () => {
    const pipe = makePipe();
    const child = spawn(process.execPath, ['-e', "process.stdout.write('D 123456\\nOK\\n')"], {
      stdio: ['ignore', pipe.write, 'ignore'],
    });
    closeSync(pipe.write);
    const { socket, text } = collect(pipe.read);
    await once(socket, 'close');
    assert.equal(text(), 'D 123456\nOK\n');
    if (child.exitCode === null) await once(child, 'exit');
  });

  it('carries more than its buffer holds', async () => {
    const pipe = makePipe();
    const code = "const { writeSync } = require('fs'); for (let i = 0; i < 64; ++i) writeSync(1, 'x'.repeat(16384));";
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', pipe.write, 'ignore'] });
    closeSync(pipe.write);
    const { socket, text } = collect(pipe.read);
    await once(socket, 'close');
    assert.equal(text().length, 64 * 16384);
    if (child.exitCode === null) await once(child, 'exit');
  });

  it('has a write end that blocks, and both ends are closed as files are', async () => {
    const pipe = makePipe();
    const { socket, text } = collect(pipe.read);
    assert.equal(writeSync(pipe.write, 'hej'), 3);
    closeSync(pipe.write);
    await once(socket, 'close');
    assert.equal(text(), 'hej');
    assert.throws(() => fstatSync(pipe.write), { code: 'EBADF' });
    const unused = makePipe();
    closeSync(unused.read);
    closeSync(unused.write);
  });

  it('is not inherited by a child to which it was not handed', async () => {
    const pipe = makePipe();
    const child = startCode("process.stdout.write('up'); setInterval(() => undefined, 1000);");
    await firstLine(child);
    closeSync(pipe.write);
    const { socket } = collect(pipe.read);
    await once(socket, 'close');
    child.kill();
    await once(child, 'exit');
  });
});

// Who is at the other end of a socket, as the kernel says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerCredentials, peerCredentialsOf } from '../../../agent/native/peer-credentials.ts';
import { startCode } from './child-program.ts';

describe('peer credentials', () => {
  let directory: string;
  let server: Server;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kortbro-peer-'));
    server = createServer();
  });

  afterEach(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('tells the process, user and group at the other end of a Unix socket', async () => {
    const path = join(directory, 'socket');
    server.listen(path);
    await once(server, 'listening');
    const child = startCode(`import { connect } from 'node:net'; connect('${path}');`);
    const [socket] = (await once(server, 'connection')) as [Socket];
    const expected = { pid: child.pid, uid: process.getuid?.(), gid: process.getgid?.() };
    assert.deepEqual(peerCredentialsOf(socket), expected);
    child.kill('SIGKILL');
    await once(socket, 'close');
    assert.throws(() => peerCredentialsOf(socket), { code: 'EBADF' });
  });

  it('refuses a TCP socket, which has no peer that the kernel knows', async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    assert.throws(() => peerCredentialsOf(socket), { code: 'EAFNOSUPPORT' });
    client.destroy();
    socket.destroy();
  });

  it('refuses a file, a closed descriptor and what is no descriptor', () => {
    const fd = openSync('/dev/null', 'r');
    assert.throws(() => peerCredentials(fd), { code: 'ENOTSOCK', syscall: 'getsockopt' });
    closeSync(fd);
    assert.throws(() => peerCredentials(1_000_000), { code: 'EBADF' });
    for (const wrong of [-1, 1.5, Number.NaN]) assert.throws(() => peerCredentials(wrong), TypeError);
  });
});

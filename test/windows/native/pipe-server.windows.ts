// Programs of this user come in by net.connect, and what Node makes of each is a socket like any other.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { WebSocket, WebSocketServer } from 'ws';
import { ownIdentity } from '../../../agent/native/own-identity.ts';
import { type PipePeer, type PipeServer, startPipeServer } from '../../../agent/native/pipe-server.ts';
import { face, runCode } from './windows-child.ts';

describe('the pipe server', () => {
  let name: string;
  let server: PipeServer | undefined;
  let accepted: { socket: Socket; peer: Omit<PipePeer, 'fd'> }[];
  let take: (socket: Socket) => void;
  let wake: (() => void) | undefined;

  beforeEach(() => {
    name = `\\\\.\\pipe\\kortbro-${ownIdentity().user}-${ownIdentity().session}-${randomBytes(6).toString('hex')}`;
    accepted = [];
    take = (socket) => socket.pipe(socket);
  });

  afterEach(() => {
    server?.stop();
    for (const { socket } of accepted) socket.destroy();
  });

  const start = (): void => {
    server = startPipeServer(name, ({ fd, ...peer }) => {
      const socket = new Socket({ fd });
      socket.on('error', () => undefined);
      accepted.push({ socket, peer });
      take(socket);
      wake?.();
    });
  };

  const acceptedCount = async (count: number): Promise<void> => {
    while (accepted.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };

  /** A pipe that is between two programs answers in Wine with an error of its own: whoever comes in tries again, as the native host does. */
  const connected = async (): Promise<Socket> => {
    for (;;) {
      const socket = connect(name);
      const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
        socket.on('error', resolve).once('connect', () => resolve(undefined));
      });
      if (error === undefined) return socket;
      if (error.code !== 'UNKNOWN') throw error;
    }
  };

  it('tells the process, user and session of who comes in', async () => {
    start();
    const socket = await connected();
    await acceptedCount(1);
    assert.deepEqual(accepted[0]?.peer, { processId: process.pid, ...ownIdentity() });
    socket.destroy();
  });

  it('tells the process id of another program', async () => {
    start();
    const { output } = await runCode(
      `import { connect } from 'node:net';
       const socket = connect(${JSON.stringify(name)}, () => socket.end(String(process.pid)));
       socket.on('data', (bytes) => process.stdout.write(bytes));`,
    );
    assert.equal(accepted[0]?.peer.processId, Number(output));
    assert.notEqual(output, String(process.pid));
  });

  it('echoes a megabyte', async () => {
    start();
    const socket = await connected();
    const sent = randomBytes(1024 * 1024);
    const back = buffer(socket);
    socket.end(sent);
    assert.ok(sent.equals(await back));
  });

  it('serves fifty programs at once', async () => {
    start();
    const sockets = await Promise.all(Array.from({ length: 50 }, connected));
    const answers = await Promise.all(
      sockets.map(async (socket, index) => {
        socket.write(`number ${index}`);
        const [bytes] = (await once(socket, 'data')) as [Buffer];
        return bytes.toString();
      }),
    );
    assert.deepEqual(
      answers,
      sockets.map((_, index) => `number ${index}`),
    );
    assert.equal(accepted.length, 50);
    for (const socket of sockets) socket.destroy();
  });

  it('sees that a program has closed its end, and goes on', async () => {
    take = () => undefined;
    start();
    const socket = await connected();
    await acceptedCount(1);
    const gone = once(accepted[0]!.socket.resume(), 'close');
    socket.destroy();
    await gone;
    const next = await connected();
    await acceptedCount(2);
    next.destroy();
  });

  it('closes towards a program, which sees it', async () => {
    take = (socket) => socket.end('goodbye');
    start();
    const socket = await connected();
    assert.equal((await buffer(socket)).toString(), 'goodbye');
  });

  it('goes on after programs that leave before they are greeted', async () => {
    start();
    for (let i = 0; i < 30; ++i)
      connect(name)
        .on('error', () => undefined)
        .destroy();
    const socket = await connected();
    socket.write('still here');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    assert.equal(bytes.toString(), 'still here');
    socket.destroy();
  });

  it('gives the name up when it stops and nobody is in', async () => {
    start();
    const socket = await connected();
    await acceptedCount(1);
    const gone = once(accepted[0]!.socket.resume(), 'close');
    socket.destroy();
    await gone;
    server?.stop();
    server?.stop();
    await assert.rejects(
      async () => {
        for (;;) (await connected()).destroy();
      },
      { code: 'ENOENT' },
    );
    assert.equal(accepted.length, 1);
  });

  it('keeps who is in when it stops', async () => {
    start();
    const socket = await connected();
    await acceptedCount(1);
    server?.stop();
    socket.write('still in');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    assert.equal(bytes.toString(), 'still in');
    socket.destroy();
  });

  it('can take the name again after it was given up', async () => {
    start();
    server?.stop();
    for (;;) {
      try {
        start();
        break;
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EACCES');
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const socket = await connected();
    socket.destroy();
  });

  it('refuses a name that is taken, by this process or another', async function () {
    // Wine does not know FILE_FLAG_FIRST_PIPE_INSTANCE.
    if (process.env['KORTBRO_WINE'] !== undefined) this.skip();
    start();
    assert.throws(() => startPipeServer(name, () => undefined), { code: 'EACCES' });
    const { output } = await runCode(
      `import { startPipeServer } from '${face('pipe-server')}';
       try { startPipeServer(${JSON.stringify(name)}, () => undefined).stop(); process.stdout.write('taken'); }
       catch (error) { process.stdout.write(error.code); }`,
    );
    assert.equal(output, 'EACCES');
  });

  it('refuses what is no name of a pipe', () => {
    assert.throws(() => startPipeServer('C:\\no-pipe', () => undefined), { code: 'EINVAL' });
    assert.throws(() => startPipeServer(`${name}\0`, () => undefined), TypeError);
  });

  it('carries WebSocket both ways', async () => {
    const http = createServer();
    const sockets = new WebSocketServer({ server: http });
    sockets.on('connection', (socket) =>
      socket.on('message', (text: Buffer) => socket.send(`heard ${text.toString()}`)),
    );
    take = (socket) => http.emit('connection', socket);
    start();
    const client = new WebSocket('ws://kortbro/', { createConnection: () => connect(name) });
    await once(client, 'open');
    client.send('hej');
    const [answer] = (await once(client, 'message')) as [Buffer];
    assert.equal(answer.toString(), 'heard hej');
    client.close();
    await once(client, 'close');
    sockets.close();
  });

  it('lets its process end once it has stopped', async () => {
    const { output, code } = await runCode(
      `import { startPipeServer } from '${face('pipe-server')}';
       startPipeServer(${JSON.stringify(name)}, () => undefined).stop();
       process.stdout.write('stopped');`,
    );
    assert.deepEqual({ output, code }, { output: 'stopped', code: 0 });
  });
});

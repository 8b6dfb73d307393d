// Somebody who sits where the agent should: a listener on the agent's socket path, who hears what a native host says to him.
import { chmodSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export interface Squatter {
  /** Everything that was said to him, as text. */
  readonly heard: string[];
  stop(): Promise<void>;
}

/** Listens on `path` (which is removed first), mode 0600. `serve` gets each connection. */
async function listen(path: string, serve: (stream: Socket) => void): Promise<() => Promise<void>> {
  rmSync(path, { force: true });
  const streams = new Set<Socket>();
  const server = createServer((stream) => {
    streams.add(stream);
    stream.on('error', () => undefined);
    serve(stream);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o600);
  return async () => {
    for (const stream of streams) stream.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
}

/** One who speaks WebSocket and answers each message by `answer`. */
export async function squatWebSocket(
  path: string,
  answer: (text: string, socket: WebSocket) => void,
): Promise<Squatter> {
  const heard: string[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const http = createHttpServer();
  http.on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => undefined);
      socket.on('message', (bytes: Buffer) => {
        heard.push(bytes.toString());
        answer(bytes.toString(), socket);
      });
    });
  });
  const stop = await listen(path, (stream) => http.emit('connection', stream));
  return { heard, stop };
}

/** One who says `words` to whoever connects, and nothing more. */
export async function squatBytes(path: string, words: string): Promise<Squatter> {
  const heard: string[] = [];
  const stop = await listen(path, (stream) => {
    stream.on('data', (bytes: Buffer) => heard.push(bytes.toString('latin1')));
    stream.write(words);
  });
  return { heard, stop };
}

// An agent's endpoint that behaves or misbehaves as a test asks: real `ws` on a real Unix socket, written by itself and not
// with the agent's own code, so that it also checks what is said on the wire.
import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { type Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { endpointDirectories } from '../../shared/endpoint.ts';
import { waitUntil } from './within.ts';

/** How the endpoint treats whoever connects. */
export interface Behaviour {
  /** Says nothing any more from this step on. */
  silentAt?: 'upgrade' | 'greeting';
  /** Proves another secret than the one in the endpoint file. */
  wrongProof?: boolean;
  /** Proves the right secret for another direction: the client's own proof sent back. */
  wrongDirection?: boolean;
  /** Says this instead of the challenge. */
  challenge?: string | Buffer;
  /** Closes with this code instead of the challenge. */
  closeCode?: number;
}

/** The session's directory below `runtime`, for a process without a display. */
export function sessionDirectory(runtime: string): string {
  const place = { environment: { XDG_RUNTIME_DIR: runtime }, userId: 0, temporaryDirectory: '' };
  return endpointDirectories(place).at(-1) ?? '';
}

/** Writes an endpoint file with mode 0600 in a directory of mode 0700. */
export function writeEndpoint(runtime: string, fields: Record<string, unknown> | string): string {
  const directory = sessionDirectory(runtime);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'endpoint.json');
  rmSync(file, { force: true });
  writeFileSync(file, typeof fields === 'string' ? fields : JSON.stringify(fields), { mode: 0o600 });
  return file;
}

export class FakeAgent {
  readonly socketPath: string;
  readonly secret = randomBytes(32);
  /** Connections that have proved themselves, in order. */
  readonly peers: WebSocket[] = [];
  readonly roles: string[] = [];
  /** Everything that any client has said, handshakes included. */
  readonly heard: string[] = [];
  readonly #runtime: string;
  readonly #behaviour: Behaviour;
  readonly #streams = new Set<Duplex>();
  #server: Server | undefined;

  constructor(runtime: string, behaviour: Behaviour = {}) {
    this.#runtime = runtime;
    this.#behaviour = behaviour;
    this.socketPath = join(sessionDirectory(runtime), `agent-${randomBytes(6).toString('hex')}.sock`);
  }

  /** Listens, then writes the endpoint file. */
  async open(): Promise<this> {
    mkdirSync(sessionDirectory(this.#runtime), { recursive: true, mode: 0o700 });
    const sockets = new WebSocketServer({ noServer: true });
    const server = createServer();
    this.#server = server;
    server.on('connection', (stream: Duplex) => {
      this.#streams.add(stream);
      stream.on('error', () => undefined);
      stream.on('close', () => this.#streams.delete(stream));
    });
    server.on('upgrade', (request, stream, head) => {
      if (this.#behaviour.silentAt === 'upgrade') return;
      sockets.handleUpgrade(request, stream, head, (socket) => this.#serve(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen(this.socketPath, resolve);
    });
    chmodSync(this.socketPath, 0o600);
    const secret = this.secret.toString('base64');
    writeEndpoint(this.#runtime, { protocol: 1, processId: process.pid, secret, socket: this.socketPath });
    return this;
  }

  /** The `number`th proven connection. */
  async peer(number = 1): Promise<WebSocket> {
    await waitUntil(() => this.peers.length >= number, `connection ${number}`);
    return this.peers[number - 1]!;
  }

  /** As after SIGKILL: connections cut, socket and file left behind. */
  die(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    return new Promise((resolve) => {
      if (this.#server?.listening === true) this.#server.close(() => resolve());
      else resolve();
    });
  }

  #serve(socket: WebSocket): void {
    socket.on('error', () => undefined);
    let clientProof: string | undefined;
    socket.on('message', (raw: Buffer) => {
      const text = raw.toString();
      this.heard.push(text);
      if (clientProof === undefined) clientProof = this.#challenge(socket, text);
      else if (text === JSON.stringify({ proof: clientProof })) {
        socket.removeAllListeners('message');
        socket.on('message', (message: Buffer) => this.heard.push(message.toString()));
        this.peers.push(socket);
      } else socket.close(4001);
    });
  }

  #challenge(socket: WebSocket, greeting: string): string {
    const { role, nonce: clientNonce } = JSON.parse(greeting) as { role: string; nonce: string };
    this.roles.push(role);
    const nonce = randomBytes(32);
    const nonces = Buffer.concat([Buffer.from(clientNonce, 'base64'), nonce]);
    const secret = this.#behaviour.wrongProof === true ? randomBytes(32) : this.secret;
    const prove = (direction: string) =>
      createHmac('sha256', secret)
        .update(`kortbro-endpoint\x001\0${role}\0${direction}\0`)
        .update(nonces)
        .digest('base64');
    const mine = prove(this.#behaviour.wrongDirection === true ? 'client-to-agent' : 'agent-to-client');
    if (this.#behaviour.closeCode !== undefined) socket.close(this.#behaviour.closeCode);
    else if (this.#behaviour.challenge !== undefined) socket.send(this.#behaviour.challenge);
    else if (this.#behaviour.silentAt === undefined) {
      socket.send(JSON.stringify({ nonce: nonce.toString('base64'), proof: mine }));
    }
    return prove('client-to-agent');
  }
}

// A peer of the agent's endpoint that is no native host: speaks the handshake honestly or not, and whatever else it likes.
import { createHmac, randomBytes } from 'node:crypto';
import { connect, Socket } from 'node:net';
import { WebSocket } from 'ws';
import { encodeBase64 } from '../../shared/base64.ts';
import { type Endpoint, parseChallenge } from '../../shared/endpoint.ts';
import { protocolVersion } from '../../shared/names.ts';
import { type PeerRole, proofSize, proofTranscript } from '../../shared/proof.ts';
import { waitUntil, within } from '../native-host/within.ts';

/** How a connection ended: the WebSocket's close code (1006: without a word) and reason. */
export interface PeerEnd {
  readonly code: number;
  readonly reason: string;
  /** By the clock of `performance`. */
  readonly at: number;
}

const patience = 10_000;

export class RawPeer {
  readonly socket: WebSocket;
  /** Texts that have come, oldest first. */
  readonly received: string[] = [];
  readonly end: Promise<PeerEnd>;
  readonly nonce = randomBytes(proofSize);
  #over: PeerEnd | undefined;

  constructor({ socket }: Pick<Endpoint, 'socket'>) {
    this.socket = new WebSocket('ws://localhost/', {
      createConnection: () => connect(socket),
      perMessageDeflate: false,
    });
    this.socket.on('message', (bytes: Buffer) => this.received.push(bytes.toString()));
    this.socket.on('error', () => undefined);
    this.end = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#over = { code, reason: reason.toString(), at: performance.now() };
        resolve(this.#over);
      });
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Settles when the WebSocket is open. @throws Error when it is refused */
  async opened(): Promise<this> {
    await waitUntil(() => this.isOpen || this.#over !== undefined, 'the WebSocket', patience);
    if (!this.isOpen) throw new Error('the agent closed the connection');
    return this;
  }

  say(text: string): void {
    this.socket.send(text);
  }

  /** Text number `index` that came. */
  async heard(index: number): Promise<string> {
    await waitUntil(() => this.received.length > index || this.#over !== undefined, 'an answer', patience);
    const text = this.received[index];
    if (text === undefined) throw new Error(`closed by the agent: ${JSON.stringify(this.#over)}`);
    return text;
  }

  /** The first message: who we say we are. */
  greet(role: string = 'native-host', protocol: number = protocolVersion): void {
    this.say(JSON.stringify({ protocol, role, nonce: encodeBase64(this.nonce) }));
  }

  /** Greets and answers the challenge; `changes` make the proof a wrong one. */
  async prove(secret: Uint8Array, changes: ProofChanges = {}): Promise<this> {
    await this.opened();
    this.greet(changes.greetedRole ?? 'native-host');
    this.say(JSON.stringify({ proof: this.proofFor(await this.heard(0), secret, changes) }));
    return this;
  }

  /** Our proof for the agent's challenge, in base64. */
  proofFor(challenge: string, secret: Uint8Array, changes: ProofChanges = {}): string {
    const { role = 'native-host', direction = 'client-to-agent' } = changes;
    const agentNonce = changes.agentNonce ?? parseChallenge(challenge).nonce;
    const transcript = proofTranscript({ role, clientNonce: this.nonce, agentNonce }, direction);
    return encodeBase64(createHmac('sha256', secret).update(transcript).digest());
  }

  ended(milliseconds = patience): Promise<PeerEnd> {
    return within(milliseconds, this.end, 'the end of the connection');
  }

  /** Bytes below the WebSocket, as they are. */
  write(bytes: Uint8Array): void {
    const stream: unknown = Reflect.get(this.socket, '_socket');
    if (!(stream instanceof Socket)) throw new Error('the WebSocket is not open');
    stream.write(bytes);
  }

  close(): void {
    this.socket.terminate();
  }
}

/** What a proof can have wrong. */
export interface ProofChanges {
  readonly greetedRole?: PeerRole;
  readonly role?: PeerRole;
  readonly direction?: 'agent-to-client' | 'client-to-agent';
  readonly agentNonce?: Uint8Array;
}

/** The agent's own proof in a challenge. */
export function proofIn(challenge: string): string {
  return encodeBase64(parseChallenge(challenge).proof);
}

/** A connection to the endpoint below the WebSocket, for what is no WebSocket at all. */
export class RawSocket {
  readonly socket: Socket;
  readonly received: Buffer[] = [];
  /** When it was closed, by the clock of `performance`. */
  readonly end: Promise<number>;

  constructor({ socket }: Pick<Endpoint, 'socket'>) {
    this.socket = connect(socket);
    this.socket.on('data', (bytes: Buffer) => this.received.push(bytes));
    this.socket.on('error', () => undefined);
    this.end = new Promise((resolve) => this.socket.on('close', () => resolve(performance.now())));
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The HTTP request that opens a WebSocket. */
  upgrade(more = ''): void {
    this.write(
      `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${more}\r\n`,
    );
  }

  ended(milliseconds = patience): Promise<number> {
    return within(milliseconds, this.end, 'the end of the connection');
  }

  close(): void {
    this.socket.destroy();
  }
}

// One proven peer: reads its messages, bounds what it may have open, answers each request once, forwards events.
import { type WebSocket } from 'ws';
import { type Clock } from '../../shared/clock.ts';
import { closeCodes } from '../../shared/endpoint.ts';
import { KortbroError, toWireError, type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { parseClientMessage, type AgentMessage, type ClientMessage, type Request } from '../../shared/messages.ts';
import { protocolVersion } from '../../shared/names.ts';
import { parseStrictJson } from '../../shared/strict-json.ts';
import { rateLimit } from './rate-limit.ts';

/** What a connection asks of the rest. */
export interface ConnectionCallbacks {
  /** Runs a request to its one answer; never rejects. */
  answer: (request: Request, signal: AbortSignal) => Promise<AgentMessage>;
  snapshot: () => AgentMessage;
}

/** Bytes that may wait for a peer that does not read. */
const maximumBacklog = 4 * limits.messageToBrowser;

export class Connection {
  readonly #socket: WebSocket;
  readonly #callbacks: ConnectionCallbacks;
  readonly #open = new Map<string, AbortController>();
  readonly #mayPass: () => boolean;
  #greeted = false;

  constructor(socket: WebSocket, clock: Clock, callbacks: ConnectionCallbacks) {
    this.#socket = socket;
    this.#callbacks = callbacks;
    this.#mayPass = rateLimit(clock, limits.requestsPerSecond, limits.requestBurst);
  }

  /** One message of the peer. */
  receive(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let message: ClientMessage;
    try {
      message = parseClientMessage(parseStrictJson(text));
    } catch {
      this.#close('ERR_REQUEST_INVALID');
      return;
    }
    if (!this.#mayPass()) this.#close('ERR_REQUEST_TOO_MANY');
    else if (message.type === 'hello') this.#hello(message.protocol);
    else if (message.type === 'cancel') this.#open.get(message.id)?.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    else void this.#start(message);
  }

  /** Sends an event to a peer that has said hello. */
  notify(message: AgentMessage): void {
    if (this.#greeted) this.#send(message);
  }

  /** The peer is gone: nobody waits for its answers. */
  end(): void {
    for (const request of this.#open.values()) request.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    this.#greeted = false;
  }

  #hello(protocol: number): void {
    if (protocol !== protocolVersion) {
      this.#close('ERR_AGENT_VERSION');
      return;
    }
    this.#greeted = true;
    this.#send(this.#callbacks.snapshot());
  }

  async #start(request: Request): Promise<void> {
    const { id, language } = request;
    const refusal: ErrorCode | undefined = this.#open.has(id)
      ? 'ERR_REQUEST_DUPLICATE'
      : this.#open.size >= limits.openRequestsPerConnection
        ? 'ERR_REQUEST_TOO_MANY'
        : undefined;
    if (refusal !== undefined) {
      this.#send({ type: 'error', id, error: toWireError(new KortbroError(refusal), language) });
      return;
    }
    const controller = new AbortController();
    this.#open.set(id, controller);
    const message = await this.#callbacks.answer(request, controller.signal);
    this.#open.delete(id);
    this.#send(message);
  }

  #send(message: AgentMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > maximumBacklog) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }

  #close(code: keyof typeof closeCodes): void {
    this.end();
    this.#socket.close(closeCodes[code], code);
  }
}

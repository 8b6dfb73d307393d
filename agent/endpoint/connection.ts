// One proven peer: reads its messages, bounds what it may have open, answers each request once, forwards events.
import { type WebSocket } from 'ws';
import { type Clock } from '../../shared/clock.ts';
import { closeCodes } from '../../shared/endpoint.ts';
import { KortbroError, toWireError, type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { parseClientMessage, type AgentMessage, type ClientMessage, type Request } from '../../shared/messages.ts';
import { protocolVersion } from '../../shared/names.ts';
import { type SigningMessage } from '../../shared/signing.ts';
import { parseStrictJson } from '../../shared/strict-json.ts';
import { type RequestChannel } from '../operations/context.ts';
import { rateLimit } from './rate-limit.ts';

/** What a connection asks of the rest. */
export interface ConnectionCallbacks {
  /** Runs a request to its one answer; never rejects. `profile` as for `greet`. */
  answer: (request: Request, signal: AbortSignal, profile: string, channel: RequestChannel) => Promise<AgentMessage>;
  /** What the peer is told first. `profile`: the browser profile's id; '' for a peer that has none. */
  greet: (profile: string) => AgentMessage[];
  /** The browser says how far it is with a logout. */
  logoutStep: (profile: string, visit: string, step: 'told' | 'done') => void;
}

/** A request that is open, and who hears what is said under its id. */
interface OpenRequest {
  controller: AbortController;
  hear?: (message: SigningMessage) => void;
}

/** Bytes that may wait for a peer that does not read. */
const maximumBacklog = 4 * limits.messageToBrowser;

export class Connection {
  readonly #socket: WebSocket;
  readonly #callbacks: ConnectionCallbacks;
  readonly #open = new Map<string, OpenRequest>();
  readonly #mayPass: () => boolean;
  readonly #mayStep: () => boolean;
  readonly #maySign: () => boolean;
  #greeted = false;
  #profile = '';

  constructor(socket: WebSocket, clock: Clock, callbacks: ConnectionCallbacks) {
    this.#socket = socket;
    this.#callbacks = callbacks;
    this.#mayPass = rateLimit(clock, limits.requestsPerSecond, limits.requestBurst);
    // A browser with many visits is done with all of them at once: two steps each.
    this.#mayStep = rateLimit(clock, limits.requestsPerSecond, 2 * limits.visits);
    this.#maySign = rateLimit(clock, limits.signingRate.perSecond, limits.signingRate.burst);
  }

  /** The browser profile behind this connection, once it has said hello; '' for none. */
  get profile(): string {
    return this.#greeted ? this.#profile : '';
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
    if (!this.#mayPassNow(message)) this.#close('ERR_REQUEST_TOO_MANY');
    else if (message.type === 'hello') this.#hello(message);
    else if (message.type === 'request') void this.#start(message);
    else if (message.type === 'logout') this.#note(message);
    else if (message.type === 'cancel') this.#cancel(this.#open.get(message.id));
    else this.#open.get(message.id)?.hear?.(message);
  }

  #mayPassNow({ type }: ClientMessage): boolean {
    if (type === 'logout') return this.#mayStep();
    return type === 'hello' || type === 'request' || type === 'cancel' ? this.#mayPass() : this.#maySign();
  }

  /** Sends an event to a peer that has said hello. */
  notify(message: AgentMessage): void {
    if (this.#greeted) this.#send(message);
  }

  /** The peer is gone: nobody waits for its answers. */
  end(): void {
    for (const request of this.#open.values()) this.#cancel(request);
    this.#greeted = false;
  }

  #cancel(request: OpenRequest | undefined): void {
    request?.controller.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
  }

  #note({ visit, step }: Extract<ClientMessage, { type: 'logout' }>): void {
    if (this.profile !== '') this.#callbacks.logoutStep(this.profile, visit, step);
  }

  #hello({ protocol, profile = '' }: Extract<ClientMessage, { type: 'hello' }>): void {
    if (protocol !== protocolVersion) {
      this.#close('ERR_AGENT_VERSION');
      return;
    }
    this.#greeted = true;
    this.#profile = profile;
    for (const message of this.#callbacks.greet(profile)) this.#send(message);
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
    const open: OpenRequest = { controller: new AbortController() };
    this.#open.set(id, open);
    const message = await this.#callbacks.answer(request, open.controller.signal, this.#profile, {
      tell: (answer) => this.#send({ ...answer, id }),
      hear: (listener) => (open.hear = listener),
    });
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

// The one port to the native host: opens it, keeps it open, tries again after a pause when it ends. Says hello to each
// agent that the host reaches. Hands on only messages that parse; anything else ends the port. Knows no requests.
import { type ErrorCode } from '../../shared/errors.ts';
import { parseAgentMessage, type AgentMessage, type ClientMessage } from '../../shared/messages.ts';
import { productVersion, protocolVersion } from '../../shared/names.ts';
import { isAbsent, reconnectPause, settledAfter, shortestPause } from './reconnect.ts';

/** The parts of chrome.runtime.Port that are used. `disconnected` gets chrome.runtime.lastError's text. */
export interface HostPort {
  post(message: ClientMessage): void;
  close(): void;
}

/** What the connection needs from the browser. */
export interface HostSurroundings {
  /** Names this browser profile to the agent. */
  profile(): string | undefined;
  connect(receive: (message: unknown) => void, disconnected: (lastError?: string) => void): HostPort;
  now(): number;
  /** Calls back later; returns what cancels it. */
  later(callback: () => void, milliseconds: number): () => void;
}

/** Whether requests can be sent. `code` says why not, once that is known. */
export type Reach = { state: 'connecting' } | { state: 'connected' } | { state: 'gone'; code: ErrorCode };

/** Who is told. `lost`: everything sent and not answered has failed; `code` is the host's own reason, if it gave one. */
export interface HostListener {
  message(message: Exclude<AgentMessage, { type: 'agent' }>): void;
  reach(reach: Reach): void;
  lost(code: ErrorCode | undefined): void;
}

export class AgentConnection {
  readonly #surroundings: HostSurroundings;
  readonly #listener: HostListener;
  #port: HostPort | undefined;
  #reach: Reach = { state: 'connecting' };
  #openedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;

  constructor(surroundings: HostSurroundings, listener: HostListener) {
    this.#surroundings = surroundings;
    this.#listener = listener;
  }

  get reach(): Reach {
    return this.#reach;
  }

  /** Opens the port now, or soon where an attempt has just failed. Called at start and whenever somebody wants an answer. */
  open(): void {
    if (this.#port !== undefined) return;
    this.#cancelRetry?.();
    const wait = this.#openedAt + shortestPause - this.#surroundings.now();
    if (wait <= 0) this.#connect();
    else this.#cancelRetry = this.#surroundings.later(() => this.#connect(), wait);
  }

  /** Sends to a connected agent; what is said while there is none is lost. */
  send(message: ClientMessage): void {
    if (this.#reach.state === 'connected') this.#port?.post(message);
  }

  /** Ends a port whose other side says what cannot be. */
  distrust(): void {
    const port = this.#port;
    if (port === undefined) return;
    this.#ended(port, undefined);
    port.close();
  }

  #connect(): void {
    this.#cancelRetry = undefined;
    this.#openedAt = this.#surroundings.now();
    const port: HostPort = this.#surroundings.connect(
      (message) => {
        if (this.#port === port) this.#receive(message);
      },
      (lastError) => this.#ended(port, lastError),
    );
    this.#port = port;
  }

  #receive(value: unknown): void {
    let message: AgentMessage;
    try {
      message = parseAgentMessage(value);
    } catch {
      this.distrust();
      return;
    }
    if (message.type !== 'agent') {
      this.#listener.message(message);
    } else if (message.state === 'connected') {
      const profile = this.#surroundings.profile();
      const hello = { type: 'hello', protocol: protocolVersion, version: productVersion } as const;
      this.#port?.post(profile === undefined ? hello : { ...hello, profile });
      this.#setReach({ state: 'connected' });
    } else if (message.state === 'gone') {
      this.#setReach({ state: 'gone', code: message.error?.code ?? 'ERR_AGENT_NOT_RUNNING' });
      this.#listener.lost(message.error?.code);
    } else if (this.#reach.state === 'connected') {
      this.#setReach({ state: 'connecting' });
      this.#listener.lost(undefined);
    }
  }

  #ended(port: HostPort, lastError: string | undefined): void {
    if (this.#port !== port) return;
    this.#port = undefined;
    const now = this.#surroundings.now();
    this.#failures = now - this.#openedAt >= settledAfter ? 1 : this.#failures + 1;
    const pause = reconnectPause(this.#failures, isAbsent(lastError));
    if (pause !== undefined) this.#cancelRetry = this.#surroundings.later(() => this.#connect(), pause);
    this.#setReach({ state: 'gone', code: 'ERR_AGENT_NOT_RUNNING' });
    this.#listener.lost(undefined);
  }

  #setReach(reach: Reach): void {
    this.#reach = reach;
    this.#listener.reach(reach);
  }
}

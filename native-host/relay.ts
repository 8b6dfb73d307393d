// Between the browser's port and the agent's connection: passes messages on unread, says whether there is an agent, and
// answers requests itself while there is none. Each message goes one way, once.
import { type ErrorCode, type KortbroError } from '../shared/errors.ts';
import { type AgentConnection } from './agent-connection.ts';
import { type LinkListener } from './agent-link.ts';
import { HeldMessages, heldBytes } from './held-messages.ts';
import { presenceMessage, refusalOf, type AgentPresence } from './refusal.ts';

/** Bytes that the agent may leave unread: what can be held, and as much again. */
const unsentMaximum = 2 * heldBytes;

/** Reasons that hold for the next request as well. */
const lastingReasons = new Set<ErrorCode>([
  'ERR_AGENT_ENDPOINT',
  'ERR_AGENT_PROOF',
  'ERR_AGENT_VERSION',
  'ERR_AGENT_BUSY',
]);

/** Owns the state that both sides must agree on. `toBrowser` takes one message. */
export class Relay implements LinkListener {
  readonly #toBrowser: (message: Uint8Array) => void;
  readonly #held = new HeldMessages();
  #connection: AgentConnection | undefined;
  /** Why there is no agent, once that is known; undefined before and during an attempt. */
  #refusal: ErrorCode | undefined;
  #announced: string | undefined;
  #isCongested = false;

  constructor(toBrowser: (message: Uint8Array) => void) {
    this.#toBrowser = toBrowser;
  }

  fromBrowser(message: Uint8Array): void {
    if (this.#connection !== undefined) {
      // An agent that leaves this much unread hangs. Without it, everything in flight gets a definite answer.
      if (this.#connection.unsent > unsentMaximum) this.#connection.drop();
      else this.#connection.send(message);
    } else if (this.#refusal !== undefined) {
      this.#refuse(message, this.#refusal);
    } else if (!this.#held.add(message)) {
      this.#refuse(message, 'ERR_REQUEST_TOO_MANY');
    }
  }

  /** The browser reads too slowly (true) or again (false). */
  congested(isCongested: boolean): void {
    this.#isCongested = isCongested;
    if (isCongested) this.#connection?.pause();
    else this.#connection?.resume();
  }

  connecting(): void {
    this.#refusal = undefined;
    this.#announce('connecting');
  }

  connected(connection: AgentConnection): void {
    this.#connection = connection;
    if (this.#isCongested) connection.pause();
    this.#announce('connected');
    for (const message of this.#held.takeAll()) this.fromBrowser(message);
  }

  message(message: Uint8Array): void {
    this.#toBrowser(message);
  }

  gone(error: KortbroError): void {
    this.#connection = undefined;
    this.#announce('gone', error);
    // What ended a connection answers what was in flight. A later request only finds nobody there, unless the reason lasts.
    this.#refusal = lastingReasons.has(error.code) ? error.code : 'ERR_AGENT_NOT_RUNNING';
    for (const message of this.#held.takeAll()) this.#refuse(message, this.#refusal);
  }

  #refuse(message: Uint8Array, code: ErrorCode): void {
    const refusal = refusalOf(message, code);
    if (refusal !== undefined) this.#toBrowser(refusal);
  }

  /** Says only what is new: an attempt that fails as the last one did is silent. */
  #announce(state: AgentPresence, error?: KortbroError): void {
    const announcement = `${state} ${error?.code ?? ''}`;
    if (announcement === this.#announced) return;
    this.#announced = announcement;
    this.#toBrowser(presenceMessage(state, error));
  }
}

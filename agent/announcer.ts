// Tells every connected browser and command what has changed: numbered events, each with the whole picture.
import { type AgentMessage, type AgentState, type EventName } from '../shared/messages.ts';

export class Announcer {
  readonly #state: () => AgentState;
  #sequence = 0;
  #last = '';
  #broadcast: (message: AgentMessage) => void = () => undefined;

  constructor(state: () => AgentState) {
    this.#state = state;
  }

  /** Where events go from now on. */
  connect(broadcast: (message: AgentMessage) => void): void {
    this.#broadcast = broadcast;
  }

  /** The first message to whoever says hello. */
  snapshot(): AgentMessage {
    return { type: 'snapshot', sequence: this.#sequence, state: this.#state() };
  }

  /** Sends an event. `origins`: the sites that may be told. A bare 'changed' that would show the same picture is left out. */
  announce(name: EventName, origins: string[]): void {
    const state = this.#state();
    const picture = JSON.stringify(state);
    if (name === 'changed' && picture === this.#last) return;
    this.#last = picture;
    this.#broadcast({ type: 'event', sequence: ++this.#sequence, name, origins, state });
  }
}

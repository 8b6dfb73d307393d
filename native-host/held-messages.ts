// What the browser has sent while the agent is being reached: a short queue, bounded in number and bytes.
import { limits } from '../shared/limits.ts';

/** At most as many as one connection may have open, */
export const heldNumber = limits.openRequestsPerConnection;
/** and at most so many bytes together: a window of a document's pieces, and a little. */
export const heldBytes = (limits.documentWindow + 1) * limits.messageToHost;

/** A queue that is emptied all at once. */
export class HeldMessages {
  #messages: Uint8Array[] = [];
  #bytes = 0;

  /** Whether there was room for it. */
  add(message: Uint8Array): boolean {
    if (this.#messages.length >= heldNumber || this.#bytes + message.length > heldBytes) return false;
    this.#messages.push(message);
    this.#bytes += message.length;
    return true;
  }

  /** Everything held, oldest first; nothing is held afterwards. */
  takeAll(): Uint8Array[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

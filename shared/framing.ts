// Native-messaging framing: 4-byte little-endian length, then UTF-8 JSON. The length is checked before a byte is kept.
// https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging (little-endian on every platform we serve)
import { KortbroError } from './errors.ts';

/** Wraps one message; refuses what the receiver would refuse. */
export function encodeFrame(body: Uint8Array, maximum: number): Uint8Array {
  if (body.length > maximum) throw new KortbroError('ERR_REQUEST_TOO_LARGE');
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, 4);
  return frame;
}

/** Cuts a byte stream into messages. Holds at most one message of `maximum` bytes, however the bytes arrive. */
export class FrameReader {
  readonly #maximum: number;
  readonly #header = new Uint8Array(4);
  #body: Uint8Array | undefined;
  #filled = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Whether a message has begun and is not complete: a stream that ends now was cut off. */
  get midFrame(): boolean {
    return this.#filled > 0 || this.#body !== undefined;
  }

  /**
   * Takes the next bytes and returns the messages that they complete.
   * @throws KortbroError ERR_REQUEST_TOO_LARGE, ERR_REQUEST_INVALID (empty message); the reader is then of no more use.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const target = this.#body ?? this.#header;
      const taken = Math.min(target.length - this.#filled, rest.length);
      target.set(rest.subarray(0, taken), this.#filled);
      this.#filled += taken;
      rest = rest.subarray(taken);
      if (this.#filled < target.length) break;
      this.#filled = 0;
      if (this.#body !== undefined) {
        messages.push(this.#body);
        this.#body = undefined;
      } else {
        this.#body = new Uint8Array(this.#checkedLength());
      }
    }
    return messages;
  }

  #checkedLength(): number {
    const length = new DataView(this.#header.buffer).getUint32(0, true);
    if (length > this.#maximum) throw new KortbroError('ERR_REQUEST_TOO_LARGE');
    if (length === 0) throw new KortbroError('ERR_REQUEST_INVALID');
    return length;
  }
}

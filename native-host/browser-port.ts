// The browser's end: frames in from stdin, frames out to stdout, each bounded in size, number of bytes held, and time.
// Any breach ends the process, by `ending`: Chromium has no other answer to a bad stream either.
import { isUtf8 } from 'node:buffer';
import { Socket } from 'node:net';
import { KortbroError } from '../shared/errors.ts';
import { encodeFrame, FrameReader } from '../shared/framing.ts';
import { limits } from '../shared/limits.ts';
import { type Ending } from './ending.ts';

/** Bytes for the browser that are held at most: two messages of the largest size. */
const unreadMaximum = 2 * limits.messageToBrowser;

export interface BrowserListener {
  message(message: Uint8Array): void;
  /** The browser reads slower than it is written to (true), or has caught up (false). */
  congested(isCongested: boolean): void;
  ending(reason: Ending): void;
}

/** Both standard streams. One per process. */
export class BrowserPort {
  readonly #listener: BrowserListener;
  readonly #reader = new FrameReader(limits.messageToHost);
  readonly #output: Socket;
  #frameTimer: NodeJS.Timeout | undefined;
  #unreadTimer: NodeJS.Timeout | undefined;

  /** Starts reading. Not process.stdin and process.stdout: a full pipe must never block this process. */
  constructor(listener: BrowserListener) {
    this.#listener = listener;
    this.#output = new Socket({ fd: 1, readable: false, writable: true });
    this.#output.on('error', () => listener.ending('unwritable'));
    this.#output.on('drain', () => {
      clearTimeout(this.#unreadTimer);
      this.#unreadTimer = undefined;
      listener.congested(false);
    });
    const input = new Socket({ fd: 0, readable: true, writable: false });
    input.on('data', (chunk: Buffer) => this.#read(chunk));
    input.on('end', () => listener.ending(this.#reader.midFrame ? 'truncated' : 'closed'));
    input.on('error', () => listener.ending('closed'));
  }

  /** Sends one message. @throws KortbroError ERR_REQUEST_TOO_LARGE */
  write(message: Uint8Array): void {
    if (this.#output.write(encodeFrame(message, limits.messageToBrowser))) return;
    if (this.#output.writableLength > unreadMaximum) this.#listener.ending('unread');
    this.#unreadTimer ??= setTimeout(() => this.#listener.ending('unread'), limits.frameTime);
    this.#listener.congested(true);
  }

  #read(chunk: Uint8Array): void {
    let messages: Uint8Array[];
    try {
      messages = this.#reader.push(chunk);
    } catch (error) {
      const isTooLarge = error instanceof KortbroError && error.code === 'ERR_REQUEST_TOO_LARGE';
      this.#listener.ending(isTooLarge ? 'too-large' : 'empty');
      return;
    }
    if (messages.length > 0) {
      clearTimeout(this.#frameTimer);
      this.#frameTimer = undefined;
    }
    for (const message of messages) {
      if (isUtf8(message)) this.#listener.message(message);
      else this.#listener.ending('encoding');
    }
    if (this.#reader.midFrame) {
      this.#frameTimer ??= setTimeout(() => this.#listener.ending('slow'), limits.frameTime);
    }
  }
}

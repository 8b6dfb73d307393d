// Frames between agent and module host: [u32 LE length of json][u32 LE length of bytes][json][bytes]. Lengths are checked
// before anything is kept, and `bytes` gets a Buffer of its own, which its receiver owns and can zero.
import { maximumBytes, maximumJson } from './module-host-protocol.ts';

/** One frame. `json` is UTF-8 text that nobody has parsed yet; `bytes` may be empty. */
export interface HostFrame {
  json: Buffer;
  bytes: Buffer;
}

/** A frame of the other side that cannot be one: the stream is of no more use. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const headerLength = 8;

/** The frame up to its binary part, which the caller writes behind it from its own Buffer (so that no copy is made here). */
export function frameHead(value: unknown, bytesLength: number): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  if (json.length > maximumJson || bytesLength > maximumBytes) throw new FrameError('frame too large');
  const head = Buffer.alloc(headerLength + json.length);
  head.writeUInt32LE(json.length, 0);
  head.writeUInt32LE(bytesLength, 4);
  json.copy(head, headerLength);
  return head;
}

/** Cuts a byte stream into frames, however the bytes arrive. Holds at most one frame and keeps nothing of what it gave out. */
export class HostFrameReader {
  readonly #header = Buffer.alloc(headerLength);
  #json = Buffer.alloc(0);
  #bytes = Buffer.alloc(0);
  #part: 'header' | 'json' | 'bytes' = 'header';
  #filled = 0;

  /** Takes the next bytes (copied; the caller may zero them) and returns the frames that they complete. @throws FrameError */
  push(chunk: Uint8Array): HostFrame[] {
    const frames: HostFrame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const target = this.#target();
      const taken = Math.min(target.length - this.#filled, rest.length);
      target.set(rest.subarray(0, taken), this.#filled);
      this.#filled += taken;
      rest = rest.subarray(taken);
      if (this.#filled === target.length) this.#finishPart(frames);
    }
    return frames;
  }

  #target(): Buffer {
    if (this.#part === 'header') return this.#header;
    return this.#part === 'json' ? this.#json : this.#bytes;
  }

  #finishPart(frames: HostFrame[]): void {
    this.#filled = 0;
    if (this.#part === 'header') {
      const jsonLength = this.#header.readUInt32LE(0);
      const bytesLength = this.#header.readUInt32LE(4);
      if (jsonLength === 0 || jsonLength > maximumJson || bytesLength > maximumBytes) {
        throw new FrameError('frame of a wrong length');
      }
      this.#json = Buffer.alloc(jsonLength);
      // Not Buffer.alloc: V8 keeps up to 64 bytes within its own heap, and leaves a copy there when native code asks for them.
      this.#bytes = Buffer.from(new ArrayBuffer(bytesLength));
      this.#part = 'json';
    } else if (this.#part === 'json' && this.#bytes.length > 0) {
      this.#part = 'bytes';
    } else {
      frames.push({ json: this.#json, bytes: this.#bytes });
      this.#json = Buffer.alloc(0);
      this.#bytes = Buffer.alloc(0);
      this.#part = 'header';
    }
  }
}

// The documents of one request: bytes come in by pieces and stay as they are until the request ends. What is shown, hashed
// and signed is read from here alone.
import { createHash, type Hash } from 'node:crypto';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type DocumentEntry } from '../../../shared/signing.ts';

/** The bytes that requests may hold: those of one origin so many, all together twice that, so that nobody takes all the room. */
export class DocumentBudget {
  readonly #held = new Map<string, number>();

  /** @returns what gives them back. @throws KortbroError ERR_DOCUMENT_TOO_LARGE beyond the room alone, ERR_AGENT_BUSY beside others */
  reserve(origin: string, bytes: number): () => void {
    if (bytes > limits.documentsTogether) throw new KortbroError('ERR_DOCUMENT_TOO_LARGE');
    const own = (this.#held.get(origin) ?? 0) + bytes;
    const all = [...this.#held.values()].reduce((sum, held) => sum + held, bytes);
    if (own > limits.documentsTogether || all > 2 * limits.documentsTogether) throw new KortbroError('ERR_AGENT_BUSY');
    this.#held.set(origin, own);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#held.get(origin) ?? 0) - bytes;
      if (left === 0) this.#held.delete(origin);
      else this.#held.set(origin, left);
    };
  }
}

/** A document that has come in whole. */
export interface HeldDocument extends DocumentEntry {
  readonly bytes: Uint8Array;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
}

/** Takes the pieces in order: every document from its start to its end, then the next. */
export class DocumentIntake {
  readonly #entries: readonly DocumentEntry[];
  readonly #held: HeldDocument[] = [];
  #bytes = Buffer.alloc(0);
  #hash: Hash = createHash('sha256');
  #offset = 0;

  constructor(entries: readonly DocumentEntry[]) {
    this.#entries = entries;
    this.#begin();
  }

  /** Whether every byte has come. */
  get isComplete(): boolean {
    return this.#held.length === this.#entries.length;
  }

  /** Those that have come in whole. */
  get documents(): readonly HeldDocument[] {
    return this.#held;
  }

  /** @returns the offset behind the piece. @throws KortbroError ERR_DOCUMENT_INCOMPLETE */
  take(document: number, offset: number, data: Uint8Array): number {
    const next = offset + data.length;
    const isExpected = !this.isComplete && document === this.#held.length && offset === this.#offset;
    if (!isExpected || data.length === 0 || next > this.#bytes.length)
      throw new KortbroError('ERR_DOCUMENT_INCOMPLETE');
    this.#bytes.set(data, offset);
    this.#hash.update(data);
    this.#offset = next;
    if (next === this.#bytes.length) this.#end();
    return next;
  }

  #begin(): void {
    const entry = this.#entries[this.#held.length];
    if (entry === undefined) return;
    this.#bytes = Buffer.from(new ArrayBuffer(entry.size));
    this.#hash = createHash('sha256');
    this.#offset = 0;
    if (entry.size === 0) this.#end();
  }

  #end(): void {
    const entry = this.#entries[this.#held.length] as DocumentEntry;
    this.#held.push(Object.freeze({ ...entry, bytes: this.#bytes, fingerprint: this.#hash.digest('hex') }));
    this.#begin();
  }
}

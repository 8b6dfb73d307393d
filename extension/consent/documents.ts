// The documents as the agent has frozen them: read back piece by piece, what is wanted now first, and each compared with its
// fingerprint once it is whole. Nothing of them is kept anywhere but here.
import { limits } from '../../shared/limits.ts';
import { type SigningConsent } from '../../shared/signing.ts';
import { piecesOf, type Piece } from '../page-api/pieces.ts';

/** `differs`: these are not the bytes that would be signed. */
export type DocumentState = 'loading' | 'same' | 'differs';

interface Loading {
  bytes: Uint8Array;
  state: DocumentState;
  missing: Set<Piece>;
  /** Called when a piece has come, or the state has changed. */
  waiting: Set<() => void>;
}

export class Documents {
  readonly #documents: Loading[];
  readonly #fingerprints: string[];
  readonly #request: (piece: Piece) => void;
  readonly #changed: () => void;
  /** In the order in which they are asked for. */
  #queue: Piece[];
  readonly #pieces: readonly Piece[];
  #onTheWay = 0;

  /** `request` asks for a piece; `changed` is called when a document has got on. */
  constructor(documents: SigningConsent['documents'], request: (piece: Piece) => void, changed: () => void) {
    this.#request = request;
    this.#changed = changed;
    this.#fingerprints = documents.map(({ fingerprint }) => fingerprint);
    this.#pieces = piecesOf(documents.map(({ size }) => size));
    this.#queue = [...this.#pieces];
    this.#documents = documents.map(({ size }, number) => ({
      bytes: new Uint8Array(size),
      state: 'loading',
      missing: new Set(this.#pieces.filter(({ document }) => document === number)),
      waiting: new Set(),
    }));
  }

  /** Begins to read all of them. */
  start(): void {
    for (const [number, { missing }] of this.#documents.entries()) if (missing.size === 0) void this.#compare(number);
    this.#ask();
  }

  get states(): DocumentState[] {
    return this.#documents.map(({ state }) => state);
  }

  /** A piece has come. */
  take(document: number, offset: number, bytes: Uint8Array): void {
    const loading = this.#documents[document];
    const piece = this.#pieces.find((known) => known.document === document && known.offset === offset);
    if (loading === undefined || piece?.size !== bytes.length || !loading.missing.delete(piece)) return;
    loading.bytes.set(bytes, offset);
    this.#onTheWay--;
    this.#wake(loading);
    if (loading.missing.size === 0) void this.#compare(document);
    this.#ask();
  }

  /** A copy of some bytes, read before anything else; not compared with anything yet. */
  async range(document: number, begin: number, end: number): Promise<Uint8Array> {
    const loading = this.#document(document);
    const isWithin = ({ offset, size }: Piece): boolean => offset < end && offset + size > begin;
    const isWanted = (piece: Piece): boolean => piece.document === document && isWithin(piece);
    this.#queue = [...this.#queue.filter(isWanted), ...this.#queue.filter((piece) => !isWanted(piece))];
    await this.#until(loading, () => ![...loading.missing].some(isWithin));
    return loading.bytes.slice(begin, end);
  }

  /** The whole document, once it has been found to be the one that would be signed. @throws Error when it is not */
  async whole(document: number): Promise<Uint8Array> {
    const loading = this.#document(document);
    const isOwn = (piece: Piece): boolean => piece.document === document;
    this.#queue = [...this.#queue.filter(isOwn), ...this.#queue.filter((piece) => !isOwn(piece))];
    await this.#until(loading, () => loading.state !== 'loading');
    if (loading.state === 'differs') throw new Error('the document is not the one that would be signed');
    return loading.bytes;
  }

  #document(number: number): Loading {
    const loading = this.#documents[number];
    if (loading === undefined) throw new Error(`there is no document ${number}`);
    return loading;
  }

  #ask(): void {
    while (this.#onTheWay < limits.documentWindow) {
      const piece = this.#queue.shift();
      if (piece === undefined) return;
      this.#onTheWay++;
      this.#request(piece);
    }
  }

  async #compare(number: number): Promise<void> {
    const loading = this.#document(number);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', loading.bytes as BufferSource));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    loading.state = hex === this.#fingerprints[number] ? 'same' : 'differs';
    this.#wake(loading);
    this.#changed();
  }

  #wake({ waiting }: Loading): void {
    for (const wake of [...waiting]) wake();
  }

  #until({ waiting }: Loading, holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  }
}

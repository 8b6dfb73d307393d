// Reads PDF objects (ISO 32000-1 7.3) at given places of a file, strictly: what one viewer could read otherwise than
// another is refused (a key twice, a stream whose length is wrong). Nothing is searched for and nothing is repaired.

export type PdfObject =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'name'; readonly value: string }
  | PdfString
  | { readonly type: 'reference'; readonly number: number; readonly generation: number }
  | { readonly type: 'array'; readonly items: readonly PdfObject[] }
  | PdfDictionary
  | PdfStream;

export interface PdfString {
  readonly type: 'string';
  readonly bytes: Uint8Array;
  readonly isHex: boolean;
  /** Where it stands, from its opening bracket to behind its closing one. */
  readonly start: number;
  readonly end: number;
}

export interface PdfDictionary {
  readonly type: 'dictionary';
  readonly entries: ReadonlyMap<string, PdfObject>;
}

export interface PdfStream {
  readonly type: 'stream';
  readonly entries: ReadonlyMap<string, PdfObject>;
  /** As it stands in the file, before any filter. */
  readonly raw: Uint8Array;
}

export interface IndirectObject {
  readonly number: number;
  readonly generation: number;
  readonly object: PdfObject;
  /** Behind `endobj`. */
  readonly end: number;
}

/** Thrown while reading, and turned into a SignatureError by whoever knows what the place was for. */
export class PdfError extends Error {
  override readonly name = 'PdfError';
}

export const NULL_OBJECT: PdfObject = { type: 'null' };
const MAX_DEPTH = 64;
const MAX_NAME_LENGTH = 1024;
/** A signature that brings CRLs of some megabytes along. */
const MAX_HEX_LENGTH = 16 * 1024 * 1024;
const WHITE_SPACE = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20]);
const DELIMITERS = new Set(Buffer.from('()<>[]{}/%', 'latin1'));
const NUMBER = /^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12, '(': 40, ')': 41, '\\': 92 };

export class PdfReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** White space and comments. */
  skipSpace(): void {
    for (;;) {
      while (WHITE_SPACE.has(this.#peek())) this.at += 1;
      if (this.#peek() !== 0x25) return;
      while (this.at < this.#bytes.length && this.#peek() !== 0x0a && this.#peek() !== 0x0d) this.at += 1;
    }
  }

  /** True, and past it, if `word` stands here as a token of its own. */
  takes(word: string): boolean {
    this.skipSpace();
    const end = this.at + word.length;
    if (Buffer.from(this.#bytes.subarray(this.at, end)).toString('latin1') !== word || !this.#isBoundary(end))
      return false;
    this.at = end;
    return true;
  }

  /** @throws PdfError */
  expect(word: string): void {
    if (!this.takes(word)) throw new PdfError();
  }

  /** A whole number that is not negative. @throws PdfError */
  integer(): number {
    this.skipSpace();
    const token = this.#token();
    if (!/^\d{1,10}$/.test(token)) throw new PdfError();
    return Number(token);
  }

  /** @throws PdfError */
  object(depth = 0): PdfObject {
    if (depth > MAX_DEPTH) throw new PdfError();
    this.skipSpace();
    switch (String.fromCharCode(this.#peek())) {
      case '/':
        return { type: 'name', value: this.#name() };
      case '(':
        return this.#literalString();
      case '[':
        return this.#array(depth);
      case '<':
        return this.#peek(1) === 0x3c ? this.#dictionary(depth) : this.#hexString();
    }
    const start = this.at;
    const token = this.#token();
    if (token === 'null') return NULL_OBJECT;
    if (token === 'true' || token === 'false') return { type: 'boolean', value: token === 'true' };
    if (!NUMBER.test(token)) throw new PdfError();
    return this.#reference(start) ?? { type: 'number', value: Number(token) };
  }

  /**
   * `n g obj ... endobj`. @throws PdfError
   * @param lengthOf the value of a stream's Length where that is a reference
   */
  indirectObject(lengthOf: (length: PdfObject) => number): IndirectObject {
    const [number, generation] = [this.integer(), this.integer()];
    this.expect('obj');
    const value = this.object();
    const object = value.type === 'dictionary' && this.takes('stream') ? this.#stream(value, lengthOf) : value;
    this.expect('endobj');
    return { number, generation, object, end: this.at };
  }

  #stream({ entries }: PdfDictionary, lengthOf: (length: PdfObject) => number): PdfStream {
    if (this.#peek() === 0x0d) this.at += 1;
    if (this.#peek() !== 0x0a) throw new PdfError();
    this.at += 1;
    const length = lengthOf(entries.get('Length') ?? NULL_OBJECT);
    const end = this.at + length;
    if (!Number.isSafeInteger(length) || length < 0 || end > this.#bytes.length) throw new PdfError();
    const raw = this.#bytes.subarray(this.at, end);
    this.at = end;
    while (WHITE_SPACE.has(this.#peek())) this.at += 1;
    this.expect('endstream');
    return { type: 'stream', entries, raw };
  }

  #peek(ahead = 0): number {
    return this.#bytes[this.at + ahead] ?? -1;
  }

  #isBoundary(at: number): boolean {
    const octet = this.#bytes[at];
    return octet === undefined || WHITE_SPACE.has(octet) || DELIMITERS.has(octet);
  }

  /** Regular characters up to the next boundary. */
  #token(): string {
    const start = this.at;
    while (!this.#isBoundary(this.at)) {
      this.at += 1;
      if (this.at - start > MAX_NAME_LENGTH) throw new PdfError();
    }
    if (this.at === start) throw new PdfError();
    return Buffer.from(this.#bytes.subarray(start, this.at)).toString('latin1');
  }

  #name(): string {
    this.at += 1;
    if (this.#isBoundary(this.at)) return '';
    return this.#token().replace(/#([0-9A-Fa-f]{2})?/g, (_, hex: string | undefined) => {
      if (hex === undefined) throw new PdfError();
      return String.fromCharCode(Number.parseInt(hex, 16));
    });
  }

  /** `n g R` at `start`, or undefined with the reader where it was. */
  #reference(start: number): PdfObject | undefined {
    const behind = this.at;
    const window = Buffer.from(this.#bytes.subarray(start, start + 32)).toString('latin1');
    const match = /^(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R/.exec(window);
    if (match === null || !this.#isBoundary(start + match[0].length)) {
      this.at = behind;
      return undefined;
    }
    this.at = start + match[0].length;
    return { type: 'reference', number: Number(match[1]), generation: Number(match[2]) };
  }

  #array(depth: number): PdfObject {
    this.at += 1;
    const items: PdfObject[] = [];
    for (;;) {
      this.skipSpace();
      if (this.#peek() === 0x5d) break;
      items.push(this.object(depth + 1));
    }
    this.at += 1;
    return { type: 'array', items };
  }

  #dictionary(depth: number): PdfDictionary {
    this.at += 2;
    const entries = new Map<string, PdfObject>();
    for (;;) {
      this.skipSpace();
      if (this.#peek() === 0x3e && this.#peek(1) === 0x3e) break;
      if (this.#peek() !== 0x2f) throw new PdfError();
      const key = this.#name();
      if (entries.has(key)) throw new PdfError(); // some viewers take the first, others the last
      entries.set(key, this.object(depth + 1));
    }
    this.at += 2;
    return { type: 'dictionary', entries };
  }

  #hexString(): PdfString {
    const start = this.at;
    const end = this.#bytes.indexOf(0x3e, start) + 1;
    if (end === 0 || end - start > MAX_HEX_LENGTH) throw new PdfError();
    const digits = Buffer.from(this.#bytes.subarray(start + 1, end - 1))
      .toString('latin1')
      .replace(/[\0\t\n\f\r ]/g, '');
    if (!/^[0-9A-Fa-f]*$/.test(digits)) throw new PdfError();
    this.at = end;
    const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex');
    return { type: 'string', bytes, isHex: true, start, end };
  }

  #literalString(): PdfString {
    const start = this.at;
    const octets: number[] = [];
    this.at += 1;
    for (let open = 1; open > 0;) {
      const octet = this.#peek();
      if (octet < 0) throw new PdfError();
      this.at += 1;
      if (octet === 0x5c) {
        this.#escape(octets);
        continue;
      }
      if (octet === 0x28) open += 1;
      if (octet === 0x29) open -= 1;
      if (open > 0) octets.push(octet);
    }
    return { type: 'string', bytes: Uint8Array.from(octets), isHex: false, start, end: this.at };
  }

  #escape(octets: number[]): void {
    const character = String.fromCharCode(this.#peek());
    const octal = /^[0-7]{1,3}/.exec(Buffer.from(this.#bytes.subarray(this.at, this.at + 3)).toString('latin1'))?.[0];
    if (octal !== undefined) {
      octets.push(Number.parseInt(octal, 8) & 0xff);
      this.at += octal.length;
      return;
    }
    this.at += 1;
    if (character === '\r' && this.#peek() === 0x0a) this.at += 1;
    if (character === '\r' || character === '\n') return;
    octets.push(ESCAPES[character] ?? character.charCodeAt(0));
  }
}

/** One spelling of what an object says, to compare two of them. The contents of streams are in it, too. */
export function spell(object: PdfObject): string {
  switch (object.type) {
    case 'null':
      return 'null';
    case 'boolean':
    case 'number':
      return String(object.value);
    case 'name':
      return `/${JSON.stringify(object.value)}`;
    case 'string':
      return `<${Buffer.from(object.bytes).toString('hex')}>`;
    case 'reference':
      return `${object.number} ${object.generation} R`;
    case 'array':
      return `[${object.items.map(spell).join(' ')}]`;
    case 'dictionary':
    case 'stream': {
      const entries = [...object.entries].map(([key, value]) => `${JSON.stringify(key)}:${spell(value)}`).sort();
      const raw = object.type === 'stream' ? Buffer.from(object.raw).toString('hex') : '';
      return `{${entries.join(' ')}}${raw}`;
    }
  }
}

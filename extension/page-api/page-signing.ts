// The page's side of one signing: cuts the documents into pieces and sends them as fast as they are taken, puts the
// signatures together, tells how far it has come. Runs among the page's own scripts (see page-client.ts) and guards nothing.
import { type SignOptions, type SignRequest, type SignResult } from './api.ts';
import { piecesOf, piecesOnTheWay, type Piece } from './pieces.ts';
import { type BytesPiece, type SigningNews } from './sign-messages.ts';

const { apply, get, setPrototypeOf } = Reflect;
const isView = ArrayBuffer.isView.bind(ArrayBuffer);
const NativeUint8Array = Uint8Array;
const NativeArrayBuffer = ArrayBuffer;
const NativeBlob = Blob;
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const sliceBytes = get(Uint8Array.prototype, 'slice');
const setBytes = get(Uint8Array.prototype, 'set');
const sliceBlob = get(Blob.prototype, 'slice');
const bufferOf = get(Blob.prototype, 'arrayBuffer');
const reportListenerError = globalThis.reportError;

/** A document's bytes, which may have to be fetched. */
type Source = Uint8Array | Blob;

/** One signing, as the page client drives it. */
export interface PageSigning {
  /** The request, for JSON. */
  readonly fields: object;
  told(news: SigningNews): void;
  received(piece: BytesPiece): void;
  /** The result, once the extension says that it is whole; undefined when it is not. */
  result(): SignResult | undefined;
  /** Nothing is sent or told any more. */
  stop(): void;
}

/**
 * Prepares a signing; nothing is read yet but a text. `send` posts a piece and transfers its buffer. `failed` is called when
 * a document cannot be read as it was announced.
 * @returns undefined for what is no such request
 */
export function preparePageSigning(
  request: SignRequest,
  onProgress: SignOptions['onProgress'],
  send: (piece: { document: number; offset: number; bytes: Uint8Array }) => void,
  failed: () => void,
): PageSigning | undefined {
  const sources: Source[] = [];
  const names: string[] = [];
  // Without prototypes: a toJSON that a library has put there would change what is sent.
  const documents: object[] = setPrototypeless([]);
  const asked = request.documents;
  for (let i = 0; i < asked.length; i++) {
    const { name, type, content } = asked[i] ?? ({} as Partial<SignRequest['documents'][number]>);
    const source = sourceOf(content);
    if (source === undefined) return undefined;
    sources[i] = source;
    names[i] = `${name}`;
    documents[i] = setPrototypeless({ name, type, size: sizeOf(source) });
  }
  const { format, level, algorithm, certificate } = request;
  const pieces = piecesOf(map(sources, sizeOf));
  const total = sum(pieces);
  let sent = 0;
  let taken = 0;
  let isStopped = false;
  /** Asked anew after each wait. */
  const isOver = (): boolean => isStopped;
  let isReading = false;
  let signed: Extract<SigningNews, { stage: 'signed' }> | undefined;
  let signatures: Uint8Array[] = [];
  let awaited: Piece[] = [];
  let received = 0;

  function tell(progress: object): void {
    if (isOver() || typeof onProgress !== 'function') return;
    try {
      onProgress(progress as Parameters<typeof onProgress>[0]);
    } catch (error) {
      reportListenerError(error);
    }
  }

  /** One document is read at a time, so that pieces stay in their order. */
  async function sendMore(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      for (;;) {
        const piece = pieces[sent];
        if (isOver() || piece === undefined || sent - taken >= piecesOnTheWay) break;
        const bytes = await readPiece(sources[piece.document], piece);
        if (isOver()) break;
        if (bytes.length !== piece.size) throw new Error('the document has changed');
        sent++;
        send({ document: piece.document, offset: piece.offset, bytes });
      }
    } catch {
      if (!isOver()) failed();
    }
    isReading = false;
  }

  return {
    fields: { documents, format, level, algorithm, certificate },
    told(news) {
      if (news.stage === 'receiving') {
        tell({ stage: 'sending', sent: 0, total });
        void sendMore();
      } else if (news.stage === 'taken') {
        taken = news.pieces;
        tell({ stage: 'sending', sent: sum(pieces, taken), total });
        if (taken === pieces.length) tell({ stage: 'reading' });
        else void sendMore();
      } else if (news.stage === 'consent') {
        tell({ stage: 'consent' });
      } else if (news.stage === 'progress') {
        tell({ stage: 'signing', done: news.done, of: names.length });
      } else {
        signed = news;
        const sizes = map(news.documents, (entry) => (entry.status === 'signed' ? entry.size : 0));
        signatures = map(sizes, (size) => new NativeUint8Array(size));
        awaited = piecesOf(sizes);
        tell({ stage: 'receiving', received: 0, total: sum(awaited) });
      }
    },
    received({ document, offset, bytes }) {
      const piece = awaited[received];
      if (piece?.document !== document || piece.offset !== offset || piece.size !== bytes.length) return;
      apply(setBytes, signatures[document], [bytes, offset]);
      received++;
      tell({ stage: 'receiving', received: sum(awaited, received), total: sum(awaited) });
    },
    result() {
      if (signed === undefined || received !== awaited.length) return undefined;
      const entries = map(signed.documents, (entry, i) => {
        const name = names[i] ?? '';
        if (entry.status === 'failed') return { name, status: entry.status, code: entry.code, message: entry.message };
        return { name, status: entry.status, signature: signatures[i] ?? new NativeUint8Array(0) };
      });
      return { documents: entries, certificate: signed.certificate, algorithm: signed.algorithm };
    },
    stop() {
      isStopped = true;
    },
  };
}

function sourceOf(content: unknown): Source | undefined {
  if (typeof content === 'string') return encode(content);
  if (content instanceof NativeBlob) return content;
  if (content instanceof NativeArrayBuffer) return new NativeUint8Array(content);
  if (!isView(content)) return undefined;
  return new NativeUint8Array(content.buffer, content.byteOffset, content.byteLength);
}

function sizeOf(source: Source): number {
  return source instanceof NativeBlob ? source.size : source.length;
}

/** A copy of its own, whose buffer can be given away. */
async function readPiece(source: Source | undefined, { offset, size }: Piece): Promise<Uint8Array> {
  const range = [offset, offset + size] as const;
  if (!(source instanceof NativeBlob)) return apply(sliceBytes, source, range);
  const part: Blob = apply(sliceBlob, source, range);
  return new NativeUint8Array(await apply(bufferOf, part, []));
}

/** Bytes of the first `count` pieces. */
function sum(pieces: readonly Piece[], count = pieces.length): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += pieces[i]?.size ?? 0;
  return bytes;
}

function map<T, R>(values: readonly T[], convert: (value: T, index: number) => R): R[] {
  const converted: R[] = [];
  for (let i = 0; i < values.length; i++) converted[i] = convert(values[i] as T, i);
  return converted;
}

function setPrototypeless<T extends object>(value: T): T {
  setPrototypeOf(value, null);
  return value;
}

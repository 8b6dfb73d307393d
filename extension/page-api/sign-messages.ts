// What page script, content script and background say to each other while documents are signed. As in page-messages.ts:
// closed sets of keys, new values. What only passes through here (format, level, ...) is the background's to check.
import { type ErrorCode } from '../../shared/errors.ts';
import { pageLimits as limits } from '../../shared/page-limits.ts';
import { type SignResult } from './api.ts';

/** A document as it is announced. */
export interface AnnouncedDocument {
  name: string;
  type: string;
  size: number;
}

/** A page's request to sign. The keys that are `unknown` are plain JSON of bounded length. */
export interface PageSignRequest {
  id: string;
  verb: 'sign';
  documents: AnnouncedDocument[];
  format: unknown;
  level?: unknown;
  algorithm?: unknown;
  certificate?: unknown;
}

/** A piece of a document on its way in; the bytes of a signature up to `offset` have been handed to the page. */
export type PageSigningMessage =
  | { verb: 'document'; id: string; document: number; offset: number; data: string }
  | { verb: 'fetched'; id: string; document: number; offset: number };

/** Bytes in base64, between background and content script. */
export interface EncodedPiece {
  document: number;
  offset: number;
  data: string;
}

/** Bytes between content script and page, transferred. */
export interface BytesPiece {
  id: string;
  document: number;
  offset: number;
  bytes: Uint8Array;
}

type SignedNews = { status: 'signed'; size: number } | { status: 'failed'; code: ErrorCode; message: string };

/** What a page hears of its request. `taken`: so many pieces have arrived. */
export type SigningNews =
  | { stage: 'receiving' }
  | { stage: 'taken'; pieces: number }
  | { stage: 'consent' }
  | { stage: 'progress'; done: number }
  | { stage: 'signed'; documents: SignedNews[]; certificate: string; algorithm: SignResult['algorithm'] };

const signKeys = ['id', 'verb', 'documents', 'format', 'level', 'algorithm', 'certificate'];
const passedOn = ['level', 'algorithm', 'certificate'] as const;
const encodedPiece = /^[A-Za-z0-9+/]+={0,2}$/;

/** `fields` of a request to sign, or undefined for what is none. */
export function parseSignRequest(
  id: string,
  fields: Record<string, unknown>,
): PageSignRequest | 'too large' | undefined {
  const { documents, format } = fields;
  if (!Object.keys(fields).every((key) => signKeys.includes(key))) return undefined;
  if (!Array.isArray(documents) || documents.length === 0 || documents.length > limits.documents) return undefined;
  if (typeof format !== 'object' || format === null) return undefined;
  const announced: AnnouncedDocument[] = [];
  for (const document of documents as unknown[]) {
    const entry = parseEntry(document);
    if (entry === undefined) return undefined;
    announced.push(entry);
  }
  const together = announced.reduce((sum, { size }) => sum + size, 0);
  if (together > limits.documentsTogether || announced.some(({ size }) => size > limits.documentSize))
    return 'too large';
  const request: PageSignRequest = { id, verb: 'sign', documents: announced, format };
  for (const key of passedOn) if (fields[key] !== undefined) request[key] = fields[key];
  return request;
}

function parseEntry(value: unknown): AnnouncedDocument | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, type, size, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0 || typeof name !== 'string' || typeof type !== 'string' || !isCount(size))
    return undefined;
  return { name, type, size };
}

/** A content script's word about bytes, or undefined. */
export function parseSigningMessage(id: string, fields: Record<string, unknown>): PageSigningMessage | undefined {
  const { verb, document, offset, data } = fields;
  const keys = Object.keys(fields).sort().join();
  if (!isCount(document) || !isCount(offset)) return undefined;
  if (verb === 'fetched' && keys === 'document,id,offset,verb') return { verb, id, document, offset };
  if (verb !== 'document' || keys !== 'data,document,id,offset,verb' || encodedSize(data) === undefined)
    return undefined;
  return { verb, id, document, offset, data: data as string };
}

/** A page's piece, as its MessagePort hands it over; undefined for what is none. */
export function parseBytesPiece(value: unknown): BytesPiece | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, document, offset, bytes, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0 || typeof id !== 'string' || !isCount(document) || !isCount(offset))
    return undefined;
  // Shared memory could change while it is read.
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer)) return undefined;
  if (bytes.length === 0 || bytes.length > limits.documentPiece) return undefined;
  return { id, document, offset, bytes };
}

/** How many bytes a piece in base64 holds; undefined for what is none. The agent decodes it, and refuses what is not canonical. */
export function encodedSize(data: unknown): number | undefined {
  if (typeof data !== 'string' || data.length % 4 !== 0) return undefined;
  if (data.length > Math.ceil(limits.documentPiece / 3) * 4 || !encodedPiece.test(data)) return undefined;
  return (data.length / 4) * 3 - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

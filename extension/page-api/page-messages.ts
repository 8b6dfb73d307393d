// What page script, content script and background say to each other. Each reader builds a new value from a closed set of
// keys; anything else is refused whole. Shape only: who asks is decided by the background, from what the browser tells.
import { decodeBase64 } from '../../shared/base64.ts';
import { type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

/** Events that a page can listen to. */
export const pageEventNames = ['cardremoved', 'cardinserted', 'loggedout'] as const;
export type PageEventName = (typeof pageEventNames)[number];

/** A page's question. `id` is random, made in the page world. */
export type PageRequest = { id: string; verb: 'status' } | { id: string; verb: 'authenticate'; nonce: string };

/** What a page can say. `since`: the number of the last notice that this document has seen (content script only). */
export type PageMessage = PageRequest | { verb: 'cancel'; id: string } | { verb: 'listen'; since?: number };

/** An error as a page gets it. */
export interface PageError {
  code: ErrorCode;
  message: string;
  triesLeft?: number;
  incident?: string;
}

/** What a page is told. `number` counts the notices to its origin, so that none is missed or told twice; null: it will hear of none. */
export type PageAnswer =
  | { id: string; result: unknown }
  | { id: string; error: PageError }
  | { event: PageEventName; number: number }
  | { listening: number | null };

/** Why a message was refused; `id` where the refusal can be addressed. */
export interface Refusal {
  id?: string;
  refused: 'ERR_REQUEST_INVALID' | 'ERR_REQUEST_TOO_LARGE' | 'ERR_REQUEST_NONCE';
}

/** The DOM event by which the page script hands its MessagePort to the content script. */
export const connectEventName = 'kortbro:connect';

/** The chrome.runtime port between content script and background. */
export const pagePortName = 'page';

const idPattern = /^[\w-]{1,64}$/;
const nonceMinimum = 44;
const nonceMaximum = 128;

/** Reads a page's message from its JSON text. */
export function parsePageText(text: unknown): PageMessage | Refusal {
  if (typeof text !== 'string') return { refused: 'ERR_REQUEST_INVALID' };
  if (text.length > limits.pageMessage) return { refused: 'ERR_REQUEST_TOO_LARGE' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { refused: 'ERR_REQUEST_INVALID' };
  }
  const message = parsePageMessage(value);
  return 'since' in message ? { refused: 'ERR_REQUEST_INVALID' } : message;
}

/** Reads a page's message as the background gets it from a content script. */
export function parsePageMessage(value: unknown): PageMessage | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { refused: 'ERR_REQUEST_INVALID' };
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields).sort().join();
  const { id, verb, nonce, since } = fields;
  if (verb === 'listen') {
    if (keys === 'verb') return { verb };
    if (keys === 'since,verb' && isCount(since)) return { verb, since };
    return { refused: 'ERR_REQUEST_INVALID' };
  }
  if (typeof id !== 'string' || !idPattern.test(id)) return { refused: 'ERR_REQUEST_INVALID' };
  if (keys === 'id,verb' && (verb === 'status' || verb === 'cancel')) return { id, verb };
  if (keys === 'id,nonce,verb' && verb === 'authenticate') {
    return isNonce(nonce) ? { id, verb, nonce } : { id, refused: 'ERR_REQUEST_NONCE' };
  }
  return { id, refused: 'ERR_REQUEST_INVALID' };
}

function isNonce(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= nonceMinimum &&
    value.length <= nonceMaximum &&
    decodeBase64(value) !== undefined
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

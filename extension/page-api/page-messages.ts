// What page script, content script and background say to each other. Each reader builds a new value from a closed set of
// keys; anything else is refused whole. Shape only: who asks is decided by the background, from what the browser tells.
import { decodeBase64 } from '../../shared/base64.ts';
import { type ErrorCode } from '../../shared/errors.ts';
import { pageLimits as limits } from '../../shared/page-limits.ts';
import { type LogoutReason, type LogoutRegistration } from './api.ts';
import {
  parseSigningMessage,
  parseSignRequest,
  type EncodedPiece,
  type PageSigningMessage,
  type PageSignRequest,
  type SigningNews,
} from './sign-messages.ts';

/** Events that a page can listen to. */
export const pageEventNames = ['cardremoved', 'cardinserted', 'loggedout'] as const;
export type PageEventName = (typeof pageEventNames)[number];

/** A page's question. `id` is random, made in the page world. */
export type PageRequest =
  | { id: string; verb: 'status' }
  | { id: string; verb: 'authenticate'; nonce: string; logout?: LogoutRegistration }
  | PageSignRequest;

/**
 * What a page can say. `since`: the number of the last notice that this document has seen. The last two answer a
 * `loggedout` event by its number: it has arrived, and nothing holds it up any more. `since`, `received`, `document` and
 * `fetched` are the content script's alone.
 */
export type PageMessage =
  | PageRequest
  | { verb: 'cancel'; id: string }
  | PageSigningMessage
  | { verb: 'listen'; since?: number }
  | { verb: 'received' | 'settled'; number: number };

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
  | { id: string; signing: SigningNews }
  | { id: string; piece: EncodedPiece }
  | { event: Exclude<PageEventName, 'loggedout'>; number: number }
  | { event: 'loggedout'; number: number; reason: LogoutReason }
  | { listening: number | null };

/** Why a message was refused; `id` where the refusal can be addressed. */
export interface Refusal {
  id?: string;
  refused:
    | 'ERR_REQUEST_INVALID'
    | 'ERR_REQUEST_TOO_LARGE'
    | 'ERR_REQUEST_NONCE'
    | 'ERR_REQUEST_LOGOUT'
    | 'ERR_DOCUMENT_TOO_LARGE';
}

/** The DOM event by which the page script hands its MessagePort to the content script. */
export const connectEventName = 'kortbro:connect';

/** The chrome.runtime port between content script and background. */
export const pagePortName = 'page';

/** The name of the port that a window without an address of its own keeps; nothing is said on it. */
export const windowPortName = 'window';

const idPattern = /^[\w-]{1,64}$/;
/** As shared/messages.ts has it. */
const tokenPattern = /^[\w.~+/=-]{22,512}$/;
const nonceMinimum = 44;
const nonceMaximum = 128;

/** Reads a page's message from its JSON text. */
export function parsePageText(text: unknown): PageMessage | Refusal {
  if (typeof text !== 'string') return { refused: 'ERR_REQUEST_INVALID' };
  if (text.length > limits.pageSignMessage) return { refused: 'ERR_REQUEST_TOO_LARGE' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { refused: 'ERR_REQUEST_INVALID' };
  }
  if (text.length > limits.pageMessage && !asksToSign(value)) return { refused: 'ERR_REQUEST_TOO_LARGE' };
  const message = parsePageMessage(value);
  if ('refused' in message) return message;
  const isOurs = 'since' in message || ['received', 'document', 'fetched'].includes(message.verb);
  return isOurs ? { refused: 'ERR_REQUEST_INVALID' } : message;
}

/** Names of a hundred documents take their place. */
function asksToSign(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'verb' in value && value.verb === 'sign';
}

/** Reads a page's message as the background gets it from a content script. */
export function parsePageMessage(value: unknown): PageMessage | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { refused: 'ERR_REQUEST_INVALID' };
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields).sort().join();
  const { id, verb, nonce, logout, since, number } = fields;
  if (verb === 'listen') {
    if (keys === 'verb') return { verb };
    if (keys === 'since,verb' && isCount(since)) return { verb, since };
    return { refused: 'ERR_REQUEST_INVALID' };
  }
  if (keys === 'number,verb' && (verb === 'received' || verb === 'settled') && isCount(number)) return { verb, number };
  if (typeof id !== 'string' || !idPattern.test(id)) return { refused: 'ERR_REQUEST_INVALID' };
  if (keys === 'id,verb' && (verb === 'status' || verb === 'cancel')) return { id, verb };
  if (keys === 'id,nonce,verb' && verb === 'authenticate') {
    return isNonce(nonce) ? { id, verb, nonce } : { id, refused: 'ERR_REQUEST_NONCE' };
  }
  if (keys === 'id,logout,nonce,verb' && verb === 'authenticate') {
    if (!isNonce(nonce)) return { id, refused: 'ERR_REQUEST_NONCE' };
    const registration = parseRegistration(logout);
    return registration === undefined
      ? { id, refused: 'ERR_REQUEST_LOGOUT' }
      : { id, verb, nonce, logout: registration };
  }
  const parsed = verb === 'sign' ? parseSignRequest(id, fields) : parseSigningMessage(id, fields);
  if (parsed === undefined) return { id, refused: 'ERR_REQUEST_INVALID' };
  return parsed === 'too large' ? { id, refused: 'ERR_DOCUMENT_TOO_LARGE' } : parsed;
}

function isNonce(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= nonceMinimum &&
    value.length <= nonceMaximum &&
    decodeBase64(value) !== undefined
  );
}

/** Shape only; that the address is on the page's own origin is the agent's to check. */
function parseRegistration(value: unknown): LogoutRegistration | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { url, token, leaseSeconds, guard, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0) return undefined;
  if (typeof url !== 'string' || url === '' || url.length > limits.logoutUrlLength) return undefined;
  if (typeof token !== 'string' || !tokenPattern.test(token)) return undefined;
  const parsed: LogoutRegistration = { url, token };
  if (leaseSeconds !== undefined) {
    if (!isCount(leaseSeconds) || leaseSeconds < limits.leaseMinimum || leaseSeconds > limits.leaseMaximum)
      return undefined;
    parsed.leaseSeconds = leaseSeconds;
  }
  if (guard !== undefined) {
    if (typeof guard !== 'boolean') return undefined;
    parsed.guard = guard;
  }
  return parsed;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

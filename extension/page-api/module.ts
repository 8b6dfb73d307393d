// The page API as an ES module for pages: import { kortbro, KortbroError } from './kortbro.js'. It only passes on to what
// the extension has put in the page; where there is nothing, every call says so with a code that a page can show.
import { type ErrorCode } from '../../shared/errors.ts';
import { type Kortbro, type KortbroEventName, type KortbroEvents } from './api.ts';
import { KortbroError as OwnError } from './kortbro-error.ts';

/** The class of every refusal: the extension's own where it is there, so that `instanceof` holds for both doors. */
export const KortbroError = (typeof window === 'undefined' ? undefined : window.kortbro?.KortbroError) ?? OwnError;

/** Looks for the extension at each call: it is in the page from the start, or not before the page is loaded anew. */
export const kortbro: Kortbro = Object.freeze({
  status: async (...options: Parameters<Kortbro['status']>) => extension().status(...options),
  authenticate: async (...request: Parameters<Kortbro['authenticate']>) => extension().authenticate(...request),
  sign: async (...request: Parameters<Kortbro['sign']>) => extension().sign(...request),
  on: <Name extends KortbroEventName>(event: Name, listener: (event: KortbroEvents[Name]) => void) =>
    window.kortbro?.on(event, listener) ?? (() => undefined),
  KortbroError,
});

function extension(): Kortbro {
  if (window.kortbro !== undefined) return window.kortbro;
  const code = whyAbsent();
  throw new KortbroError(code, absent[code]);
}

function whyAbsent(): keyof typeof absent {
  if (location.protocol !== 'https:' && location.hostname !== 'localhost') return 'ERR_REQUEST_ORIGIN';
  return window.top === window ? 'ERR_AGENT_NOT_RUNNING' : 'ERR_REQUEST_FRAME';
}

const absent = {
  ERR_AGENT_NOT_RUNNING: 'The Kortbro extension is not in this page.',
  ERR_REQUEST_FRAME: 'This page is embedded in another page and may not use the card.',
  ERR_REQUEST_ORIGIN: 'Kortbro works on secure sites (https) only.',
} as const satisfies Partial<Record<ErrorCode, string>>;

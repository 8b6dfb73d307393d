// The one error class and the closed list of its codes. A code never changes its meaning; test/shared/errors.test.ts
// holds the list. Nothing here carries a stack, a path or a driver's own words: what crosses a hop is code and sentence.
import { errorTexts, type Language } from './error-texts.ts';

/** Every code that Kortbro can answer with, grouped by whose move it is. */
export type ErrorCode = keyof typeof errorTexts;

/** What crosses a hop when a request fails. `incident` is also in the audit log, for the help desk. */
export interface WireError {
  code: ErrorCode;
  message: string;
  /** Tries left before the PIN locks; only where the card itself told the number. */
  triesLeft?: number;
  incident?: string;
}

/** What may accompany a code. */
export interface ErrorDetails {
  triesLeft?: number;
  incident?: string;
  cause?: unknown;
}

/** The one error that Kortbro throws and answers with. `message` is the English sentence; a screen asks `sentence()`. */
export class KortbroError extends Error {
  override readonly name = 'KortbroError';
  readonly code: ErrorCode;
  readonly triesLeft?: number;
  readonly incident?: string;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(errorTexts[code].en, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.triesLeft !== undefined) this.triesLeft = details.triesLeft;
    if (details.incident !== undefined) this.incident = details.incident;
  }
}

/** Whether `value` is one of the codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTexts, value);
}

/** The sentence that tells a card holder what to do next, with the tries left where they are known. */
export function sentence(code: ErrorCode, language: Language, triesLeft?: number): string {
  const text = errorTexts[code][language];
  return triesLeft === undefined ? text : `${text} ${triesLeftSentence(triesLeft, language)}`;
}

/** The number and its word stay on one line. */
function triesLeftSentence(triesLeft: number, language: Language): string {
  if (language === 'sv') return triesLeft === 1 ? 'Ett försök kvar.' : `${triesLeft}\u00a0försök kvar.`;
  return triesLeft === 1 ? 'One try left.' : `${triesLeft}\u00a0tries left.`;
}

/** The error as it is sent to the next hop. Any other error becomes ERR_AGENT_INTERNAL with the given incident id. */
export function toWireError(error: unknown, language: Language, incident?: string): WireError {
  const known = error instanceof KortbroError ? error : new KortbroError('ERR_AGENT_INTERNAL');
  const wire: WireError = { code: known.code, message: sentence(known.code, language, known.triesLeft) };
  if (known.triesLeft !== undefined) wire.triesLeft = known.triesLeft;
  const id = known.incident ?? incident;
  if (id !== undefined) wire.incident = id;
  return wire;
}

// The native host's own words to the browser, in the form of shared/messages.ts: its state, and the answer to a request
// that cannot reach an agent. The only place where it looks into a message, and only while no agent is connected.
import { toWireError, type ErrorCode, KortbroError } from '../shared/errors.ts';
import { type Language } from '../shared/error-texts.ts';
import { limits } from '../shared/limits.ts';
import { parseStrictJsonBytes } from '../shared/strict-json.ts';

/** Whether there is an agent behind this native host. */
export type AgentPresence = 'connecting' | 'connected' | 'gone';

/** The `agent` message: presence, and for `gone` the reason. */
export function presenceMessage(state: AgentPresence, error?: KortbroError): Uint8Array {
  return encode({ type: 'agent', state, ...(error === undefined ? {} : { error: toWireError(error, 'sv') }) });
}

/**
 * The `error` message that answers `message`, or undefined when that is not a request with an id: a cancel or a greeting
 * has no answer, and what cannot be understood cannot be answered.
 */
export function refusalOf(message: Uint8Array, code: ErrorCode): Uint8Array | undefined {
  let value: unknown;
  try {
    value = parseStrictJsonBytes(message);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'request') return undefined;
  if (!('id' in value) || typeof value.id !== 'string') return undefined;
  if (value.id.length > limits.idLength || !/^[\w-]+$/.test(value.id)) return undefined;
  const language: Language = 'language' in value && value.language === 'en' ? 'en' : 'sv';
  return encode({ type: 'error', id: value.id, error: toWireError(new KortbroError(code), language) });
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

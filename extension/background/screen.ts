// Which one state a holder sees: the popup's picture and words, the toolbar's icon. Pure.
import { type ErrorCode } from '../../shared/errors.ts';
import { type View } from './popup-messages.ts';

/** One state, with the code that the help desk asks for where something is wrong. */
export type Screen =
  | { name: 'not-running'; code: ErrorCode }
  | { name: 'service-stopped'; code: 'ERR_CARD_SERVICE' }
  | { name: 'suspended'; code: 'ERR_AGENT_SESSION_LOCKED' }
  | { name: 'no-reader'; code: 'ERR_CARD_NO_READER' }
  | { name: 'unsupported'; code: 'ERR_CARD_UNSUPPORTED' }
  | { name: 'locked'; code: 'ERR_PIN_LOCKED' }
  | { name: 'connecting' | 'no-card' | 'pulled' | 'reading' | 'card-in' | 'in-use' };

/** With several readers the most useful card decides: logged in, usable, locked, being read, unreadable, none. */
export function screenOf({ reach, state, pulled }: View): Screen {
  if (reach.state === 'gone') return { name: 'not-running', code: reach.code };
  if (reach.state === 'connecting' || state === undefined) return { name: 'connecting' };
  if (state.session === 'suspended') return { name: 'suspended', code: 'ERR_AGENT_SESSION_LOCKED' };
  if (state.service === 'stopped') return { name: 'service-stopped', code: 'ERR_CARD_SERVICE' };
  const { readers } = state;
  if (readers.length === 0) return { name: 'no-reader', code: 'ERR_CARD_NO_READER' };
  const tokens = readers.flatMap((reader) => reader.tokens);
  if (tokens.some((token) => token.pinSso)) return { name: 'in-use' };
  if (tokens.some(({ pin }) => pin.state !== 'locked')) return { name: 'card-in' };
  if (tokens.length > 0) return { name: 'locked', code: 'ERR_PIN_LOCKED' };
  if (readers.some(({ card }) => card === 'reading')) return { name: 'reading' };
  if (readers.some(({ card }) => card !== 'empty')) return { name: 'unsupported', code: 'ERR_CARD_UNSUPPORTED' };
  return { name: pulled ? 'pulled' : 'no-card' };
}

// What can be said to DIRECTORY/control.sock (a Unix socket, 0600): one JSON object a line, one answer a line. The commands:
//   {"insert":"anna","reader":0}      {"remove":0}       reader: 0 or 1
//   {"swap":"bertil","reader":0}      removal and insertion; with "unseen":true no event tells of it, and with "verified":true
//                                     the new card answers as if its PIN had been given
//   {"mute":0}  {"unmute":0}          a contact glitch; the card loses what was verified, no event is counted
//   {"reset":0}                       another program resets the card
//   {"tries":1,"card":"anna"}         sets the tries left (another program spent the others); "pin":"signature" those of that PIN
//   {"service":"stop"} {"service":"start"}   the smart-card service; starting it is a new connection
//   {"hang":CALL} {"crash":CALL} {"corrupt":"sign"} {"fail":CALL,"failure":"ERR_CARD_FAILED"}
//                                     once, at the next call: bind, pinStatus, login, sign, signWithPin, lock, release
//   {"state":true}                    what there is
// Every answer is {"ok":true,"state":STATE} or {"ok":false,"error":"why"}; STATE is `simulatorState` below.
import { z } from 'zod';
import { isErrorCode } from '../../../shared/errors.ts';
import { type TokenFailure } from '../token.ts';
import { faultCalls } from './simulator-faults.ts';

const reader = z.int().min(0).max(1);
const card = z.string().min(1).max(41);
const call = z.enum(faultCalls);
const failure = z.custom<TokenFailure>(
  (value) => value === 'login-lost' || value === 'final-try-unconfirmed' || isErrorCode(value),
);

export const simulatorCommand = z.union([
  z.strictObject({ insert: card, reader }),
  z.strictObject({ remove: reader }),
  z.strictObject({ swap: card, reader, unseen: z.boolean().exactOptional(), verified: z.boolean().exactOptional() }),
  z.strictObject({ mute: reader }),
  z.strictObject({ unmute: reader }),
  z.strictObject({ reset: reader }),
  z.strictObject({ tries: z.int().min(0).max(3), card, pin: z.enum(['login', 'signature']).exactOptional() }),
  z.strictObject({ service: z.enum(['stop', 'start']) }),
  z.strictObject({ hang: call }),
  z.strictObject({ crash: call }),
  z.strictObject({ corrupt: z.enum(['sign', 'signWithPin']) }),
  z.strictObject({ fail: call, failure }),
  z.strictObject({ state: z.literal(true) }),
]);
export type SimulatorCommand = z.infer<typeof simulatorCommand>;

const count = z.int().min(0);
const pinState = { verified: z.boolean(), triesLeft: count, logins: count, signatures: count };

const simulatorState = z.strictObject({
  service: z.enum(['running', 'stopped']),
  connection: count,
  readers: z.array(z.strictObject({ name: z.string(), card: z.string().nullable(), eventState: count })),
  /** Every card that has been in a reader since the simulator started, by its name. */
  cards: z.record(
    z.string(),
    z.strictObject({
      ...pinState,
      statusReads: count,
      resets: count,
      signaturePin: z.strictObject(pinState).exactOptional(),
    }),
  ),
});
export type SimulatorState = z.infer<typeof simulatorState>;

export const simulatorAnswer = z.union([
  z.strictObject({ ok: z.literal(true), state: simulatorState }),
  z.strictObject({ ok: z.literal(false), error: z.string() }),
]);

/** The longest line, either way. */
export const longestLine = 65_536;

/** The socket's name in the simulator's directory. */
export const controlSocketName = 'control.sock';

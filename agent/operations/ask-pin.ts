// The PIN dialog, and what is done with the PIN: the one way in which a PIN reaches a card. One typed PIN is used at most once by
// the card that the dialog named; nothing is asked or tried again by itself.
import { KortbroError } from '../../shared/errors.ts';
import { type PinStatus } from '../../shared/messages.ts';
import { unlessAborted } from '../cards/abort-wait.ts';
import { type BoundToken } from '../cards/bound-token.ts';
import { pinAfter } from '../cards/pin-after.ts';
import { zero } from '../native/secret-memory.ts';
import { askConfirmation, askPin, type DialogOptions } from '../pin/pinentry.ts';
import { findPinentry } from '../pin/pinentry-program.ts';
import { type DialogText } from '../pin/prompt-texts.ts';
import { TokenError } from '../tokens/token.ts';
import { dialogOptions, type OperationCall, type OperationContext } from './context.ts';

/** The words of a PIN dialog, by what is known of the tries left, and of the question before the last try. */
export interface PinDialogs {
  pin: (status: PinStatus) => DialogText;
  finalTry: DialogText;
}

/** Uses the PIN, which is zeroed afterwards. `final`: the holder knows that it is the last try. */
export type PinUse<T> = (pin: Buffer, final: boolean, signal: AbortSignal) => Promise<T>;

/** How long the dialog has been open before the PIN's state is read again: a quick holder's PIN never waits for it. */
const statusReadDelay = 700;

/** Thrown inside only: the card tells another state than the dialog did, so that it must be shown anew. */
class StatusChanged extends Error {}

/**
 * Asks for the PIN and uses it; belongs inside a dialog turn. Throws KortbroError: ERR_PIN_WRONG, ERR_PIN_LOCKED,
 * ERR_PIN_PAD_UNSUPPORTED, ERR_CARD_CHANGED, ERR_CARD_REMOVED, ERR_USER_*, or TokenError for what the driver failed at. A call that
 * is cancelled throws its signal's reason, or what the card said of the PIN.
 */
export async function withPin<T>(
  context: OperationContext,
  call: OperationCall,
  token: BoundToken,
  dialogs: PinDialogs,
  use: PinUse<T>,
): Promise<T> {
  for (;;) {
    try {
      return await askAndUse(context, call, token, dialogs, use);
    } catch (error) {
      if (!(error instanceof StatusChanged)) throw error;
    }
  }
}

/**
 * Whether a PIN may be asked for. @throws KortbroError ERR_PIN_PAD_UNSUPPORTED, ERR_PIN_LOCKED; what ends token or call; TokenError
 */
export async function checkPin(token: BoundToken, { signal }: Pick<OperationCall, 'signal'>): Promise<void> {
  if (token.description.protectedAuthenticationPath) throw new KortbroError('ERR_PIN_PAD_UNSUPPORTED');
  if (token.pin.state === 'locked') {
    // The holder may have unlocked it since, in another program.
    const reading = token.backend.pinStatus(token.description.handle);
    token.pin = await unlessAborted(reading, AbortSignal.any([signal, token.gone]));
  }
  if (token.pin.state === 'locked') throw new KortbroError('ERR_PIN_LOCKED');
}

async function askAndUse<T>(
  context: OperationContext,
  call: OperationCall,
  token: BoundToken,
  dialogs: PinDialogs,
  use: PinUse<T>,
): Promise<T> {
  await checkPin(token, call);
  const shown = token.pin;
  const final = isFinal(shown);
  const superseded = new AbortController();
  const options = dialogOptions(context, call, findPinentry, token.gone, superseded.signal);
  const stopReading = rereadStatus(context, token, superseded);
  let pin: Buffer | undefined;
  try {
    if (final) await confirmFinalTry(options, dialogs.finalTry);
    pin = await askPin(options, dialogs.pin(shown));
    options.signal.throwIfAborted();
    return await use(pin, final, options.signal);
  } catch (error) {
    throw noteFailure(token, error);
  } finally {
    stopReading();
    if (pin !== undefined) zero(pin);
  }
}

async function confirmFinalTry(options: DialogOptions, text: Parameters<typeof askConfirmation>[1]): Promise<void> {
  if ((await askConfirmation(options, text)) !== 'ok') throw new KortbroError('ERR_USER_CANCELLED');
}

/** A lock made by another program is unseen without a look at the card: taken once, while the dialog is open. */
function rereadStatus(context: OperationContext, token: BoundToken, superseded: AbortController): () => void {
  let wanted = true;
  const cancel = context.clock.after(statusReadDelay, () => {
    const before = token.pin;
    token.backend.pinStatus(token.description.handle).then(
      (now) => {
        if (!wanted) return;
        token.pin = now;
        if (now.state === 'locked' || isFinal(now) !== isFinal(before)) superseded.abort(new StatusChanged());
      },
      // The card cannot be asked any more: a PIN that is typed now would go nowhere.
      (error: unknown) => {
        if (wanted) superseded.abort(error);
      },
    );
  });
  return () => {
    wanted = false;
    cancel();
  };
}

/** Remembers what the refusal tells of the PIN, and turns the driver's word into ours. */
function noteFailure(token: BoundToken, error: unknown): unknown {
  if (!(error instanceof TokenError)) return error;
  token.pin = pinAfter(error) ?? token.pin;
  return error.failure === 'final-try-unconfirmed' ? new StatusChanged() : error;
}

function isFinal({ state, triesLeft }: PinStatus): boolean {
  return state === 'final' || triesLeft === 1;
}

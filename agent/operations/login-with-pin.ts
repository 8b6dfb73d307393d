// The login that follows a PIN dialog.
import { KortbroError } from '../../shared/errors.ts';
import { type PinStatus } from '../../shared/messages.ts';
import { type BoundToken, type TokenKey } from '../cards/bound-token.ts';
import { finalTryDialog, pinDialog, type PromptReason } from '../pin/prompt-texts.ts';
import { checkAllowed } from './allowed-site.ts';
import { withPin } from './ask-pin.ts';
import { type OperationCall, type OperationContext } from './context.ts';
import { lockCard } from './end-pin-sso.ts';
import { holderText } from './token-places.ts';

/** Asks for the PIN and logs the token in. Throws as withPin; a call that is cancelled leaves the token not logged in. */
export async function loginWithPin(
  context: OperationContext,
  call: OperationCall,
  origin: string,
  token: BoundToken,
  key: TokenKey,
  reason: PromptReason,
): Promise<void> {
  const holder = holderText(key);
  const dialogs = {
    pin: (status: PinStatus) => pinDialog(call.language, origin, holder, status, reason),
    finalTry: finalTryDialog(call.language, origin, holder),
  };
  await withPin(context, call, token, dialogs, async (pin, final, signal) => {
    checkAllowed(context, origin, { token, key });
    await sendPin(context, call, token, pin, final, signal);
  });
}

/**
 * Logs in with the PIN; not at all when `signal` aborts before it is the PIN's turn. Once sent it cannot be called off: when the
 * caller has given up meanwhile, or the session was locked, the card is made to forget the PIN again.
 */
async function sendPin(
  context: OperationContext,
  call: OperationCall,
  token: BoundToken,
  pin: Buffer,
  final: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { backend, gone } = token;
  const { handle } = token.description;
  // Asked for at once, so that the driver comes to it before it lets go of the card.
  const lockNext = (): void => {
    if (isSessionLocked(gone.reason)) void backend.lock(handle).catch(() => undefined);
  };
  gone.addEventListener('abort', lockNext, { once: true });
  try {
    await backend.login(handle, pin, final, signal);
  } finally {
    gone.removeEventListener('abort', lockNext);
  }
  token.pin = { state: 'ok' };
  if (!call.signal.aborted) return;
  await lockCard(context.cards, token, 'login-lost');
  call.signal.throwIfAborted();
}

function isSessionLocked(reason: unknown): boolean {
  return reason instanceof KortbroError && reason.code === 'ERR_AGENT_SESSION_LOCKED';
}

// Login: a Web eID token for a site. Silent within PIN-SSO where policy or the holder has let the site in; else one dialog.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { type AuthenticationToken, type LogoutRegistration, type RequestOf } from '../../shared/messages.ts';
import { secureOriginOf } from '../../shared/origin.ts';
import { type BoundToken } from '../cards/bound-token.ts';
import { holderIdentity } from '../cards/holder-identity.ts';
import { askConfirmation } from '../pin/pinentry.ts';
import { findPinentry } from '../pin/pinentry-program.ts';
import { consentDialog, type PromptReason } from '../pin/prompt-texts.ts';
import { TokenError } from '../tokens/token.ts';
import { allowedSite, checkAllowed } from './allowed-site.ts';
import { dialogOptions, policyInForce, type OperationCall, type OperationContext } from './context.ts';
import { letHolderChoose, loginCandidates } from './login-candidate.ts';
import { loginWithPin } from './login-with-pin.ts';
import { isBeingRead, readyCards } from './ready-cards.ts';
import { recoverToken } from './recover-token.ts';
import { holderText, type TokenPlace } from './token-places.ts';
import {
  authenticationToken,
  checkNonce,
  isSignedBy,
  signatureAlgorithm,
  tokenBytes,
  tokenDigest,
} from './web-eid-token.ts';

/** What the holder answers to a dialog that was not wanted, by leaving it alone too. */
const refusals: readonly ErrorCode[] = ['ERR_USER_CANCELLED', 'ERR_USER_DECLINED', 'ERR_USER_TIMEOUT'];

/** @throws KortbroError, TokenError */
export async function authenticate(
  context: OperationContext,
  call: OperationCall,
  origin: string,
  { nonce, logout }: Pick<RequestOf<'authenticate'>, 'nonce' | 'logout'>,
): Promise<{ token: AuthenticationToken; from: BoundToken }> {
  allowedSite(context, origin);
  checkNonce(nonce);
  checkRegistration(context, origin, logout);
  await context.logouts.cleared(call.profile, origin, call.signal);
  await readyCards(context, call);
  let reason: PromptReason = 'first';
  let used: BoundToken | undefined;
  const using = (token: BoundToken) => {
    // A login that was lost may be given again, but only by the one who lost it: nobody else is asked for a PIN here.
    if (used !== undefined && used.fingerprint !== token.fingerprint) throw new KortbroError('ERR_CARD_CHANGED');
    used = token;
  };
  for (;;) {
    try {
      const place = await openToken(context, call, origin, reason, using);
      using(place.token);
      // Whoever cannot be seen any more has left: what he owes this site is cleared before anybody else is let in.
      context.holders.supersede(holderIdentity(place, context.cards.tokens));
      await context.logouts.cleared(call.profile, origin, call.signal);
      const token = await signIn(context, call, place, origin, nonce);
      // What came to be owed here while the card signed.
      await context.logouts.cleared(call.profile, origin, call.signal);
      place.token.gone.throwIfAborted();
      enter(context, call, origin, place, logout);
      return { token, from: place.token };
    } catch (error) {
      if (used !== undefined && error instanceof TokenError) recoverToken(context, used, error.failure);
      if (isBeingRead(context, error)) {
        await readyCards(context, call);
        continue;
      }
      if (reason === 'login-lost' || !(error instanceof TokenError) || error.failure !== 'login-lost') throw error;
      reason = 'login-lost';
      await readyCards(context, call);
    }
  }
}

/** The login is about to be given out: from now on the holder's leaving is followed by a logout at this site. */
function enter(
  context: OperationContext,
  { profile }: OperationCall,
  origin: string,
  place: TokenPlace,
  registration: LogoutRegistration | undefined,
): void {
  const { reader, generation } = place.token;
  const holder = holderIdentity(place, context.cards.tokens);
  context.pinSso.used(place.token, origin);
  context.holders.entered(holder, origin, { reader, generation });
  context.logouts.enter({ holder, reader, profile, origin, ...(registration === undefined ? {} : { registration }) });
  context.changed();
}

/** @throws KortbroError ERR_REQUEST_LOGOUT for an address on another origin */
function checkRegistration(context: OperationContext, origin: string, logout: LogoutRegistration | undefined): void {
  if (logout === undefined) return;
  const { allowLocalhost } = policyInForce(context);
  if (secureOriginOf(logout.url, allowLocalhost) !== origin) throw new KortbroError('ERR_REQUEST_LOGOUT');
}

/** A token that is logged in and that the site may use. */
async function openToken(
  context: OperationContext,
  call: OperationCall,
  origin: string,
  reason: PromptReason,
  using: (token: BoundToken) => void,
): Promise<TokenPlace> {
  const open = silentPlace(context, origin);
  if (open !== undefined) return open;
  context.dialogs.checkMuted(origin);
  return context.dialogs.inTurn(call.signal, async () => {
    context.dialogs.checkMuted(origin);
    await readyCards(context, call);
    const nowOpen = silentPlace(context, origin);
    if (nowOpen !== undefined) return nowOpen;
    try {
      const place = await askHolder(context, call, origin, reason, using);
      context.dialogs.answered(origin);
      return place;
    } catch (error) {
      const code = error instanceof KortbroError ? error.code : undefined;
      if (code !== undefined && refusals.includes(code)) context.dialogs.cancelled(origin);
      if (code === 'ERR_REQUEST_CANCELLED') context.dialogs.withdrawn(origin);
      throw error;
    }
  });
}

/** The place that needs no dialog: its PIN is given, and it is the only one that fits or the one the holder used here. */
function silentPlace(context: OperationContext, origin: string): TokenPlace | undefined {
  const decision = allowedSite(context, origin);
  const places = loginCandidates(context, decision.wanted);
  const chosen = places.filter(({ token, key }) => context.pinSso.choice(token, origin) === key.id);
  const [place, ...others] = chosen.length === 1 ? chosen : places;
  if (place === undefined || others.length > 0 || !context.pinSso.isOpen(place.token)) return undefined;
  return decision.access === 'silent' || context.pinSso.hasSite(place.token, origin) ? place : undefined;
}

async function askHolder(
  context: OperationContext,
  call: OperationCall,
  origin: string,
  reason: PromptReason,
  using: (token: BoundToken) => void,
): Promise<TokenPlace> {
  const decision = allowedSite(context, origin);
  const places = loginCandidates(context, decision.wanted);
  const [only] = places;
  const place = places.length === 1 && only !== undefined ? only : await letHolderChoose(context, call, origin, places);
  const { token, key } = place;
  using(token);
  if (!context.pinSso.isOpen(token)) {
    await loginWithPin(context, call, origin, token, key, reason);
    context.pinSso.open(token, origin);
    context.audit({ event: 'pin-sso-started', token: token.fingerprint, origin });
  } else if (decision.access === 'ask' && !context.pinSso.hasSite(token, origin)) {
    const options = dialogOptions(context, call, findPinentry, token.gone);
    const answer = await askConfirmation(options, consentDialog(call.language, origin, holderText(key)));
    const given = answer === 'ok';
    context.audit({ event: given ? 'consent-given' : 'consent-refused', token: token.fingerprint, origin });
    if (!given) throw new KortbroError('ERR_USER_DECLINED');
  }
  context.pinSso.choose(token, origin, key.id);
  return place;
}

/** Signs, verifies the signature against the chosen certificate, and only then lets it go. */
async function signIn(
  context: OperationContext,
  call: OperationCall,
  place: TokenPlace,
  origin: string,
  nonce: string,
): Promise<AuthenticationToken> {
  const { token, key } = place;
  const algorithm = signatureAlgorithm(key.certificate.publicKey, token.description.mechanisms);
  const bytes = tokenBytes(algorithm, origin, nonce);
  const ended = AbortSignal.any([call.signal, token.gone]);
  ended.throwIfAborted();
  checkAllowed(context, origin, place);
  const { handle } = token.description;
  const signing = token.backend.sign(handle, key.id, algorithm, tokenDigest(algorithm, bytes), ended);
  signing.catch((error: unknown) => {
    // The one who waited is gone and hears nothing of it; what the failure says of the token holds all the same.
    if (ended.aborted && error instanceof TokenError) recoverToken(context, token, error.failure);
  });
  const signature = await orAborted(signing, ended);
  if (!isSignedBy(key.certificate, algorithm, bytes, signature)) {
    throw new TokenError('ERR_CARD_FAILED', { native: 'signature does not match certificate' });
  }
  return authenticationToken(key.certificate, algorithm, signature);
}

/** A driver call that was sent cannot be called off; the one who waits for it can. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abandon, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abandon));
  });
}

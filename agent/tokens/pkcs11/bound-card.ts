// A card as a module has shown it: its tokens, each with an open session. Reading it costs the card's APDUs; nothing here logs in.
import { createHash, randomUUID } from 'node:crypto';
import { limits } from '../../../shared/limits.ts';
import { tokensPerCard } from '../module-host-protocol.ts';
import { hiddenCertificate } from '../shown-certificate.ts';
import { type TokenDescription, TokenError } from '../token.ts';
import { readCertificateCount } from '../card/card-access.ts';
import { type CardProfile } from '../card/card-profiles.ts';
import { maybeIncomplete } from '../card/certificate-index.ts';
import { type Cryptoki, type ObjectHandle, type Session, type Slot } from './cryptoki.ts';

/** A token with its open session. `loggedIn` is what we did, not what the card says. */
export interface BoundToken {
  slot: Slot;
  session: Session;
  loggedIn: boolean;
  /** The module is logged in for no more than to show keys, each of which wants the PIN for itself. */
  keysShown: boolean;
  /** Private keys that were found, by CKA_ID. */
  keys: Map<string, ObjectHandle>;
  description: TokenDescription;
}

/** A card that is bound. `identity` is '' for a card that tells none. */
export interface BoundCard {
  reader: string;
  profile: CardProfile;
  identity: string;
  tokens: BoundToken[];
}

/** Reads every token in a reader and opens its session; none when the module does not know the card. @throws TokenError */
export function readTokens(module: Cryptoki, reader: string): BoundToken[] {
  const tokens: BoundToken[] = [];
  try {
    for (const slot of module.slotsOf(reader).slice(0, tokensPerCard)) {
      const token = readToken(module, slot, reader);
      if (token !== undefined) tokens.push(token);
    }
  } catch (error) {
    closeTokens(module, tokens);
    throw error;
  }
  return tokens;
}

/** C_Login as the user. Returns the CKR code. A session that is logged in already would take any PIN for right: it is logged out first. */
export function logInAnew(module: Cryptoki, token: BoundToken, pin: Uint8Array): number {
  if (token.loggedIn || token.keysShown) module.logout(token.session);
  token.loggedIn = false;
  token.keysShown = false;
  token.keys.clear();
  return module.login(token.session, pin);
}

/** Logs out and closes sessions, as far as they still are. */
export function closeTokens(module: Cryptoki, tokens: readonly BoundToken[]): void {
  for (const { session, loggedIn, keysShown } of tokens) {
    if (loggedIn || keysShown) module.logout(session);
    module.closeSession(session);
  }
}

/** After a restart of the module: opens the sessions of a card again, if the same tokens are there. @throws TokenError */
export function reopenCard(module: Cryptoki, card: BoundCard): void {
  const slots = module.slotsOf(card.reader);
  for (const token of card.tokens) {
    const { serialNumber, label } = token.description;
    const slot = slots.find((candidate) => {
      const facts = module.tokenFacts(candidate);
      return facts.serialNumber === serialNumber && facts.label === label;
    });
    if (slot === undefined) throw new TokenError('ERR_CARD_CHANGED');
    const session = module.openSession(slot);
    Object.assign(token, { slot, session, loggedIn: false, keysShown: false, keys: new Map() });
  }
}

/** Adds what the card says that it has and the module does not show. A card whose certificates are all shown is asked nothing. @throws TokenError */
export async function addHiddenCertificates({ reader, profile, tokens }: BoundCard): Promise<void> {
  const shown = tokens.flatMap(({ description }) => description.certificates);
  const [first] = tokens;
  if (first === undefined || profile.certificateIndex === undefined) return;
  if (!maybeIncomplete(shown.map(({ id }) => id))) return;
  const hidden = (await readCertificateCount(reader)) - shown.length;
  const { certificates } = first.description;
  const room = limits.certificatesPerToken - certificates.length;
  for (let missing = Math.min(hidden, room); missing > 0; missing -= 1) certificates.push(hiddenCertificate);
}

/** A hash over what names the tokens and over all their certificates: differs between any two cards. */
export function contentOf(tokens: readonly BoundToken[]): string {
  const hash = createHash('sha256');
  for (const { description } of tokens) {
    hash.update(`${description.serialNumber}\0${description.label}\0`);
    for (const { der } of description.certificates) hash.update(der);
  }
  return hash.digest('hex');
}

function readToken(module: Cryptoki, slot: Slot, reader: string): BoundToken | undefined {
  let facts;
  try {
    facts = module.tokenFacts(slot);
  } catch (error) {
    // CKR_TOKEN_NOT_RECOGNIZED: a card that this driver does not know.
    if (error instanceof TokenError && error.failure === 'ERR_CARD_UNSUPPORTED') return undefined;
    throw error;
  }
  const session = module.openSession(slot);
  const description: TokenDescription = {
    ...facts,
    handle: randomUUID(),
    reader,
    identity: '',
    mechanisms: module.mechanisms(slot),
    certificates: module.certificates(session),
  };
  return { slot, session, loggedIn: false, keysShown: false, keys: new Map(), description };
}

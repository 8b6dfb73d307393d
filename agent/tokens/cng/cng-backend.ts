// Tokens through CNG: the card's minidriver behind Windows' smart-card provider, or a vendor's provider. What the provider believes of a
// card is checked against the card itself right before a PIN is sent. A provider that would ask for the PIN has lost the login.
import { type PinStatus } from '../../../shared/messages.ts';
import { type Cng, cngProperty, smartCardProvider, systemCng } from '../../native/cng.ts';
import { absenceOf, readCardFacts, readIdentity, readPinStatus, resetCardIn } from '../card/card-access.ts';
import { cardProfile, profileFor } from '../card/card-profiles.ts';
import { type OpenBackend } from '../module-host-service.ts';
import {
  type PinSignature,
  type SignatureAlgorithm,
  type TokenBackend,
  type TokenDescription,
  TokenError,
} from '../token.ts';
import { type CngCard, type CngToken, closeKeys, openKeys, tokensOf } from './cng-card.ts';
import { paddingOf } from './cng-padding.ts';
import { orTokenError } from './cng-status.ts';
import { type KeyPlace, keyPlaces } from './key-places.ts';

/** The card past its provider, by PC/SC: card/card-access.ts. */
export interface CardAccess {
  readCardFacts: typeof readCardFacts;
  readIdentity: typeof readIdentity;
  readPinStatus: typeof readPinStatus;
  resetCardIn: typeof resetCardIn;
  absenceOf: typeof absenceOf;
}

const pcscAccess: CardAccess = { readCardFacts, readIdentity, readPinStatus, resetCardIn, absenceOf };

/** PINs that every provider can be given as they are. */
const longestPin = 127;

/** @throws TokenError ERR_AGENT_DRIVER_MISSING where there is no smart-card provider: on every other system than Windows */
export async function openCngBackend(): Promise<OpenBackend> {
  if (process.platform !== 'win32')
    throw new TokenError('ERR_AGENT_DRIVER_MISSING', { native: 'CNG is part of Windows' });
  try {
    await orTokenError(systemCng.providerProperty(smartCardProvider, '', cngProperty.implementation));
  } catch (error) {
    const native = error instanceof Error ? error.message.slice(0, 200) : '';
    throw new TokenError('ERR_AGENT_DRIVER_MISSING', { native });
  }
  const backend = new CngBackend(systemCng, pcscAccess);
  return { backend, forgetPins: () => backend.forgetPins() };
}

export class CngBackend implements TokenBackend {
  readonly #cng: Cng;
  readonly #access: CardAccess;
  readonly #cards = new Map<string, CngCard>();

  constructor(cng: Cng, access: CardAccess) {
    this.#cng = cng;
    this.#access = access;
  }

  async bind(reader: string, atr: Uint8Array, reset: boolean): Promise<TokenDescription[]> {
    await this.#drop(reader);
    if (reset) await this.#access.resetCardIn(reader);
    const profile = cardProfile(atr);
    const before = profile.known ? await this.#access.readIdentity(reader, profile) : '';
    const tokens = tokensOf(reader, await keyPlaces(this.#cng, reader));
    const [first] = tokens;
    if (first === undefined) return [];
    const fitting = profileFor(tokens.length, profile);
    const { identity, pin } = await this.#access.readCardFacts(reader, fitting);
    // A fresh card may tell nothing of itself before the provider has selected its application.
    if (before !== '' && identity !== before) throw new TokenError('ERR_CARD_CHANGED');
    for (const { description } of tokens) Object.assign(description, { identity }, pin === undefined ? {} : { pin });
    const card = first.description.serialNumber;
    this.#cards.set(reader, { reader, profile: fitting, identity, card, tokens });
    return tokens.map(({ description }) => description);
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    const { card, token } = this.#find(handle);
    return this.#orDropped(card, () => this.#pinStatus(card, token));
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean): Promise<void> {
    try {
      const { card, token } = this.#find(handle);
      if (!isTypable(pin)) throw new TokenError('ERR_PIN_FORMAT');
      // A provider that remembers an earlier login might take any PIN for right.
      if (token.loggedIn) await this.#orDropped(card, () => this.#forget(card, token));
      // The keys first: what the card says of itself is then as fresh as can be when the PIN is sent.
      await this.#orDropped(card, () => openKeys(this.#cng, card, token));
      const status = await this.#orDropped(card, () => this.#statusOfSameCard(card, token));
      await this.#checkStatus(token, status, finalTryConfirmed);
      await this.#orDropped(card, () => this.#pinStep(card, token, () => this.#sendPin(token, pin)));
      token.loggedIn = true;
    } finally {
      pin.fill(0);
    }
  }

  async sign(handle: string, id: string, algorithm: SignatureAlgorithm, digest: Uint8Array): Promise<Uint8Array> {
    const { card, token } = this.#find(handle);
    if (!token.loggedIn) throw new TokenError('login-lost');
    return this.#orDropped(card, async () => {
      const key = token.open.get(id);
      const padding = paddingOf(algorithm, digest, placeOf(token, id).group);
      if (key === undefined) throw noSuchKey();
      return this.#pinStep(card, token, () => orTokenError(this.#cng.sign(key, digest, padding)));
    });
  }

  async signWithPin(handle: string, wanted: PinSignature, pin: Uint8Array): Promise<Uint8Array> {
    try {
      const { card, token } = this.#find(handle);
      const { certificate, algorithm, digest, finalTryConfirmed } = wanted;
      // What cannot be signed must not cost a PIN.
      paddingOf(algorithm, digest, placeOf(token, certificate).group);
      const wasLoggedIn = token.loggedIn;
      await this.login(handle, pin, finalTryConfirmed);
      try {
        const signature = await this.sign(handle, certificate, algorithm, digest);
        if (!wasLoggedIn) await this.#forgetAll(card);
        return signature;
      } catch (error) {
        if (!(error instanceof TokenError) || !isOfPin(error)) await this.#forgetAll(card);
        throw error;
      }
    } finally {
      pin.fill(0);
    }
  }

  async lock(handle: string): Promise<void> {
    const { card } = this.#find(handle);
    await this.#drop(card.reader);
    // The provider may keep the PIN for as long as its process lives; a card that was reset has forgotten it for certain.
    await this.#access.resetCardIn(card.reader);
  }

  async release(reader: string): Promise<void> {
    await this.#drop(reader);
  }

  /** Resets every card that somebody is logged in to. Best effort. */
  async forgetPins(): Promise<void> {
    const open = [...this.#cards.values()].filter(({ tokens }) => tokens.some(({ loggedIn }) => loggedIn));
    await Promise.allSettled(open.map(({ reader }) => this.#access.resetCardIn(reader)));
  }

  #find(handle: string): { card: CngCard; token: CngToken } {
    for (const card of this.#cards.values()) {
      const token = card.tokens.find(({ description }) => description.handle === handle);
      if (token !== undefined) return { card, token };
    }
    throw new TokenError('ERR_CARD_REMOVED', { native: 'not bound' });
  }

  async #forget(card: CngCard, token: CngToken): Promise<void> {
    await closeKeys(this.#cng, token);
    await this.#access.resetCardIn(card.reader);
  }

  /** A card that cannot be reset may still take the PIN for given: it has to be bound again. */
  async #forgetAll(card: CngCard): Promise<void> {
    for (const token of card.tokens) await closeKeys(this.#cng, token);
    await this.#access.resetCardIn(card.reader).catch(() => this.#drop(card.reader));
  }

  /** The PIN's state, once it is certain, as far as the card tells, that it is the one that was bound. */
  async #statusOfSameCard(card: CngCard, token: CngToken): Promise<PinStatus> {
    if (card.identity === '') return this.#pinStatus(card, token);
    const facts = await this.#access.readCardFacts(card.reader, card.profile);
    if (facts.identity !== card.identity) throw new TokenError('ERR_CARD_CHANGED');
    return facts.pin ?? lastWord(token);
  }

  /** A PIN that may not be sent now leaves no key open. @throws TokenError */
  async #checkStatus(token: CngToken, status: PinStatus, finalTryConfirmed: boolean): Promise<void> {
    const isUnconfirmed = status.state === 'final' && !finalTryConfirmed;
    if (status.state !== 'locked' && !isUnconfirmed) return;
    await closeKeys(this.#cng, token);
    if (isUnconfirmed) throw new TokenError('final-try-unconfirmed', status);
    throw new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 });
  }

  async #pinStatus(card: CngCard, token: CngToken): Promise<PinStatus> {
    return (await this.#access.readPinStatus(card.reader, card.profile)) ?? lastWord(token);
  }

  /**
   * Windows' provider keeps the PIN for all keys that it guards. Another may keep it with each key, and may check it only at that
   * key's first signature.
   */
  async #sendPin(token: CngToken, pin: Uint8Array): Promise<void> {
    for (const [id, key] of token.open) {
      await orTokenError(this.#cng.setPin(key, pin));
      if (token.places.get(id)?.provider === smartCardProvider) return;
    }
  }

  /** A step at which the provider may check the PIN. A refusal is told with the tries left; no key that has heard it is used again. */
  async #pinStep<T>(card: CngCard, token: CngToken, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof TokenError) || !isOfPin(error)) throw error;
      await closeKeys(this.#cng, token);
      throw await this.#refusal(card, token, error);
    }
  }

  async #refusal(card: CngCard, token: CngToken, error: TokenError): Promise<TokenError> {
    const native = error.native ?? '';
    if (error.failure === 'ERR_PIN_FORMAT') return error;
    token.blocked ||= error.failure === 'ERR_PIN_LOCKED';
    if (token.blocked) return new TokenError('ERR_PIN_LOCKED', { triesLeft: 0, native });
    const { state, triesLeft } = await this.#pinStatus(card, token);
    if (state === 'locked') return new TokenError('ERR_PIN_LOCKED', { triesLeft: 0, native });
    return new TokenError('ERR_PIN_WRONG', triesLeft === undefined ? { native } : { triesLeft, native });
  }

  /** Does something with a card; when it fails for another reason than the PIN, the card has to be bound again. */
  async #orDropped<T>(card: CngCard, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TokenError && isOfPin(error)) throw error;
      await this.#drop(card.reader);
      if (error instanceof TokenError && error.failure === 'ERR_CARD_FAILED') {
        const absence = await this.#access.absenceOf(card.reader, card.profile);
        if (absence !== undefined) throw new TokenError(absence.failure, { native: error.native ?? '' });
      }
      throw error;
    }
  }

  async #drop(reader: string): Promise<void> {
    const card = this.#cards.get(reader);
    if (card === undefined) return;
    this.#cards.delete(reader);
    for (const token of card.tokens) await closeKeys(this.#cng, token);
  }
}

/** @throws TokenError ERR_CARD_FAILED */
function placeOf(token: CngToken, id: string): KeyPlace {
  const place = token.places.get(id);
  if (place === undefined) throw noSuchKey();
  return place;
}

function noSuchKey(): TokenError {
  return new TokenError('ERR_CARD_FAILED', { native: 'no such key' });
}

/** Without an APDU for it, only a provider that has refused a PIN tells how it stands. */
function lastWord(token: CngToken): PinStatus {
  return token.blocked ? { state: 'locked', triesLeft: 0 } : { state: 'unknown' };
}

/** An empty PIN may spend a try; others than printable ASCII would mean something else to each provider. */
function isTypable(pin: Uint8Array): boolean {
  return pin.length > 0 && pin.length <= longestPin && pin.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

function isOfPin({ failure }: TokenError): boolean {
  return failure === 'ERR_PIN_WRONG' || failure === 'ERR_PIN_LOCKED' || failure === 'ERR_PIN_FORMAT';
}

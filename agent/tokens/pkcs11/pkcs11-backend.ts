// Tokens through a PKCS#11 module. What the module believes of a card is checked against the card itself right before a PIN is sent,
// because modules have been seen to send Anna's PIN to Bertil's card; after any error nothing that it said before is used again.
import { type PinStatus } from '../../../shared/messages.ts';
import {
  type PinSignature,
  type SignatureAlgorithm,
  type TokenBackend,
  type TokenDescription,
  TokenError,
} from '../token.ts';
import {
  addHiddenCertificates,
  type BoundCard,
  type BoundToken,
  closeTokens,
  contentOf,
  logInAnew,
  readTokens,
  reopenCard,
} from './bound-card.ts';
import { absenceOf, readCardFacts, readIdentity, readPinStatus, resetCardIn } from '../card/card-access.ts';
import { type CardProfile, cardProfile, profileFor } from '../card/card-profiles.ts';
import { CardReadings } from './card-readings.ts';
import { ckrOk, tokenErrorOfCkr } from './ckr.ts';
import { type Cryptoki } from './cryptoki.ts';
import { signInput } from './mechanisms.ts';
import { PinRefused, type SignedWithPin, signOnce } from './pin-signature.ts';

export class Pkcs11Backend implements TokenBackend {
  readonly #module: Cryptoki;
  readonly #cards = new Map<string, BoundCard>();
  readonly #readings = new CardReadings();

  constructor(module: Cryptoki) {
    this.#module = module;
  }

  async bind(reader: string, atr: Uint8Array, reset: boolean): Promise<TokenDescription[]> {
    this.#drop(reader);
    if (reset) await resetCardIn(reader);
    const profile = cardProfile(atr);
    // A module that has been initialised anew has no memory of the card before.
    const fresh = this.#cards.size === 0;
    if (fresh) this.#restart();
    try {
      return await this.#read(reader, profile).catch((error: unknown) => {
        if (fresh || !isDoubtful(error) || !this.#restartBesides()) throw error;
        return this.#read(reader, profile);
      });
    } finally {
      if (this.#cards.size === 0) this.#module.end();
    }
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    const { card, token } = this.#find(handle);
    return this.#orDropped(card, () => this.#pinStatus(card, token));
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean): Promise<void> {
    try {
      const { card, token } = this.#find(handle);
      await this.#checkBeforePin(card, token, pin, finalTryConfirmed);
      const code = logInAnew(this.#module, token, pin);
      if (code !== ckrOk) throw await this.#orDropped(card, () => this.#refusal(card, token, code));
      token.loggedIn = true;
    } finally {
      pin.fill(0);
    }
  }

  async sign(handle: string, id: string, algorithm: SignatureAlgorithm, digest: Uint8Array): Promise<Uint8Array> {
    const { card, token } = this.#find(handle);
    if (!token.loggedIn) throw new TokenError('login-lost');
    return this.#orDropped(card, async () => {
      const key = token.keys.get(id) ?? this.#module.privateKey(token.session, id);
      if (key === undefined) throw new TokenError('ERR_CARD_FAILED', { native: 'no private key with this CKA_ID' });
      token.keys.set(id, key);
      return this.#module.sign(token.session, key, algorithm, digest);
    });
  }

  async signWithPin(handle: string, wanted: PinSignature, pin: Uint8Array): Promise<Uint8Array> {
    try {
      const { card, token } = this.#find(handle);
      // What cannot be signed must not cost a PIN.
      signInput(wanted.algorithm, wanted.digest);
      await this.#checkBeforePin(card, token, pin, wanted.finalTryConfirmed);
      const { signature, remembers } = await this.#signOnce(card, token, wanted, pin);
      if (remembers) await this.#forget(card);
      return signature;
    } finally {
      pin.fill(0);
    }
  }

  async lock(handle: string): Promise<void> {
    const { card } = this.#find(handle);
    this.#drop(card.reader);
    // C_Logout may be a word within the module; a card that was reset has forgotten for certain.
    await resetCardIn(card.reader);
  }

  async release(reader: string): Promise<void> {
    this.#drop(reader);
    return Promise.resolve();
  }

  /** Resets every card that somebody is logged in to. Best effort. */
  async forgetPins(): Promise<void> {
    const open = [...this.#cards.values()].filter(({ tokens }) =>
      tokens.some(({ loggedIn, keysShown }) => loggedIn || keysShown),
    );
    await Promise.allSettled(open.map(({ reader }) => resetCardIn(reader)));
  }

  async #signOnce(card: BoundCard, token: BoundToken, wanted: PinSignature, pin: Uint8Array): Promise<SignedWithPin> {
    try {
      return await signOnce(this.#module, token, wanted, pin, () => this.#checkSameCard(card));
    } catch (error) {
      if (error instanceof PinRefused) throw await this.#orDropped(card, () => this.#refusal(card, token, error.code));
      const failure = await this.#orDropped(card, () => Promise.reject(error as Error)).catch((told: unknown) => told);
      // The PIN may have been taken for right before something failed.
      await resetCardIn(card.reader).catch(() => undefined);
      throw failure;
    }
  }

  /** Has the card forget every PIN, and opens its sessions again. A card that cannot be used then must be bound again. */
  async #forget(card: BoundCard): Promise<void> {
    try {
      closeTokens(this.#module, card.tokens);
      await resetCardIn(card.reader);
      reopenCard(this.#module, card);
    } catch {
      this.#drop(card.reader);
    }
  }

  #find(handle: string): { card: BoundCard; token: BoundToken } {
    for (const card of this.#cards.values()) {
      const token = card.tokens.find(({ description }) => description.handle === handle);
      if (token !== undefined) return { card, token };
    }
    throw new TokenError('ERR_CARD_REMOVED', { native: 'not bound' });
  }

  /** Reads a card and keeps it, if the module showed the card that was there before, is there now, and no other. */
  async #read(reader: string, profile: CardProfile): Promise<TokenDescription[]> {
    const before = profile.known ? await readIdentity(reader, profile) : '';
    const tokens = readTokens(this.#module, reader);
    if (tokens.length === 0) {
      // OpenSC takes a card of a kind that it knows for a stranger when a command fails that it recognises it by.
      if (before !== '') throw new TokenError('ERR_CARD_FAILED', { native: 'CKR_TOKEN_NOT_RECOGNIZED (0xE1)' });
      return [];
    }
    try {
      const card: BoundCard = { reader, profile: profileFor(tokens.length, profile), identity: '', tokens };
      const { identity, pin } = await readCardFacts(reader, card.profile);
      // A fresh card may tell nothing of itself before the module has selected its application.
      if (before !== '' && identity !== before) throw new TokenError('ERR_CARD_CHANGED');
      this.#readings.check(reader, { identity, content: contentOf(tokens) });
      for (const { description } of tokens) Object.assign(description, { identity }, pin === undefined ? {} : { pin });
      await addHiddenCertificates(card);
      this.#cards.set(reader, { ...card, identity });
      return tokens.map(({ description }) => description);
    } catch (error) {
      closeTokens(this.#module, tokens);
      throw error;
    }
  }

  #restart(): void {
    this.#readings.forget();
    this.#module.restart();
  }

  /**
   * Restarts the module for the sake of one reader although others are bound, whose sessions are opened again by slot and serial
   * number. Answers false, and does nothing, when that would end a login.
   */
  #restartBesides(): boolean {
    const tokens = [...this.#cards.values()].flatMap((card) => card.tokens);
    if (tokens.some(({ loggedIn }) => loggedIn)) return false;
    this.#restart();
    for (const card of [...this.#cards.values()]) {
      try {
        reopenCard(this.#module, card);
      } catch {
        this.#drop(card.reader);
      }
    }
    return true;
  }

  /** Whether this PIN may be sent now. @throws TokenError */
  async #checkBeforePin(
    card: BoundCard,
    token: BoundToken,
    pin: Uint8Array,
    finalTryConfirmed: boolean,
  ): Promise<void> {
    if (pin.length === 0) throw new TokenError('ERR_PIN_FORMAT');
    const status = await this.#orDropped(card, () => this.#statusOfSameCard(card, token));
    if (status.state === 'locked') throw new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 });
    if (status.state === 'final' && !finalTryConfirmed) throw new TokenError('final-try-unconfirmed', status);
  }

  /** @throws TokenError ERR_CARD_CHANGED */
  async #checkSameCard(card: BoundCard): Promise<void> {
    if (card.identity === '') return;
    if ((await readIdentity(card.reader, card.profile)) !== card.identity) throw new TokenError('ERR_CARD_CHANGED');
  }

  /** The PIN's state, once it is certain that the card is the one that was bound. */
  async #statusOfSameCard(card: BoundCard, token: BoundToken): Promise<PinStatus> {
    if (card.identity === '') return this.#pinStatus(card, token);
    const facts = await readCardFacts(card.reader, card.profile);
    if (facts.identity !== card.identity) throw new TokenError('ERR_CARD_CHANGED');
    return facts.pin ?? this.#module.tokenFacts(token.slot).pin;
  }

  async #pinStatus(card: BoundCard, token: BoundToken): Promise<PinStatus> {
    return (await readPinStatus(card.reader, card.profile)) ?? this.#module.tokenFacts(token.slot).pin;
  }

  /** What a refused PIN comes to. @throws TokenError for what says nothing of the PIN, such as CKR_USER_ALREADY_LOGGED_IN */
  async #refusal(card: BoundCard, token: BoundToken, code: number): Promise<TokenError> {
    const error = tokenErrorOfCkr(code);
    const native = error.native ?? '';
    if (error.failure === 'ERR_PIN_LOCKED') return new TokenError('ERR_PIN_LOCKED', { triesLeft: 0, native });
    if (error.failure === 'ERR_PIN_FORMAT') return error;
    if (error.failure !== 'ERR_PIN_WRONG') throw error;
    const { state, triesLeft } = await this.#pinStatus(card, token);
    if (state === 'locked') return new TokenError('ERR_PIN_LOCKED', { triesLeft: 0, native });
    return new TokenError('ERR_PIN_WRONG', triesLeft === undefined ? { native } : { triesLeft, native });
  }

  /** Does something with a card; when it fails, the card's sessions are gone, and the failure says whether the card is too. */
  async #orDropped<T>(card: BoundCard, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#drop(card.reader);
      if (error instanceof TokenError && error.failure === 'ERR_CARD_FAILED') {
        const absence = await absenceOf(card.reader, card.profile);
        if (absence !== undefined) throw new TokenError(absence.failure, { native: error.native ?? '' });
      }
      throw error;
    }
  }

  /** Closes the sessions of a reader. With the last card the module lets go of PC/SC altogether. */
  #drop(reader: string): void {
    const card = this.#cards.get(reader);
    if (card === undefined) return;
    this.#cards.delete(reader);
    if (this.#cards.size === 0) {
      this.#module.end();
      return;
    }
    closeTokens(this.#module, card.tokens);
  }
}

/** Failures that a module's memory may be to blame for. */
function isDoubtful(error: unknown): boolean {
  return error instanceof TokenError && (error.failure === 'ERR_CARD_FAILED' || error.failure === 'ERR_CARD_CHANGED');
}

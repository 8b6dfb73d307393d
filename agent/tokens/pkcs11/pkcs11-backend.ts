// Tokens through a PKCS#11 module. What the module believes of a card is checked against the card itself right before a PIN is sent,
// because modules have been seen to send Anna's PIN to Bertil's card; after any error nothing that it said before is used again.
import { createHash, randomUUID } from 'node:crypto';
import { type PinStatus } from '../../../shared/messages.ts';
import { type OpenBackend } from '../module-host-service.ts';
import { moduleProblem } from '../module-path.ts';
import { tokensPerCard } from '../module-host-protocol.ts';
import { type SignatureAlgorithm, type TokenBackend, type TokenDescription, TokenError } from '../token.ts';
import { absenceOf, readCardFacts, readIdentity, readPinStatus, resetCardIn } from './card-access.ts';
import { type CardProfile, cardProfile } from './card-profiles.ts';
import { ckr, tokenErrorOfCkr } from './ckr.ts';
import { Cryptoki, type ObjectHandle, type Session, type Slot } from './cryptoki.ts';

/** Loads a module. @throws TokenError ERR_AGENT_DRIVER_MISSING when it is not there, not to be trusted, or no module */
export async function openPkcs11Backend(path: string): Promise<OpenBackend> {
  const problem = moduleProblem(path);
  if (problem !== undefined) {
    throw new TokenError('ERR_AGENT_DRIVER_MISSING', { native: `${problem.reason}: ${problem.at}`.slice(0, 200) });
  }
  const backend = new Pkcs11Backend(new Cryptoki(path));
  return Promise.resolve({ backend, forgetPins: () => backend.forgetPins() });
}

/** A token with its open session. `loggedIn` is what we did, not what the card says. */
interface Token {
  slot: Slot;
  session: Session;
  loggedIn: boolean;
  keys: Map<string, ObjectHandle>;
  description: TokenDescription;
}

/** A card that is bound. */
interface Card {
  reader: string;
  profile: CardProfile;
  identity: string;
  tokens: Token[];
}

/** What a card said of itself, and a hash of what the module showed. */
interface Reading {
  identity: string;
  content: string;
}

export class Pkcs11Backend implements TokenBackend {
  readonly #module: Cryptoki;
  readonly #cards = new Map<string, Card>();
  /** By reader: what was read last since the module was initialised. */
  readonly #readings = new Map<string, Reading>();

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
      return await this.#read(reader, profile);
    } catch (error) {
      if (fresh || !isDoubtful(error) || !this.#restartBesides()) throw error;
      return this.#read(reader, profile);
    }
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    const { card, token } = this.#find(handle);
    return this.#orDropped(card, () => this.#pinStatus(card, token));
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean): Promise<void> {
    try {
      const { card, token } = this.#find(handle);
      if (pin.length === 0) throw new TokenError('ERR_PIN_FORMAT');
      const status = await this.#orDropped(card, () => this.#statusOfSameCard(card, token));
      if (status.state === 'locked') throw new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 });
      if (status.state === 'final' && !finalTryConfirmed) throw new TokenError('final-try-unconfirmed', status);
      const code = this.#sendPin(token, pin);
      if (code === ckr.pinIncorrect) throw await this.#orDropped(card, () => this.#wrongPin(card, token));
      if (code !== ckr.ok) await this.#orDropped(card, () => Promise.reject(tokenErrorOfCkr(code)));
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
    const open = [...this.#cards.values()].filter(({ tokens }) => tokens.some(({ loggedIn }) => loggedIn));
    await Promise.allSettled(open.map(({ reader }) => resetCardIn(reader)));
  }

  #find(handle: string): { card: Card; token: Token } {
    for (const card of this.#cards.values()) {
      const token = card.tokens.find(({ description }) => description.handle === handle);
      if (token !== undefined) return { card, token };
    }
    throw new TokenError('ERR_CARD_REMOVED', { native: 'not bound' });
  }

  /** Reads a card and keeps it, if the module showed the card that was there before, is there now, and no other. */
  async #read(reader: string, profile: CardProfile): Promise<TokenDescription[]> {
    const before = profile.known ? await readIdentity(reader, profile) : '';
    const tokens = this.#tokensIn(reader);
    if (tokens.length === 0) return [];
    const { identity, pin } = await readCardFacts(reader, profile);
    // A fresh card may tell nothing of itself before the module has selected its application.
    if (before !== '' && identity !== before) throw new TokenError('ERR_CARD_CHANGED');
    this.#checkReading(reader, { identity, content: contentOf(tokens) });
    for (const { description } of tokens) Object.assign(description, { identity }, pin === undefined ? {} : { pin });
    this.#cards.set(reader, { reader, profile, identity, tokens });
    return tokens.map(({ description }) => description);
  }

  /**
   * A module that was not initialised anew may show the content of a card that is no longer there (seen on OpenSC 0.23 after a swap
   * without an event, even after a reset): identity and content have both changed since it last read this reader, or neither has.
   */
  #checkReading(reader: string, now: Reading): void {
    const last = this.#readings.get(reader);
    if (last !== undefined && (last.identity === now.identity) !== (last.content === now.content)) {
      throw new TokenError('ERR_CARD_FAILED', { native: 'the module shows another card' });
    }
    this.#readings.set(reader, now);
  }

  #restart(): void {
    this.#readings.clear();
    this.#module.restart();
  }

  #tokensIn(reader: string): Token[] {
    const tokens: Token[] = [];
    for (const slot of this.#module.slotsOf(reader).slice(0, tokensPerCard)) {
      const token = this.#tokenIn(slot, reader);
      if (token !== undefined) tokens.push(token);
    }
    return tokens;
  }

  #tokenIn(slot: Slot, reader: string): Token | undefined {
    let facts;
    try {
      facts = this.#module.tokenFacts(slot);
    } catch (error) {
      // CKR_TOKEN_NOT_RECOGNIZED: a card that this driver does not know.
      if (error instanceof TokenError && error.failure === 'ERR_CARD_UNSUPPORTED') return undefined;
      throw error;
    }
    const session = this.#module.openSession(slot);
    const description: TokenDescription = {
      ...facts,
      handle: randomUUID(),
      reader,
      identity: '',
      mechanisms: this.#module.mechanisms(slot),
      certificates: this.#module.certificates(session),
    };
    return { slot, session, loggedIn: false, keys: new Map(), description };
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
        const slots = this.#module.slotsOf(card.reader);
        for (const token of card.tokens) this.#reopen(token, slots);
      } catch {
        this.#drop(card.reader);
      }
    }
    return true;
  }

  #reopen(token: Token, slots: readonly Slot[]): void {
    const { serialNumber, label } = token.description;
    const slot = slots.find((candidate) => {
      const facts = this.#module.tokenFacts(candidate);
      return facts.serialNumber === serialNumber && facts.label === label;
    });
    if (slot === undefined) throw new TokenError('ERR_CARD_CHANGED');
    Object.assign(token, { slot, session: this.#module.openSession(slot), keys: new Map() });
  }

  /** The PIN's state, once it is certain that the card is the one that was bound. */
  async #statusOfSameCard(card: Card, token: Token): Promise<PinStatus> {
    if (card.identity === '') return this.#pinStatus(card, token);
    const facts = await readCardFacts(card.reader, card.profile);
    if (facts.identity !== card.identity) throw new TokenError('ERR_CARD_CHANGED');
    return facts.pin ?? this.#module.tokenFacts(token.slot).pin;
  }

  async #pinStatus(card: Card, token: Token): Promise<PinStatus> {
    return (await readPinStatus(card.reader, card.profile)) ?? this.#module.tokenFacts(token.slot).pin;
  }

  /** A session that is logged in already would take any PIN for right: it is logged out first. */
  #sendPin(token: Token, pin: Uint8Array): number {
    if (token.loggedIn) this.#module.logout(token.session);
    token.loggedIn = false;
    token.keys.clear();
    return this.#module.login(token.session, pin);
  }

  async #wrongPin(card: Card, token: Token): Promise<TokenError> {
    const { state, triesLeft } = await this.#pinStatus(card, token);
    const native = tokenErrorOfCkr(ckr.pinIncorrect).native ?? '';
    if (state === 'locked') return new TokenError('ERR_PIN_LOCKED', { triesLeft: 0, native });
    return new TokenError('ERR_PIN_WRONG', triesLeft === undefined ? { native } : { triesLeft, native });
  }

  /** Does something with a card; when it fails, the card's sessions are gone, and the failure says whether the card is too. */
  async #orDropped<T>(card: Card, work: () => Promise<T>): Promise<T> {
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
    for (const { session, loggedIn } of card.tokens) {
      if (loggedIn) this.#module.logout(session);
      this.#module.closeSession(session);
    }
  }
}

/** Failures that a module's memory may be to blame for. */
function isDoubtful(error: unknown): boolean {
  return error instanceof TokenError && (error.failure === 'ERR_CARD_FAILED' || error.failure === 'ERR_CARD_CHANGED');
}

function contentOf(tokens: readonly Token[]): string {
  const hash = createHash('sha256');
  for (const { description } of tokens) {
    hash.update(`${description.serialNumber}\0${description.label}\0`);
    for (const { der } of description.certificates) hash.update(der);
  }
  return hash.digest('hex');
}

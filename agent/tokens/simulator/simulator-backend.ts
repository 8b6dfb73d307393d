// The simulated card as a driver: sessions and logins over SimulatedReaders, with the failures that a real module has. For the demo
// and for tests without hardware; never part of a packaged build.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { limits } from '../../../shared/limits.ts';
import { type PinStatus } from '../../../shared/messages.ts';
import { type OpenBackend } from '../module-host-service.ts';
import { shownCertificate } from '../shown-certificate.ts';
import {
  type PinSignature,
  type ReaderPicture,
  type SignatureAlgorithm,
  type TokenBackend,
  type TokenDescription,
  TokenError,
} from '../token.ts';
import { type SimulatedCard, type SimulatedPinName } from './simulated-card.ts';
import { type SimulatedReader, SimulatedReaders } from './simulated-readers.ts';
import { serveSimulatorControl } from './simulator-control-server.ts';
import { SimulatorFaults } from './simulator-faults.ts';

/** Opens the simulator of `directory` and its control socket. @throws TokenError ERR_POLICY_INVALID when the directory is of no use */
export async function openSimulatorBackend(
  directory: string,
  onReaders: (picture: ReaderPicture) => void,
): Promise<OpenBackend> {
  try {
    const readers = new SimulatedReaders(directory, onReaders);
    const faults = new SimulatorFaults();
    await serveSimulatorControl(directory, readers, faults);
    onReaders(readers.picture);
    return {
      backend: new SimulatorBackend(readers, faults),
      forgetPins: async () => {
        for (const { card } of readers.readers) card?.setVerified(false);
        return Promise.resolve();
      },
    };
  } catch (error) {
    throw new TokenError('ERR_POLICY_INVALID', { native: error instanceof Error ? error.message.slice(0, 150) : '' });
  }
}

/** A session: what the driver believes of the card, which an unseen swap makes untrue. */
interface Session {
  reader: SimulatedReader;
  events: number;
  connection: number;
  identity: string;
  pin: SimulatedPinName;
  loggedIn: boolean;
}

export class SimulatorBackend implements TokenBackend {
  readonly #readers: SimulatedReaders;
  readonly #faults: SimulatorFaults;
  readonly #sessions = new Map<string, Session>();

  constructor(readers: SimulatedReaders, faults: SimulatorFaults) {
    this.#readers = readers;
    this.#faults = faults;
  }

  async bind(name: string, _atr: Uint8Array, reset: boolean): Promise<TokenDescription[]> {
    this.#faults.meet('bind');
    await this.release(name);
    this.#needService();
    const reader = this.#readers.named(name);
    if (reader === undefined) return [];
    const card = answeringCard(reader);
    if (reset) card.reset();
    const { events } = reader;
    const { connection } = this.#readers;
    const tokens = card.pins.map((pin) => {
      const handle = randomUUID();
      this.#sessions.set(handle, { reader, events, connection, identity: card.identity, pin, loggedIn: false });
      return describe(handle, name, card, pin);
    });
    this.#readers.setInUse(reader, true);
    return tokens;
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    this.#faults.meet('pinStatus');
    const session = this.#session(handle);
    return Promise.resolve(this.#cardOf(session).readPinStatus(session.pin));
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean): Promise<void> {
    try {
      this.#faults.meet('login');
      const session = this.#session(handle);
      sendPin(this.#cardOf(session), session, pin, finalTryConfirmed);
      session.loggedIn = true;
    } finally {
      pin.fill(0);
    }
    return Promise.resolve();
  }

  async sign(handle: string, id: string, algorithm: SignatureAlgorithm, digest: Uint8Array): Promise<Uint8Array> {
    const corrupt = this.#faults.meet('sign');
    const session = this.#session(handle);
    await wait(this.#cardOf(session).definition.signMilliseconds ?? 0);
    // The card may have been pulled or swapped meanwhile. A driver that was not told signs with whatever card is there.
    const card = this.#cardOf(session);
    if (!session.loggedIn || !card.isVerified(session.pin)) {
      session.loggedIn = false;
      throw new TokenError('login-lost', { native: 'CKR_USER_NOT_LOGGED_IN (0x101)' });
    }
    const signature = card.sign(session.pin, id, algorithm, digest);
    return corrupt ? corrupted(signature) : signature;
  }

  async signWithPin(handle: string, wanted: PinSignature, pin: Uint8Array): Promise<Uint8Array> {
    const { certificate, algorithm, digest, finalTryConfirmed } = wanted;
    try {
      const corrupt = this.#faults.meet('signWithPin');
      const session = this.#session(handle);
      const asked = this.#cardOf(session);
      checkSameCard(asked, session);
      asked.checkKey(session.pin, certificate, algorithm, digest);
      const wasLoggedIn = session.loggedIn;
      sendPin(asked, session, pin, finalTryConfirmed);
      session.loggedIn = wasLoggedIn;
      await wait(asked.definition.signMilliseconds ?? 0);
      const card = this.#cardOf(session);
      const signature = card.sign(session.pin, certificate, algorithm, digest);
      if (!wasLoggedIn) card.forget(session.pin);
      return corrupt ? corrupted(signature) : signature;
    } finally {
      pin.fill(0);
    }
  }

  async lock(handle: string): Promise<void> {
    this.#faults.meet('lock');
    const session = this.#session(handle);
    this.#sessions.delete(handle);
    this.#cardOf(session).reset();
    this.#readers.setInUse(session.reader, false);
    return Promise.resolve();
  }

  async release(name: string): Promise<void> {
    this.#faults.meet('release');
    for (const [handle, { reader }] of this.#sessions) {
      if (reader.name !== name) continue;
      this.#sessions.delete(handle);
      this.#readers.setInUse(reader, false);
    }
    return Promise.resolve();
  }

  #needService(): void {
    if (this.#readers.service === 'stopped') {
      throw new TokenError('ERR_CARD_SERVICE', { native: 'SCARD_E_NO_SERVICE (0x8010001D)' });
    }
  }

  #session(handle: string): Session {
    const session = this.#sessions.get(handle);
    if (session === undefined) throw removed();
    return session;
  }

  /** The card behind a session: of the same insertion, as far as the events tell. */
  #cardOf(session: Session): SimulatedCard {
    this.#needService();
    if (session.events !== session.reader.events || session.connection !== this.#readers.connection) throw removed();
    return answeringCard(session.reader);
  }
}

function answeringCard(reader: SimulatedReader): SimulatedCard {
  if (reader.card === undefined) throw removed();
  if (reader.mute) throw new TokenError('ERR_CARD_FAILED', { native: 'SCARD_W_UNRESPONSIVE_CARD (0x80100066)' });
  return reader.card;
}

/** Nobody is logged in to the session afterwards: that is the caller's to say. @throws TokenError when the PIN may not be sent, or is wrong */
function sendPin(card: SimulatedCard, session: Session, pin: Uint8Array, finalTryConfirmed: boolean): void {
  checkSameCard(card, session);
  const { state } = card.readPinStatus(session.pin);
  if (state === 'locked') throw new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 });
  if (state === 'final' && !finalTryConfirmed) throw new TokenError('final-try-unconfirmed', { triesLeft: 1 });
  session.loggedIn = false;
  if (!card.verify(session.pin, pin)) throw refusedPin(card.readPinStatus(session.pin));
}

/** @throws TokenError ERR_CARD_CHANGED */
function checkSameCard(card: SimulatedCard, session: Session): void {
  if (card.identity !== session.identity) throw new TokenError('ERR_CARD_CHANGED');
}

function corrupted(signature: Uint8Array): Uint8Array {
  signature[0] = (signature[0] ?? 0) ^ 1;
  return signature;
}

function removed(): TokenError {
  return new TokenError('ERR_CARD_REMOVED', { native: 'CKR_DEVICE_REMOVED (0x32)' });
}

function refusedPin(status: PinStatus): TokenError {
  if (status.state === 'locked')
    return new TokenError('ERR_PIN_LOCKED', { triesLeft: 0, native: 'CKR_PIN_LOCKED (0xA4)' });
  const { triesLeft } = status;
  return new TokenError('ERR_PIN_WRONG', {
    native: 'CKR_PIN_INCORRECT (0xA0)',
    ...(triesLeft === undefined ? {} : { triesLeft }),
  });
}

/** What OpenSC's PKCS#11 module writes behind a card's label: the label of the token's PIN. */
const pinLabels: Readonly<Record<SimulatedPinName, string>> = { login: 'Legitimering', signature: 'Underskrift' };

function describe(handle: string, reader: string, card: SimulatedCard, pin: SimulatedPinName): TokenDescription {
  const { label, serialNumber, protectedAuthenticationPath } = card.definition;
  return {
    handle,
    reader,
    label: card.pins.length === 1 ? label : `${label} (${pinLabels[pin]})`,
    serialNumber,
    manufacturer: 'Kortbro',
    model: 'Simulated card',
    identity: card.identity,
    protectedAuthenticationPath: protectedAuthenticationPath ?? false,
    pin: card.readPinStatus(pin),
    mechanisms: card.mechanisms(pin),
    certificates: card
      .readCertificates(pin)
      .map(({ id, label: name, der, ...rest }) => ({ ...shownCertificate(id, name, der), ...rest }))
      .slice(0, limits.certificatesPerToken),
  };
}

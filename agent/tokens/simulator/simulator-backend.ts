// The simulated card as a driver: sessions and logins over SimulatedReaders, with the failures that a real module has. For the demo
// and for tests without hardware; never part of a packaged build.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { limits } from '../../../shared/limits.ts';
import { type PinStatus } from '../../../shared/messages.ts';
import { type OpenBackend } from '../module-host-service.ts';
import { shownCertificate } from '../shown-certificate.ts';
import {
  type ReaderPicture,
  type SignatureAlgorithm,
  type TokenBackend,
  type TokenDescription,
  TokenError,
} from '../token.ts';
import { type SimulatedCard } from './simulated-card.ts';
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
    const handle = randomUUID();
    this.#sessions.set(handle, {
      reader,
      events: reader.events,
      connection: this.#readers.connection,
      identity: card.identity,
      loggedIn: false,
    });
    this.#readers.setInUse(reader, true);
    return [describe(handle, name, card)];
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    this.#faults.meet('pinStatus');
    return Promise.resolve(this.#cardOf(this.#session(handle)).readPinStatus());
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean): Promise<void> {
    try {
      this.#faults.meet('login');
      const session = this.#session(handle);
      const card = this.#cardOf(session);
      if (card.identity !== session.identity) throw new TokenError('ERR_CARD_CHANGED');
      const { state } = card.readPinStatus();
      if (state === 'locked') throw new TokenError('ERR_PIN_LOCKED', { triesLeft: 0 });
      if (state === 'final' && !finalTryConfirmed) throw new TokenError('final-try-unconfirmed', { triesLeft: 1 });
      session.loggedIn = card.verify(pin);
      if (!session.loggedIn) throw refusedPin(card.readPinStatus());
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
    if (!session.loggedIn || !card.state.verified) {
      session.loggedIn = false;
      throw new TokenError('login-lost', { native: 'CKR_USER_NOT_LOGGED_IN (0x101)' });
    }
    const signature = card.sign(id, algorithm, digest);
    if (signature === undefined) throw new TokenError('ERR_CARD_FAILED', { native: 'CKR_KEY_HANDLE_INVALID (0x60)' });
    if (corrupt) signature[0] = (signature[0] ?? 0) ^ 1;
    return signature;
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

function describe(handle: string, reader: string, card: SimulatedCard): TokenDescription {
  const { label, serialNumber, protectedAuthenticationPath } = card.definition;
  return {
    handle,
    reader,
    label,
    serialNumber,
    manufacturer: 'Kortbro',
    model: 'Simulated card',
    identity: card.identity,
    protectedAuthenticationPath: protectedAuthenticationPath ?? false,
    pin: card.readPinStatus(),
    mechanisms: card.mechanisms,
    certificates: card
      .readCertificates()
      .map(({ id, label, der }) => shownCertificate(id, label, der))
      .slice(0, limits.certificatesPerToken),
  };
}

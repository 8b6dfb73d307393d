// The chip of a simulated card: its PINs, its keys, and what it counts. Knows nothing of readers and sessions.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type PinStatus } from '../../../shared/messages.ts';
import { type SignatureAlgorithm, type TokenCertificate, type TokenDescription, TokenError } from '../token.ts';
import { readCardFile, readSimulatedCard, saveSimulatedCard, type SimulatedCardFile } from './simulated-card-file.ts';
import { checkFit, signDigest } from './simulated-key.ts';
import { SimulatedPin, type SimulatedPinState } from './simulated-pin.ts';

/** `login` is the card's first PIN, or its only one; `signature` opens the keys that are its own. */
export type SimulatedPinName = 'login' | 'signature';

/** What tests and the demo may know of a card, without asking it: of its first PIN, of the whole card, of its PIN for signatures. */
export interface SimulatedCardState extends SimulatedPinState {
  /** PIN states read and resets since the simulator started. */
  statusReads: number;
  resets: number;
  signaturePin?: SimulatedPinState;
}

interface SimulatedKey {
  privateKey: KeyObject;
  pin: SimulatedPinName;
}

export class SimulatedCard {
  readonly name: string;
  readonly #directory: string;
  readonly #pins: Readonly<Record<SimulatedPinName, SimulatedPin>>;
  readonly #counts = { statusReads: 0, resets: 0 };
  #file: SimulatedCardFile;
  #keys = new Map<string, SimulatedKey>();

  /** @throws Error when the card's files cannot be read */
  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.name = name;
    this.#file = readSimulatedCard(directory, name);
    this.#pins = {
      login: new SimulatedPin((triesLeft) => this.#save({ ...this.#file, triesLeft })),
      signature: new SimulatedPin((triesLeft) => {
        const { signature } = this.#file;
        if (signature !== undefined) this.#save({ ...this.#file, signature: { ...signature, triesLeft } });
      }),
    };
    this.powerOn();
  }

  /** A cold start: the files are read again (a test may have changed them) and nothing is verified. */
  powerOn(): void {
    this.#file = readSimulatedCard(this.#directory, this.name);
    this.#pins.login.powerOn(this.#file);
    if (this.#file.signature !== undefined) this.#pins.signature.powerOn(this.#file.signature);
    this.#keys = new Map(
      this.#file.certificates.map(({ id, keyFile, pin }): [string, SimulatedKey] => {
        return [id, { privateKey: createPrivateKey(readCardFile(this.#directory, keyFile)), pin: pin ?? 'login' }];
      }),
    );
  }

  get state(): Readonly<SimulatedCardState> {
    const { login, signature } = this.#pins;
    const more = this.#file.signature === undefined ? {} : { signaturePin: signature.state };
    return { ...login.state, ...this.#counts, ...more };
  }

  get definition(): Readonly<SimulatedCardFile> {
    return this.#file;
  }

  /** What a real card tells as its chip's serial number (hex). */
  get identity(): string {
    return Buffer.from(this.#file.serialNumber).toString('hex');
  }

  /** Each is a token of its own. */
  get pins(): SimulatedPinName[] {
    return this.#file.signature === undefined ? ['login'] : ['login', 'signature'];
  }

  mechanisms(pin: SimulatedPinName): TokenDescription['mechanisms'] {
    const keys = [...this.#keys.values()].filter((key) => key.pin === pin);
    const types = new Set(keys.map(({ privateKey }) => privateKey.asymmetricKeyType));
    return [
      ...(types.has('rsa') ? (['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS'] as const) : []),
      ...(types.has('ec') ? (['CKM_ECDSA'] as const) : []),
    ];
  }

  readCertificates(wanted: SimulatedPinName): TokenCertificate[] {
    return this.#file.certificates
      .filter(({ pin = 'login' }) => pin === wanted)
      .map(({ id, label, certificateFile }) => ({
        id,
        label,
        der: readCardFile(this.#directory, certificateFile),
        alwaysAuthenticate: this.#spends(wanted),
      }));
  }

  readPinStatus(pin: SimulatedPinName): PinStatus {
    this.#counts.statusReads += 1;
    return this.#pins[pin].status(this.#file.tellsTries ?? true);
  }

  /** The PIN reaches the chip. Answers whether it was right. */
  verify(name: SimulatedPinName, pin: Uint8Array): boolean {
    return this.#pins[name].verify(pin);
  }

  isVerified(pin: SimulatedPinName): boolean {
    return this.#pins[pin].state.verified;
  }

  /** @throws TokenError ERR_CARD_FAILED when this PIN opens no such key, or the key cannot make this signature */
  checkKey(pin: SimulatedPinName, id: string, algorithm: SignatureAlgorithm, digest: Uint8Array): void {
    checkFit(this.#key(pin, id), algorithm, digest);
  }

  /**
   * RSA or ECDSA over a digest with the key `id`. Refused while its PIN is not verified; a PIN that is wanted for each signature is
   * spent. @throws TokenError login-lost, ERR_CARD_FAILED
   */
  sign(pin: SimulatedPinName, id: string, algorithm: SignatureAlgorithm, digest: Uint8Array): Uint8Array {
    const key = this.#key(pin, id);
    if (!this.isVerified(pin)) throw new TokenError('login-lost', { native: 'CKR_USER_NOT_LOGGED_IN (0x101)' });
    if (this.#spends(pin)) this.#pins[pin].setVerified(false);
    const signature = signDigest(key, algorithm, digest);
    this.#pins[pin].signed();
    return signature;
  }

  reset(): void {
    this.#counts.resets += 1;
    this.setVerified(false);
  }

  forget(pin: SimulatedPinName): void {
    this.#pins[pin].setVerified(false);
  }

  setVerified(verified: boolean): void {
    for (const pin of this.pins) this.#pins[pin].setVerified(verified);
  }

  setTriesLeft(triesLeft: number, pin: SimulatedPinName): void {
    this.#pins[pin].setTriesLeft(triesLeft);
  }

  #key(pin: SimulatedPinName, id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key?.pin !== pin) throw new TokenError('ERR_CARD_FAILED', { native: 'CKR_KEY_HANDLE_INVALID (0x60)' });
    return key.privateKey;
  }

  #spends(pin: SimulatedPinName): boolean {
    return pin === 'signature' && (this.#file.signature?.alwaysAuthenticate ?? true);
  }

  #save(file: SimulatedCardFile): void {
    this.#file = file;
    saveSimulatedCard(this.#directory, this.name, file);
  }
}

// The chip of a simulated card: its PIN, its keys, and what it counts. Knows nothing of readers and sessions.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type PinStatus } from '../../../shared/messages.ts';
import { type SignatureAlgorithm, type TokenCertificate } from '../token.ts';
import { readCardFile, readSimulatedCard, saveSimulatedCard, type SimulatedCardFile } from './simulated-card-file.ts';
import { signDigest } from './simulated-key.ts';

/** What tests and the demo may know of a card, without asking it. */
export interface SimulatedCardState {
  verified: boolean;
  triesLeft: number;
  /** PINs that were sent to the card (C_Login), signatures made, PIN states read, resets, since the simulator started. */
  logins: number;
  signatures: number;
  statusReads: number;
  resets: number;
}

export class SimulatedCard {
  readonly name: string;
  readonly #directory: string;
  readonly #state: SimulatedCardState;
  #file: SimulatedCardFile;
  #keys = new Map<string, KeyObject>();

  /** @throws Error when the card's files cannot be read */
  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.name = name;
    this.#file = readSimulatedCard(directory, name);
    this.#state = {
      verified: false,
      triesLeft: this.#file.triesLeft,
      logins: 0,
      signatures: 0,
      statusReads: 0,
      resets: 0,
    };
    this.powerOn();
  }

  /** A cold start: the files are read again (a test may have changed them) and nothing is verified. */
  powerOn(): void {
    this.#file = readSimulatedCard(this.#directory, this.name);
    this.#state.triesLeft = this.#file.triesLeft;
    this.#state.verified = false;
    this.#keys = new Map(
      this.#file.certificates.map(({ id, keyFile }) => [id, createPrivateKey(readCardFile(this.#directory, keyFile))]),
    );
  }

  get state(): Readonly<SimulatedCardState> {
    return { ...this.#state };
  }

  get definition(): Readonly<SimulatedCardFile> {
    return this.#file;
  }

  /** What a real card tells as its chip's serial number (hex). */
  get identity(): string {
    return Buffer.from(this.#file.serialNumber).toString('hex');
  }

  get mechanisms(): ('CKM_RSA_PKCS' | 'CKM_RSA_PKCS_PSS' | 'CKM_ECDSA')[] {
    const types = new Set([...this.#keys.values()].map((key) => key.asymmetricKeyType));
    return [
      ...(types.has('rsa') ? (['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS'] as const) : []),
      ...(types.has('ec') ? (['CKM_ECDSA'] as const) : []),
    ];
  }

  readCertificates(): TokenCertificate[] {
    return this.#file.certificates.map(({ id, label, certificateFile }) => ({
      id,
      label,
      der: readCardFile(this.#directory, certificateFile),
    }));
  }

  readPinStatus(): PinStatus {
    this.#state.statusReads += 1;
    return this.#pinStatus();
  }

  /** The PIN reaches the chip. Answers whether it was right. */
  verify(pin: Uint8Array): boolean {
    this.#state.logins += 1;
    if (this.#state.triesLeft === 0) return false;
    const right = Buffer.from(this.#file.pin).equals(pin);
    this.#state.verified = right;
    this.setTriesLeft(right ? 3 : this.#state.triesLeft - 1);
    return right;
  }

  /** RSA or ECDSA over a digest with the key `id`; undefined when there is no such key. Whether the PIN was verified is the caller's to ask. */
  sign(id: string, algorithm: SignatureAlgorithm, digest: Uint8Array): Uint8Array | undefined {
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    const signature = signDigest(key, algorithm, digest);
    this.#state.signatures += 1;
    return signature;
  }

  reset(): void {
    this.#state.resets += 1;
    this.#state.verified = false;
  }

  setVerified(verified: boolean): void {
    this.#state.verified = verified;
  }

  setTriesLeft(triesLeft: number): void {
    if (this.#file.triesLeft !== triesLeft) {
      this.#file = { ...this.#file, triesLeft };
      saveSimulatedCard(this.#directory, this.name, this.#file);
    }
    this.#state.triesLeft = triesLeft;
  }

  #pinStatus(): PinStatus {
    const { triesLeft } = this.#state;
    const state = triesLeft === 0 ? 'locked' : triesLeft === 1 ? 'final' : triesLeft === 2 ? 'low' : 'ok';
    return this.#file.tellsTries === false ? { state } : { state, triesLeft };
  }
}

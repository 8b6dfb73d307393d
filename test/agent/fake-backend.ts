// A driver that does as a test tells it, and writes down what it was asked. Cards are by reader.
import { KortbroError } from '../../shared/errors.ts';
import { type PinStatus } from '../../shared/messages.ts';
import {
  type PinSignature,
  type SignatureAlgorithm,
  type TokenBackend,
  type TokenDescription,
  TokenError,
} from '../../agent/tokens/token.ts';

/** Called instead of the honest answer; may throw a TokenError or wait. */
type Instead<T> = () => T | Promise<T>;

export class FakeBackend implements TokenBackend {
  /** What is on the card of each reader. */
  readonly cards = new Map<string, TokenDescription[]>();
  /** Calls in order, such as `bind A`, `bind A reset`, `login h1`, `release A`. PINs and digests are not in it. */
  readonly calls: string[] = [];
  /** PINs as they arrived, before they were zeroed. */
  readonly pins: string[] = [];
  readonly name: string;
  bindInstead: Instead<TokenDescription[]> | undefined;
  statusInstead: Instead<PinStatus> | undefined;
  loginInstead: Instead<void> | undefined;
  lockInstead: Instead<void> | undefined;
  sign: TokenBackend['sign'];
  signer: (
    handle: string,
    id: string,
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
  ) => Uint8Array | Promise<Uint8Array> = () => new Uint8Array(64);

  constructor(name = 'driver') {
    this.name = name;
    this.sign = async (handle, id, algorithm, digest) => {
      this.calls.push(`sign ${handle} ${id} ${algorithm}`);
      return this.signer(handle, id, algorithm, digest);
    };
  }

  async bind(reader: string, _atr: Uint8Array, reset: boolean): Promise<TokenDescription[]> {
    this.calls.push(`bind ${reader}${reset ? ' reset' : ''}`);
    if (this.bindInstead !== undefined) return this.bindInstead();
    return Promise.resolve(this.cards.get(reader) ?? []);
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    this.calls.push(`status ${handle}`);
    return this.statusInstead === undefined ? { state: 'ok' } : this.statusInstead();
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean): Promise<void> {
    this.calls.push(`login ${handle}${finalTryConfirmed ? ' final' : ''}`);
    this.pins.push(Buffer.from(pin).toString('latin1'));
    pin.fill(0);
    await this.loginInstead?.();
  }

  async signWithPin(handle: string, wanted: PinSignature, pin: Uint8Array): Promise<Uint8Array> {
    const { certificate, algorithm, digest, finalTryConfirmed } = wanted;
    this.calls.push(`signWithPin ${handle} ${certificate} ${algorithm}${finalTryConfirmed ? ' final' : ''}`);
    this.pins.push(Buffer.from(pin).toString('latin1'));
    pin.fill(0);
    await this.loginInstead?.();
    return this.signer(handle, certificate, algorithm, digest);
  }

  async lock(handle: string): Promise<void> {
    this.calls.push(`lock ${handle}`);
    await this.lockInstead?.();
  }

  async release(reader: string): Promise<void> {
    this.calls.push(`release ${reader}`);
    return Promise.resolve();
  }

  /** The calls that begin with `word`. */
  callsOf(word: string): string[] {
    return this.calls.filter((call) => call.split(' ')[0] === word);
  }
}

/** A description with what a test does not care about filled in. */
export function description(changes: Partial<TokenDescription> = {}): TokenDescription {
  return {
    handle: 'h1',
    reader: 'A',
    label: 'SITHS',
    serialNumber: '0001',
    manufacturer: 'Test',
    model: 'Test',
    identity: '',
    protectedAuthenticationPath: false,
    pin: { state: 'ok' },
    mechanisms: ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_ECDSA'],
    certificates: [],
    ...changes,
  };
}

/** Something that a test lets happen when it wants to. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void; fail: (error: unknown) => void } {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** For assert.rejects and assert.throws: a KortbroError with this code. */
export function kortbroError(code: string): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof KortbroError)) throw error;
    if (error.code !== code) throw new Error(`${code} was expected and not ${error.code}`);
    return true;
  };
}

/** For assert.rejects: a TokenError with this failure. */
export function tokenError(failure: string): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof TokenError)) throw error;
    if (error.failure !== failure) throw new Error(`${failure} was expected and not ${error.failure}`);
    return true;
  };
}

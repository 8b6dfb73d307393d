// A driver as the agent sees it: the TokenBackend of a child process, with a time limit on every call. What the child answers is
// checked before it is believed. A failure is told once and never retried; after a restart (`onStart`) every card is bound anew.
import { z } from 'zod';
import { decodeBase64, encodeBase64 } from '../../shared/base64.ts';
import { type PinStatus } from '../../shared/messages.ts';
import { type TokenSource } from '../../shared/policy.ts';
import { boundTokens, pinStatus } from './module-host-protocol.ts';
import { type HostEvents, type HostExit, SupervisedHost } from './supervised-host.ts';
import {
  type PinSignature,
  type ReaderPicture,
  type SignatureAlgorithm,
  type TokenBackend,
  type TokenCertificate,
  type TokenDescription,
} from './token.ts';

export { type HostExit } from './supervised-host.ts';

export interface ModuleHostOptions {
  source: TokenSource;
  /** Limit of one call, from when the child starts on it (policy card.operationSeconds * 1000). */
  operationMilliseconds: number;
  /** Pause before restart number n; default: restartPause. */
  restartPause?: (failures: number) => number;
}

const none = new Uint8Array();
const nothing = z.null();

export class ModuleHost implements TokenBackend {
  readonly source: TokenSource;
  readonly #host: SupervisedHost;
  #readers: ReaderPicture | undefined;

  constructor(options: ModuleHostOptions) {
    this.source = options.source;
    this.#host = new SupervisedHost(options.source, options.operationMilliseconds, options.restartPause);
    this.#host.events.on('readers', (picture) => (this.#readers = readerPictureOf(picture)));
  }

  /** The child's process id, while there is one. */
  get processId(): number | undefined {
    return this.#host.processId;
  }

  /**
   * Starts the child; settles when its driver is loaded. After a crash it goes on trying by itself, after a refusal (the driver
   * is missing or not to be trusted) it does not. @throws TokenError ERR_AGENT_DRIVER_MISSING, ERR_POLICY_INVALID, ...
   */
  start(): Promise<void> {
    return this.#host.start();
  }

  /** Ends the child. What is in flight fails with ERR_AGENT_STOPPED. Settles when the process is gone (3 s at most). */
  stop(): Promise<void> {
    return this.#host.stop();
  }

  async bind(reader: string, atr: Uint8Array, reset: boolean): Promise<TokenDescription[]> {
    return this.#host.call({ call: 'bind', reader, reset }, atr, false, (result) =>
      boundTokens.parse(result).map((token) => ({ ...token, certificates: token.certificates.map(certificateOf) })),
    );
  }

  async pinStatus(handle: string): Promise<PinStatus> {
    return this.#host.call({ call: 'pinStatus', handle }, none, false, (result) => pinStatus.parse(result));
  }

  async login(handle: string, pin: Uint8Array, finalTryConfirmed: boolean, signal?: AbortSignal): Promise<void> {
    try {
      const question = { call: 'login', handle, finalTryConfirmed } as const;
      await this.#host.call(question, pin, true, (result) => nothing.parse(result), signal);
    } finally {
      pin.fill(0);
    }
  }

  async sign(
    handle: string,
    certificate: string,
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    return this.#host.call({ call: 'sign', handle, certificate, algorithm }, digest, false, signatureOf, signal);
  }

  async signWithPin(handle: string, wanted: PinSignature, pin: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    try {
      const question = { call: 'signWithPin', handle, ...wanted, digest: encodeBase64(wanted.digest) } as const;
      return await this.#host.call(question, pin, true, signatureOf, signal);
    } finally {
      pin.fill(0);
    }
  }

  async lock(handle: string): Promise<void> {
    await this.#host.call({ call: 'lock', handle }, none, false, (result) => nothing.parse(result));
  }

  async release(reader: string): Promise<void> {
    await this.#host.call({ call: 'release', reader }, none, false, (result) => nothing.parse(result));
  }

  /** Simulator only: each picture of its readers, beginning with the last one that is known. Returns how to stop listening. */
  onReaders(listener: (picture: ReaderPicture) => void): () => void {
    if (this.#readers !== undefined) listener(this.#readers);
    return this.#listen('readers', (picture) => listener(readerPictureOf(picture)));
  }

  /** A child has loaded its driver, the first time or again: nothing is bound. */
  onStart(listener: () => void): () => void {
    return this.#listen('start', listener);
  }

  /** The child ended: every handle and every login is gone; the card itself may still be verified (bind with `reset`). */
  onExit(listener: (exit: HostExit) => void): () => void {
    return this.#listen('exit', listener);
  }

  #listen<Name extends keyof HostEvents>(name: Name, listener: (...values: HostEvents[Name]) => void): () => void {
    const { events } = this.#host;
    const typed = listener as Parameters<typeof events.on<Name>>[1];
    events.on(name, typed);
    return () => events.off(name, typed);
  }
}

function signatureOf(result: unknown, signature: Buffer): Uint8Array {
  nothing.parse(result);
  return new Uint8Array(signature);
}

function certificateOf(told: z.infer<typeof boundTokens>[number]['certificates'][number]): TokenCertificate {
  const der = decodeBase64(told.der);
  if (der === undefined) throw new TypeError('not canonical base64');
  return { ...told, der };
}

function readerPictureOf(picture: HostEvents['readers'][0]): ReaderPicture {
  return {
    ...picture,
    readers: picture.readers.map((reader) => ({ ...reader, atr: Buffer.from(reader.atr, 'base64') })),
  };
}

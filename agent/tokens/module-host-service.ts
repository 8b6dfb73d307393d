// The child's side of the frames: one request in, one answer out, in order. Secrets are zeroed here at the latest.
import { decodeBase64, encodeBase64 } from '../../shared/base64.ts';
import { parseStrictJsonBytes } from '../../shared/strict-json.ts';
import { type HostFrame } from './module-host-frames.ts';
import { hostRequest, type HostAnswer, type HostRequest } from './module-host-protocol.ts';
import { type ReaderPicture, type TokenBackend, type TokenDescription, TokenError } from './token.ts';

/** A driver that a source leads to, and how to let go of it. */
export interface OpenBackend {
  backend: TokenBackend;
  /** Makes every card that is logged in forget its PIN; called when the agent is gone. Best effort. */
  forgetPins: () => Promise<void>;
}

/** Loads the driver of a source. `onReaders` is for sources that have readers of their own. @throws TokenError */
export type BackendOpener = (
  source: Extract<HostRequest, { call: 'open' }>['source'],
  onReaders: (picture: ReaderPicture) => void,
) => Promise<OpenBackend>;

/** Writes an answer with its binary part. */
export type AnswerWriter = (answer: HostAnswer, bytes: Uint8Array) => void;

/** Serves one agent: `open` first, once, then the calls of TokenBackend. */
export class ModuleHostService {
  readonly #openBackend: BackendOpener;
  readonly #write: AnswerWriter;
  #opened: OpenBackend | undefined;

  constructor(openBackend: BackendOpener, write: AnswerWriter) {
    this.#openBackend = openBackend;
    this.#write = write;
  }

  /** Answers one request. @throws when the frame is none of ours: the agent is then not to be trusted either */
  async serve(frame: HostFrame): Promise<void> {
    try {
      const request = hostRequest.parse(parseStrictJsonBytes(frame.json));
      await this.#answer(request, frame.bytes);
    } finally {
      frame.bytes.fill(0);
    }
  }

  /** The agent is gone: leaves no card verified that we logged in to. */
  async end(): Promise<void> {
    await this.#opened?.forgetPins();
  }

  async #answer(request: HostRequest, bytes: Buffer): Promise<void> {
    const { id } = request;
    try {
      const { result, signature } = await this.#perform(request, bytes);
      this.#write({ id, result }, signature ?? new Uint8Array());
    } catch (error) {
      this.#write({ id, ...failureOf(error) }, new Uint8Array());
    }
  }

  async #perform(request: HostRequest, bytes: Buffer): Promise<{ result: unknown; signature?: Uint8Array }> {
    if (request.call === 'open') {
      this.#opened ??= await this.#openBackend(request.source, (picture) => this.#tell(picture));
      return { result: null };
    }
    if (this.#opened === undefined) throw new TokenError('ERR_AGENT_INTERNAL', { native: 'not opened' });
    const { backend } = this.#opened;
    switch (request.call) {
      case 'bind':
        return { result: (await backend.bind(request.reader, bytes, request.reset)).map(described) };
      case 'pinStatus':
        return { result: await backend.pinStatus(request.handle) };
      case 'login':
        await backend.login(request.handle, bytes, request.finalTryConfirmed);
        return { result: null };
      case 'sign': {
        const { handle, certificate, algorithm } = request;
        return { result: null, signature: await backend.sign(handle, certificate, algorithm, bytes) };
      }
      case 'signWithPin': {
        const { handle, certificate, algorithm, finalTryConfirmed } = request;
        const digest = digestOf(request.digest);
        const wanted = { certificate, algorithm, digest, finalTryConfirmed };
        return { result: null, signature: await backend.signWithPin(handle, wanted, bytes) };
      }
      case 'lock':
        await backend.lock(request.handle);
        return { result: null };
      case 'release':
        await backend.release(request.reader);
        return { result: null };
    }
  }

  #tell(picture: ReaderPicture): void {
    const readers = picture.readers.map((reader) => ({ ...reader, atr: encodeBase64(reader.atr) }));
    this.#write({ readers: { ...picture, readers } }, new Uint8Array());
  }
}

function digestOf(told: string): Uint8Array {
  const digest = decodeBase64(told);
  if (digest === undefined) throw new TypeError('not canonical base64');
  return digest;
}

function described(token: TokenDescription): unknown {
  return {
    ...token,
    certificates: token.certificates.map((certificate) => ({ ...certificate, der: encodeBase64(certificate.der) })),
  };
}

function failureOf(error: unknown): Omit<Extract<HostAnswer, { failure: unknown }>, 'id'> {
  if (!(error instanceof TokenError)) {
    const native = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
    return { failure: 'ERR_AGENT_INTERNAL', native: shortened(native) };
  }
  return {
    failure: error.failure,
    ...(error.triesLeft === undefined ? {} : { triesLeft: error.triesLeft }),
    ...(error.native === undefined ? {} : { native: shortened(error.native) }),
  };
}

/** Cut to what the protocol takes; half a surrogate pair would make the whole answer invalid. */
function shortened(native: string): string {
  return native.slice(0, 200).toWellFormed();
}

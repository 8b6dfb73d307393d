// The content script's work: hands a page's checked messages to the background and the answers back, by id. Opens the
// port to the background at the page's first message, tells every waiting call when it is lost, and opens it anew when
// needed: at once if the page listens to events. Decides nothing about who may ask.
import { type ErrorCode } from '../../shared/errors.ts';
import { piecesOnTheWay } from '../page-api/pieces.ts';
import { parsePageText, type PageAnswer, type PageMessage } from '../page-api/page-messages.ts';
import { parseBytesPiece, type BytesPiece, type EncodedPiece } from '../page-api/sign-messages.ts';
import { bytesToText, textToBytes } from './native-base64.ts';

/** A MessagePort to a page's script. The bytes of a piece are given away. */
export interface PageChannel {
  post(said: string | BytesPiece): void;
}

/** An open port to the background. */
export interface BackgroundPort {
  post(message: PageMessage): void;
  close(): void;
}

/** What the bridge needs from the browser. `connect` throws when the extension was reloaded or removed under the page. */
export interface BridgeSurroundings {
  connect(receive: (answer: PageAnswer) => void, lost: (reason?: string) => void): BackgroundPort;
  sentence(code: ErrorCode): string;
  /** Calls back after that many milliseconds. */
  later(callback: () => void, milliseconds: number): void;
  /** Whether the document is being prerendered: it may then not ask. */
  prerendering(): boolean;
}

/** Who waits for an answer, and how many pieces of documents it has sent and has been told of. */
interface Waiting {
  channel: PageChannel;
  sent: number;
  taken: number;
}

const reconnectPause = 100;
const reconnectPauseCap = 20_000;

/** One per document. */
export class PageBridge {
  readonly #surroundings: BridgeSurroundings;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Set<PageChannel>();
  #port: BackgroundPort | undefined;
  #since: number | undefined;
  #failures = 0;
  /** The last `loggedout` event: the channels that have not said that they are done with it. */
  #farewell: { number: number; channels: Set<PageChannel> } | undefined;

  constructor(surroundings: BridgeSurroundings) {
    this.#surroundings = surroundings;
  }

  /** A text from the page, or a piece of a document. */
  receive(said: unknown, channel: PageChannel): void {
    if (typeof said === 'object') {
      this.#piece(said, channel);
      return;
    }
    const message = parsePageText(said);
    if ('refused' in message) {
      if (message.id !== undefined) this.#refuse(message.id, message.refused, channel);
      return;
    }
    if (message.verb === 'listen') {
      this.#listeners.add(channel);
      this.listen();
    } else if ('number' in message) {
      this.#settled(message.number, channel);
    } else if (message.verb === 'document' || message.verb === 'fetched') {
      return; // parsePageText lets neither pass: they are said here, not by a page
    } else if (message.verb === 'cancel') {
      if (this.#waiting.get(message.id)?.channel !== channel) return;
      this.#waiting.delete(message.id);
      this.#port?.post(message);
    } else if (this.#waiting.has(message.id)) {
      this.#refuse(message.id, 'ERR_REQUEST_DUPLICATE', channel);
    } else if (this.#surroundings.prerendering()) {
      this.#refuse(message.id, 'ERR_REQUEST_FRAME', channel);
    } else {
      this.#waiting.set(message.id, { channel, sent: 0, taken: 0 });
      if (!this.#send(message)) this.#fail('ERR_AGENT_NOT_RUNNING');
    }
  }

  /**
   * The page goes into the back/forward cache. Chromium closes the port there without a word to this side (seen with
   * 156), so it is closed here; `listen` opens the next one when the page comes back.
   */
  leave(): void {
    const port = this.#port;
    this.#port = undefined;
    this.#fail('ERR_REQUEST_CANCELLED');
    port?.close();
  }

  /** Subscribes anew, with what was seen last: after a lost port, or when a hidden page is shown. */
  listen(): void {
    if (this.#listeners.size === 0 || this.#surroundings.prerendering()) return;
    this.#send(this.#since === undefined ? { verb: 'listen' } : { verb: 'listen', since: this.#since });
  }

  #send(message: PageMessage): boolean {
    return this.#open((port) => port.post(message));
  }

  #open(use?: (port: BackgroundPort) => void): boolean {
    try {
      this.#port ??= this.#surroundings.connect(
        (answer) => this.#answer(answer),
        () => this.#lost(),
      );
      use?.(this.#port);
      return true;
    } catch {
      this.#port = undefined;
      return false;
    }
  }

  #answer(answer: PageAnswer): void {
    this.#failures = 0;
    if ('listening' in answer) {
      if (answer.listening === null) this.#listeners.clear();
      else this.#since = answer.listening;
    } else if ('event' in answer) {
      this.#since = answer.number;
      this.#tell(answer);
    } else if ('piece' in answer) {
      this.#fetched(answer.id, answer.piece);
    } else if ('signing' in answer) {
      const waiting = this.#waiting.get(answer.id);
      if (waiting !== undefined && answer.signing.stage === 'taken') waiting.taken = answer.signing.pieces;
      waiting?.channel.post(JSON.stringify(answer));
    } else {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      waiting?.channel.post(JSON.stringify(answer));
    }
  }

  /** One that is not what was agreed ends its request; of another channel's request nothing is heard. */
  #piece(said: unknown, channel: PageChannel): void {
    const piece = parseBytesPiece(said);
    const id = piece?.id ?? (said as { id?: unknown } | null)?.id;
    const waiting = typeof id === 'string' ? this.#waiting.get(id) : undefined;
    if (typeof id !== 'string' || waiting?.channel !== channel) return;
    if (piece !== undefined && waiting.sent - waiting.taken < piecesOnTheWay) {
      waiting.sent++;
      const { document, offset, bytes } = piece;
      this.#port?.post({ verb: 'document', id, document, offset, data: bytesToText(bytes) });
    } else {
      this.#waiting.delete(id);
      this.#port?.post({ verb: 'cancel', id });
      this.#refuse(id, 'ERR_REQUEST_INVALID', channel);
    }
  }

  /** The next piece comes when this one is with the page. */
  #fetched(id: string, { document, offset, data }: EncodedPiece): void {
    const bytes = textToBytes(data);
    const end = offset + bytes.length;
    this.#waiting.get(id)?.channel.post({ id, document, offset, bytes });
    this.#port?.post({ verb: 'fetched', id, document, offset: end });
  }

  #tell(answer: Extract<PageAnswer, { event: string }>): void {
    let text = JSON.stringify({ event: answer.event });
    if (answer.event === 'loggedout') {
      text = JSON.stringify(answer);
      this.#farewell = { number: answer.number, channels: new Set(this.#listeners) };
      this.#port?.post({ verb: 'received', number: answer.number });
    }
    for (const channel of this.#listeners) channel.post(text);
  }

  /** Passed on once every script of the page that listens has said so. */
  #settled(number: number, channel: PageChannel): void {
    if (this.#farewell?.number !== number || !this.#farewell.channels.delete(channel)) return;
    if (this.#farewell.channels.size === 0) this.#port?.post({ verb: 'settled', number });
  }

  #lost(): void {
    this.#port = undefined;
    const wasAsked = this.#waiting.size > 0;
    this.#fail('ERR_AGENT_STOPPED');
    if (this.#listeners.size === 0 && !wasAsked) return;
    // Connecting starts the worker again: without this, a killed worker would stay dead, and events and logouts with it.
    const pause = Math.min(reconnectPauseCap, reconnectPause * 2 ** this.#failures++);
    this.#surroundings.later(() => {
      if (this.#port !== undefined) return;
      if (this.#listeners.size > 0) this.listen();
      else this.#open();
    }, pause);
  }

  #fail(code: ErrorCode): void {
    for (const [id, { channel }] of this.#waiting) this.#refuse(id, code, channel);
    this.#waiting.clear();
  }

  #refuse(id: string, code: ErrorCode, channel: PageChannel): void {
    channel.post(JSON.stringify({ id, error: { code, message: this.#surroundings.sentence(code) } }));
  }
}

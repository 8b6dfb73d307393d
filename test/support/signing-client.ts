// The extension's side of one signing, over a real native host: sends the documents, sees what the holder is to see, answers, and
// fetches the signatures. Each step can be replaced, so that a test can do what no extension does.
import { randomUUID } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { type AgentMessage, type RequestOf } from '../../shared/messages.ts';
import { type Signed, type SigningConsent } from '../../shared/signing.ts';
import { type Answer, type HostClient } from './host-client.ts';

/** A document as a test names it. */
export interface SentDocument {
  name?: string;
  type?: string;
  content: Uint8Array;
}

export type SigningWish = Omit<RequestOf<'sign'>, 'type' | 'id' | 'language' | 'verb' | 'caller' | 'documents'>;

export interface SigningSteps {
  /** Which key, or `decline`. Default: the first. */
  choose?: (consent: SigningConsent, signing: SigningClient) => string | Promise<string>;
  /** Instead of sending the documents. */
  send?: (signing: SigningClient) => void;
}

/** What came of it, with what was shown. */
export interface SigningEnd {
  answer: Answer;
  consent?: SigningConsent;
  signed?: Signed;
  signatures: (Buffer | undefined)[];
}

/** How long each step, and the whole, is waited for: the largest document takes its time on a busy machine. */
const patience = 60_000;

type Data = Extract<AgentMessage, { type: 'data' }>;

export class SigningClient {
  readonly host: HostClient;
  readonly id = randomUUID();
  readonly documents: readonly SentDocument[];
  #from: number;

  constructor(host: HostClient, documents: readonly SentDocument[]) {
    this.host = host;
    this.documents = documents;
    this.#from = host.messages.length;
  }

  /** Asks and goes through every step to the end. */
  async run(origin: string, wish: SigningWish, steps: SigningSteps = {}): Promise<SigningEnd> {
    const answer = this.open(origin, wish);
    const end: SigningEnd = { answer: { result: undefined }, signatures: [] };
    if ((await this.#stage('receiving')) !== undefined) {
      if (steps.send === undefined) await this.send();
      else steps.send(this);
      const shown = await this.#stage('consent');
      if (shown?.stage === 'consent') {
        end.consent = shown.consent;
        const key = steps.choose === undefined ? shown.consent.keys[0]?.key : await steps.choose(shown.consent, this);
        this.say(
          key === 'decline' ? { type: 'consent', answer: key } : { type: 'consent', answer: 'sign', certificate: key },
        );
        const done = await this.#stage('signed');
        if (done?.stage === 'signed') {
          end.signed = done.signed;
          end.signatures = await this.fetch(done.signed);
          this.say({ type: 'taken' });
        }
      }
    }
    return { ...end, answer: await answer };
  }

  /** Opens the request. */
  open(origin: string, wish: SigningWish): Promise<Answer> {
    this.#from = this.host.messages.length;
    const documents = this.documents.map(({ name = 'intyg.txt', type = 'text/plain', content }) => ({
      name,
      type,
      size: content.length,
    }));
    return this.host.ask({ verb: 'sign', caller: { kind: 'page', origin }, documents, ...wish }, this.id, patience)
      .answer;
  }

  /** Says something under the request's id. */
  say(message: object): void {
    this.host.send({ ...message, id: this.id });
  }

  /** Every document by pieces, with the window that the extension has. */
  async send(): Promise<void> {
    const { documentPiece: piece, documentWindow: window } = limits;
    const taken: (() => Promise<unknown>)[] = [];
    for (const [document, { content }] of this.documents.entries()) {
      for (let offset = 0; offset < content.length; offset += piece) {
        if (taken.length >= window) await taken[taken.length - window]?.();
        const data = Buffer.from(content.subarray(offset, offset + piece)).toString('base64');
        this.say({ type: 'document', document, offset, data });
        const next = Math.min(offset + piece, content.length);
        taken.push(() =>
          this.#until((m) => m.type === 'document-taken' && m.document === document && m.offset === next),
        );
      }
    }
    await taken.at(-1)?.();
  }

  /** Every signature that was made. */
  async fetch({ documents }: Signed): Promise<(Buffer | undefined)[]> {
    const signatures: (Buffer | undefined)[] = [];
    for (const [document, entry] of documents.entries()) {
      signatures.push(entry.status === 'signed' ? await this.read('signature', document, entry.size) : undefined);
    }
    return signatures;
  }

  /** Reads bytes back, from the start to `size`. */
  async read(what: 'document' | 'signature', document: number, size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let offset = 0; offset < size; offset += parts.at(-1)?.length ?? size) {
      this.say({ type: 'read', what, document, offset });
      const isWanted = (m: AgentMessage): m is Data =>
        m.type === 'data' && m.what === what && m.document === document && m.offset === offset;
      parts.push(Buffer.from(((await this.#until(isWanted)) as Data).data, 'base64'));
    }
    return Buffer.concat(parts);
  }

  async #stage(stage: string): Promise<Extract<AgentMessage, { type: 'signing' }> | undefined> {
    const found = await this.#until((m) => (m.type === 'signing' && m.stage === stage) || m.type === 'error');
    return found.type === 'signing' ? found : undefined;
  }

  #until(wanted: (message: AgentMessage) => boolean): Promise<AgentMessage> {
    return this.host.until((m) => 'id' in m && m.id === this.id && wanted(m), this.#from, patience);
  }
}

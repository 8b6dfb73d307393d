// An agent's side of signing, for a FakeAgent: takes documents, asks for consent, "signs", hands signatures out. Each step can
// be held up or replaced.
import { createHash } from 'node:crypto';
import { decodeBase64, encodeBase64 } from '../../shared/base64.ts';
import { type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type ClientMessage, type RequestOf } from '../../shared/messages.ts';
import { type SigningConsent, type SigningKey } from '../../shared/signing.ts';
import { type FakeHost, type Script } from './fake-agent.ts';

export const signingKey: SigningKey = {
  key: 'slot-1/signature',
  holder: 'Anna Testsson',
  organisation: 'Region Exempel',
  holderId: 'SE0000000000-1ABC',
  issuer: 'TEST SITHS e-id Person HSA-id 3 CA v1',
  usage: 'signature',
  reader: 'SCM Microsystems SCR 3310 00 00',
  validFrom: '2025-03-01T08:00:00.000Z',
  validTo: '2028-03-01T08:00:00.000Z',
  serialNumber: '5A10F3C2D4E5B6A7',
  keyType: 'rsa',
  keySize: 2048,
};

type Order = Extract<ClientMessage, { type: 'consent' }>;

/** One signing, as the agent sees it. */
export interface SigningCase {
  readonly id: string;
  readonly host: FakeHost;
  readonly request: RequestOf<'sign'>;
  readonly documents: Uint8Array[];
  readonly signatures: Uint8Array[];
  /** Pieces of documents that came, in order. */
  readonly arrived: string[];
  answer?: Order;
  isTaken: boolean;
  isCancelled: boolean;
}

export class SigningAgent {
  readonly cases: SigningCase[] = [];
  keys: SigningKey[] = [signingKey];
  /** Changes what is told about what is to be shown. */
  change: (consent: SigningConsent) => SigningConsent = (consent) => consent;
  /** The signature of a document. */
  sign: (document: Uint8Array) => Uint8Array = (document) => createHash('sha512').update(document).digest();
  /** Why a document cannot be signed. */
  failure: (number: number) => ErrorCode | undefined = () => undefined;
  /** What is done with a consent that says yes; default: everything is signed. */
  agreed: (signing: SigningCase) => void = (signing) => this.finish(signing);
  /** What is done when the holder has had enough after a yes. */
  stopped: (signing: SigningCase) => void = (signing) => this.fail(signing, 'ERR_USER_CANCELLED');
  /** Called with each piece that arrives; false: it is not acknowledged. */
  piece: (signing: SigningCase) => boolean = () => true;

  /** The script for a FakeAgent. */
  readonly script: Script = (message, host) => this.#receive(message, host);

  get last(): SigningCase | undefined {
    return this.cases.at(-1);
  }

  /** Signs all, and tells so. */
  finish(signing: SigningCase): void {
    const { id, host, documents } = signing;
    host.send({ type: 'signing', id, stage: 'progress', done: 0 });
    const entries = documents.map((document, number) => {
      const code = this.failure(number);
      const signature = code === undefined ? this.sign(document) : new Uint8Array(0);
      signing.signatures.push(signature);
      if (code !== undefined) return { status: 'failed', code } as const;
      return { status: 'signed', size: signature.length } as const;
    });
    const certificate = encodeBase64(new TextEncoder().encode('certificate'));
    host.send({ type: 'signing', id, stage: 'progress', done: documents.length });
    host.send({
      type: 'signing',
      id,
      stage: 'signed',
      signed: { documents: entries, certificate, algorithm: 'ES256' },
    });
  }

  fail({ id, host }: SigningCase, code: ErrorCode): void {
    host.send({ type: 'error', id, error: { code, message: code } });
  }

  #receive(message: ClientMessage, host: FakeHost): 'handled' | undefined {
    if (message.type === 'request' && message.verb === 'sign') {
      this.#begin(message, host);
      return 'handled';
    }
    if (!('id' in message)) return undefined;
    const signing = this.cases.find(({ id }) => id === message.id);
    if (signing === undefined) return undefined;
    if (message.type === 'cancel') signing.isCancelled = true;
    else if (message.type === 'document') this.#document(signing, message);
    else if (message.type === 'read') this.#read(signing, message);
    else if (message.type === 'consent') this.#answered(signing, message);
    else if (message.type === 'taken') this.#taken(signing);
    return 'handled';
  }

  #begin(request: RequestOf<'sign'>, host: FakeHost): void {
    const { id } = request;
    const documents = request.documents.map(({ size }) => new Uint8Array(size));
    const signing = { id, host, request, documents, signatures: [], arrived: [], isTaken: false, isCancelled: false };
    this.cases.push(signing);
    host.send({ type: 'signing', id, stage: 'receiving' });
    if (documents.every(({ length }) => length === 0)) this.#ask(signing);
  }

  #document(signing: SigningCase, { document, offset, data }: Extract<ClientMessage, { type: 'document' }>): void {
    const { id, host, arrived, request } = signing;
    const bytes = decodeBase64(data) ?? new Uint8Array(0);
    signing.documents[document]?.set(bytes, offset);
    arrived.push(`${document}:${offset}+${bytes.length}`);
    if (!this.piece(signing)) return;
    const end = offset + bytes.length;
    host.send({ type: 'document-taken', id, document, offset: end });
    const isLast = request.documents.slice(document + 1).every(({ size }) => size === 0);
    if (isLast && end === request.documents[document]?.size) this.#ask(signing);
  }

  #ask(signing: SigningCase): void {
    const { id, host, request, documents } = signing;
    const consent = this.change({
      origin: request.caller.origin,
      documents: request.documents.map((entry, number) => ({
        ...entry,
        fingerprint: createHash('sha256')
          .update(documents[number] ?? new Uint8Array(0))
          .digest('hex'),
      })),
      format: request.format,
      level: request.level ?? 'B-B',
      keys: this.keys,
    });
    host.send({ type: 'signing', id, stage: 'consent', consent });
  }

  #read(signing: SigningCase, { what, document, offset }: Extract<ClientMessage, { type: 'read' }>): void {
    const bytes = (what === 'document' ? signing.documents : signing.signatures)[document] ?? new Uint8Array(0);
    const data = encodeBase64(bytes.subarray(offset, offset + limits.documentPiece));
    signing.host.send({ type: 'data', id: signing.id, what, document, offset, data });
  }

  #answered(signing: SigningCase, message: Order): void {
    const isStop = signing.answer?.answer === 'sign';
    signing.answer = message;
    if (isStop) this.stopped(signing);
    else if (message.answer === 'decline') this.fail(signing, 'ERR_USER_DECLINED');
    else this.agreed(signing);
  }

  #taken(signing: SigningCase): void {
    signing.isTaken = true;
    const signed = signing.signatures.filter((_, number) => this.failure(number) === undefined).length;
    signing.host.send({ type: 'response', id: signing.id, result: { signed } });
  }
}

// One signing: passes bytes between page, agent and consent window, each only where and when it is due. Holds no bytes: a
// piece is handed on when it comes. Whoever breaks the order ends it: a page its own request, the agent the whole connection.
import { sentence, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type Signed, type SigningAnswer, type SigningConsent, type SigningMessage } from '../../../shared/signing.ts';
import { piecesOf, type Piece } from '../../page-api/pieces.ts';
import {
  encodedSize,
  type EncodedPiece,
  type PageSigningMessage,
  type SigningNews,
} from '../../page-api/sign-messages.ts';
import { type ConsentMessage, type ConsentWish } from './consent-messages.ts';
import { type SignQuestion } from './sign-question.ts';

/** What the page that asked hears. */
export type SigningTold = { signing: SigningNews } | { piece: EncodedPiece };

/** What one signing acts upon. */
export interface SigningSurroundings {
  toAgent(message: SigningMessage): void;
  toPage(told: SigningTold): void;
  /** Has the consent window opened, as soon as no other is. */
  askHolder(consent: SigningConsent): void;
  toWindow(message: ConsentMessage): void;
  /** Nothing is to be shown any more. */
  closeWindow(): void;
  /** Ends the request, at the agent too. */
  giveUp(code: ErrorCode): void;
  /** The agent says what cannot be. */
  distrust(): void;
}

type Stage = 'asked' | 'receiving' | 'consent' | 'answered' | 'signed' | 'taken';
type Told<S extends string> = Extract<SigningAnswer, { type: 'signing'; stage: S }>;

export class Signing {
  readonly #id: string;
  readonly #question: SignQuestion;
  readonly #surroundings: SigningSurroundings;
  readonly #pieces: readonly Piece[];
  #stage: Stage = 'asked';
  /** Pieces of documents that the page has sent, and that the agent has taken. */
  #sent = 0;
  #taken = 0;
  /** The agent makes signatures; the holder has had enough of it. */
  #isBegun = false;
  #isCancelled = false;
  /** Pieces that the window waits for. */
  readonly #wanted = new Map<string, Piece>();
  /** Pieces of signatures: asked of the agent, handed to the page, arrived there. */
  #results: readonly Piece[] = [];
  #asked = 0;
  #handed = 0;
  #arrived = 0;

  constructor(id: string, question: SignQuestion, surroundings: SigningSurroundings) {
    this.#id = id;
    this.#question = question;
    this.#surroundings = surroundings;
    this.#pieces = piecesOf(question.documents.map(({ size }) => size));
  }

  /** Whether the agent may answer the request now. */
  get isDone(): boolean {
    return this.#stage === 'taken';
  }

  /** Whether the holder has said yes. */
  get isAnswered(): boolean {
    return !['asked', 'receiving', 'consent'].includes(this.#stage);
  }

  fromPage(message: PageSigningMessage): void {
    if (message.verb === 'document') this.#document(message);
    else this.#fetched(message);
  }

  fromAgent(message: SigningAnswer): void {
    const isExpected =
      message.type === 'document-taken'
        ? this.#documentTaken(message)
        : message.type === 'data'
          ? this.#data(message)
          : this.#stageTold(message);
    if (!isExpected) this.#surroundings.distrust();
  }

  fromWindow(wish: ConsentWish): void {
    if (wish.verb === 'read') {
      this.#read(wish);
    } else if (wish.verb === 'cancel') {
      this.#cancel();
    } else if (this.#stage !== 'consent') {
      return;
    } else if (wish.verb === 'sign') {
      this.#stage = 'answered';
      this.#surroundings.toAgent({ type: 'consent', id: this.#id, answer: 'sign', certificate: wish.certificate });
    } else {
      this.#surroundings.toAgent({ type: 'consent', id: this.#id, answer: 'decline' });
      this.#surroundings.closeWindow();
    }
  }

  /** While signatures are being made, those that are there are kept. Once all are, closing the window is no cancel any more. */
  #cancel(): void {
    if (this.#stage !== 'answered' || this.#isCancelled) return;
    this.#isCancelled = true;
    if (this.#isBegun) this.#surroundings.toAgent({ type: 'consent', id: this.#id, answer: 'decline' });
    else this.#surroundings.giveUp('ERR_USER_CANCELLED');
  }

  /** The next piece of a document, whole and in order, and no more on the way than agreed. */
  #document({ document, offset, data }: Extract<PageSigningMessage, { verb: 'document' }>): void {
    const next = this.#pieces[this.#sent];
    const isDue =
      this.#stage === 'receiving' &&
      this.#sent - this.#taken < limits.documentWindow &&
      next?.document === document &&
      next.offset === offset &&
      next.size === encodedSize(data);
    if (!isDue) {
      this.#surroundings.giveUp('ERR_DOCUMENT_INCOMPLETE');
      return;
    }
    this.#sent++;
    this.#surroundings.toAgent({ type: 'document', id: this.#id, document, offset, data });
  }

  #documentTaken({ document, offset }: Extract<SigningAnswer, { type: 'document-taken' }>): boolean {
    const number = this.#pieces.findIndex(
      (piece, index) => index >= this.#taken && piece.document === document && piece.offset + piece.size === offset,
    );
    if (number < 0 || number >= this.#sent) return false;
    this.#taken = number + 1;
    this.#surroundings.toPage({ signing: { stage: 'taken', pieces: this.#taken } });
    return true;
  }

  #stageTold(message: Extract<SigningAnswer, { type: 'signing' }>): boolean {
    switch (message.stage) {
      case 'receiving':
        if (this.#stage !== 'asked') return false;
        this.#stage = 'receiving';
        this.#surroundings.toPage({ signing: { stage: 'receiving' } });
        return true;
      case 'consent':
        return this.#consent(message);
      case 'progress':
        return this.#progress(message);
      case 'signed':
        return this.#signed(message.signed);
    }
  }

  #consent({ consent }: Told<'consent'>): boolean {
    if (this.#stage !== 'receiving' || this.#taken !== this.#pieces.length) return false;
    const { documents, caller } = this.#question;
    const isOurs =
      consent.origin === caller.origin &&
      consent.documents.length === documents.length &&
      // The name may be another one: the agent leaves out what cannot be shown.
      consent.documents.every(({ type, size }, index) => {
        const asked = documents[index];
        return asked?.type === type && asked.size === size;
      });
    if (!isOurs) return false;
    this.#stage = 'consent';
    this.#surroundings.toPage({ signing: { stage: 'consent' } });
    this.#surroundings.askHolder(consent);
    return true;
  }

  #progress({ done }: Told<'progress'>): boolean {
    if (this.#stage !== 'answered' || done > this.#question.documents.length) return false;
    this.#isBegun = true;
    this.#surroundings.toPage({ signing: { stage: 'progress', done } });
    this.#surroundings.toWindow({ progress: done });
    return true;
  }

  /** The window is closed, or says which documents are not signed; the signatures are fetched for the page. */
  #signed({ documents, certificate, algorithm }: Signed): boolean {
    if (this.#stage !== 'answered' || documents.length !== this.#question.documents.length) return false;
    this.#stage = 'signed';
    const { language } = this.#question;
    const failed = documents.flatMap((entry, document) => {
      if (entry.status === 'signed') return [];
      const { code, incident } = entry;
      return [incident === undefined ? { document, code } : { document, code, incident }];
    });
    if (failed.length === 0) this.#surroundings.closeWindow();
    else this.#surroundings.toWindow({ partly: failed });
    const told = documents.map((entry) =>
      entry.status === 'failed'
        ? { status: entry.status, code: entry.code, message: sentence(entry.code, language) }
        : entry,
    );
    this.#results = piecesOf(documents.map((entry) => (entry.status === 'signed' ? entry.size : 0)));
    this.#surroundings.toPage({ signing: { stage: 'signed', documents: told, certificate, algorithm } });
    this.#fetch();
    return true;
  }

  /** Asks for as many pieces of signatures as may be on their way from the agent to the page. */
  #fetch(): void {
    for (;;) {
      const piece = this.#results[this.#asked];
      if (piece === undefined || this.#asked - this.#arrived >= limits.documentWindow) break;
      this.#asked++;
      const { document, offset } = piece;
      this.#surroundings.toAgent({ type: 'read', id: this.#id, what: 'signature', document, offset });
    }
    if (this.#arrived < this.#results.length) return;
    this.#stage = 'taken';
    this.#surroundings.toAgent({ type: 'taken', id: this.#id });
  }

  #fetched({ document, offset }: Extract<PageSigningMessage, { verb: 'fetched' }>): void {
    const piece = this.#results[this.#arrived];
    const isDue = this.#arrived < this.#handed && piece?.document === document && piece.offset + piece.size === offset;
    if (!isDue) {
      this.#surroundings.giveUp('ERR_REQUEST_INVALID');
      return;
    }
    this.#arrived++;
    this.#fetch();
  }

  #read({ document, offset }: Extract<ConsentWish, { verb: 'read' }>): void {
    const piece = this.#pieces.find((known) => known.document === document && known.offset === offset);
    if (this.#stage !== 'consent' || piece === undefined || this.#wanted.size >= limits.documentWindow) return;
    this.#wanted.set(`${document}:${offset}`, piece);
    this.#surroundings.toAgent({ type: 'read', id: this.#id, what: 'document', document, offset });
  }

  #data({ what, document, offset, data }: Extract<SigningAnswer, { type: 'data' }>): boolean {
    const piece = { document, offset, data };
    if (what === 'document') {
      const wanted = this.#wanted.get(`${document}:${offset}`);
      if (wanted === undefined || wanted.size !== encodedSize(data)) return false;
      this.#wanted.delete(`${document}:${offset}`);
      this.#surroundings.toWindow({ piece });
      return true;
    }
    const next = this.#results[this.#handed];
    const isDue =
      this.#handed < this.#asked &&
      next?.document === document &&
      next.offset === offset &&
      next.size === encodedSize(data);
    if (!isDue) return false;
    this.#handed++;
    this.#surroundings.toPage({ piece });
    return true;
  }
}

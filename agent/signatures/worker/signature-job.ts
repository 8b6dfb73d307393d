// What is said between the agent and its thread for signatures. Bytes go over by transfer or as copies of their own; the key, the
// network and the clock stay on the agent's side.
import { type SignatureFormat } from '../../../shared/signing.ts';
import { type SignatureErrorCode } from '../signature-error.ts';
import { type RevocationValues, type Signer } from '../signer.ts';

type Format<Type extends SignatureFormat['type']> = Omit<Extract<SignatureFormat, { type: Type }>, 'type'>;

/** What can be made of a document, each with what it needs to know beside it. */
export interface SignatureJobs {
  pades: Format<'pades'>;
  cms: Format<'cms'>;
  xades: Format<'xades'> & { mimeType: string };
  xmldsig: object;
  jws: Format<'jws'> & { mimeType?: string };
}

export type SignatureJobKind = keyof SignatureJobs;

/** One document and what is to be made of it. The document's buffer is transferred: it is empty afterwards. */
export type SignatureJob = {
  [Kind in SignatureJobKind]: { kind: Kind; document: Uint8Array } & SignatureJobs[Kind];
}[SignatureJobKind];

/** To the thread. */
export type ToThread =
  | {
      type: 'job';
      job: SignatureJob;
      signer: Omit<Signer, 'sign'>;
      now: Date;
      /** What else may be asked for. */
      asks: { timeStamp: boolean; revocation: boolean };
    }
  | { type: 'answer'; id: number; answer: Answers[keyof Answers] }
  /** The thread is not told why: whoever asked it to work is. */
  | { type: 'no-answer'; id: number };

export interface Questions {
  sign: { toBeSigned: Uint8Array };
  timeStamp: { hash: 'SHA-256' | 'SHA-384' | 'SHA-512'; imprint: Uint8Array };
  /** Of the signer; with a token, of whoever made that. */
  revocation: { token?: Uint8Array };
}

export interface Answers {
  sign: Uint8Array;
  timeStamp: Uint8Array;
  revocation: RevocationValues;
}

export type Question = { [What in keyof Questions]: { what: What } & Questions[What] }[keyof Questions];

/** From the thread. */
export type FromThread =
  | { type: 'question'; id: number; question: Question }
  | { type: 'made'; result: Uint8Array }
  | { type: 'refused'; code: SignatureErrorCode; reason: string }
  /** Something failed that should not have. The name of its class, never its words: they may quote the document. */
  | { type: 'failed'; error: string };

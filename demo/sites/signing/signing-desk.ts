// The clinic's own side of signing: what it has handed out to be signed, and what came back signed. A signature counts when the
// relying-party package says that it is good, that it is the logged-in holder's, and that it is over the very document handed out.
import { randomBytes } from 'node:crypto';
import {
  createSignatureTrust,
  SignatureError,
  type SignatureErrorCode,
  type SignatureReport,
  type SignatureTrust,
  type SignatureTrustOptions,
  type VerifiedHolder,
  verifyCms,
  verifyPades,
  verifyXades,
} from '../../../relying-party/src/index.ts';
import { decisionPdf, signatureField } from './decision-pdf.ts';
import { prescriptionName, prescriptions, prescriptionText } from './prescriptions.ts';
import { type Author, sickLeaveXml } from './sick-leave.ts';
import { type SigningKind, type SigningWish } from './signing-forms.ts';

/** `ERR_FORM`: not what the form asks for. `ERR_TASK`: never handed out, too old or used. `ERR_SIGNER`: another holder than the one logged in. */
export type SigningRefusalCode = SignatureErrorCode | 'ERR_FORM' | 'ERR_TASK' | 'ERR_SIGNER';

/** The server's no. */
export class SigningRefusal extends Error {
  readonly code: SigningRefusalCode;

  constructor(code: SigningRefusalCode) {
    super(code);
    this.code = code;
  }
}

export interface HandedDocument {
  readonly name: string;
  readonly type: string;
  readonly content: Uint8Array;
}

/** What the page is to have signed. */
export interface SigningTask {
  readonly id: string;
  readonly kind: SigningKind;
  /** As `format` of the page API. */
  readonly format: object;
  /** The holder who may sign it. */
  readonly hsaId: string;
  readonly documents: readonly HandedDocument[];
}

/** A signature that was verified and is kept. */
export interface SignedDocument {
  readonly id: string;
  readonly kind: SigningKind;
  readonly name: string;
  readonly type: string;
  /** File name extension. */
  readonly extension: string;
  readonly bytes: Uint8Array;
  readonly signer: string;
  readonly hsaId: string;
  readonly assuranceLevel: number;
  /** When the signature was verified. */
  readonly at: Date;
}

interface Container {
  readonly format: object;
  readonly type: string;
  readonly extension: string;
  readonly verify: (signature: Uint8Array, document: Uint8Array, trust: SignatureTrust) => Promise<SignatureReport>;
}

const containers: Readonly<Record<SigningKind, Container>> = {
  certificate: {
    format: { type: 'xades', packaging: 'enveloped' },
    type: 'application/xml',
    extension: 'xml',
    verify: async (signature, document, trust) => expectSame(document, await verifyXades({ signature }, trust)),
  },
  decision: {
    format: { type: 'pades', field: signatureField, reason: 'Beslut' },
    type: 'application/pdf',
    extension: 'pdf',
    verify: async (signature, original, trust) => (await verifyPades(signature, trust, { original }))[0],
  },
  prescriptions: {
    format: { type: 'cms', attached: true },
    type: 'application/pkcs7-mime',
    extension: 'p7m',
    verify: async (signature, document, trust) => expectSame(document, await verifyCms({ signature }, trust)),
  },
};

/** How long somebody may read before he signs, in milliseconds. */
const patience = 15 * 60_000;
const maximumTasks = 200;
const maximumSigned = 500;

export class SigningDesk {
  readonly #trust: SignatureTrust;
  readonly #tasks = new Map<string, SigningTask & { readonly since: number }>();
  readonly #signed = new Map<string, SignedDocument>();
  readonly #clock: () => number;
  readonly refusals: SigningRefusalCode[] = [];

  constructor(trust: SignatureTrustOptions) {
    this.#trust = createSignatureTrust(trust);
    this.#clock = trust.clock ?? Date.now;
  }

  /** Makes the documents, for this holder alone. @throws SigningRefusal for a holder without an HSA-id */
  async handOut(holder: VerifiedHolder, wish: SigningWish): Promise<SigningTask> {
    const hsaId = hsaIdOf(holder) ?? this.#refuse('ERR_SIGNER');
    const now = new Date(this.#clock());
    const author = { name: holder.name, hsaId, organisation: holder.organisation ?? '–' };
    const documents = await documentsFor(wish, author, now);
    const id = randomBytes(24).toString('base64url');
    const task = { id, kind: wish.kind, format: containers[wish.kind].format, hsaId, documents };
    dropOldest(this.#tasks, maximumTasks);
    this.#tasks.set(id, { ...task, since: now.getTime() });
    return task;
  }

  /**
   * Takes what was signed: one entry for each document, undefined for one that could not be. All of it is good, or nothing is kept; the
   * task is used up either way. @throws SigningRefusal
   */
  async takeBack(
    holder: VerifiedHolder,
    id: string,
    signatures: readonly (Uint8Array | undefined)[],
  ): Promise<readonly SignedDocument[]> {
    const task = this.#tasks.get(id);
    const hsaId = hsaIdOf(holder);
    // Somebody else's task stays his.
    if (task === undefined || task.hsaId !== hsaId) return this.#refuse('ERR_TASK');
    this.#tasks.delete(id);
    const isLate = this.#clock() - task.since > patience;
    if (isLate || signatures.length !== task.documents.length) return this.#refuse('ERR_TASK');
    const signed: SignedDocument[] = [];
    for (const [index, document] of task.documents.entries()) {
      const signature = signatures[index];
      if (signature !== undefined) signed.push(await this.#verified(task, document, signature));
    }
    for (const document of signed) {
      dropOldest(this.#signed, maximumSigned);
      this.#signed.set(document.id, document);
    }
    return signed;
  }

  /** What this holder has signed, the latest first. */
  signedBy(holder: VerifiedHolder): SignedDocument[] {
    const hsaId = hsaIdOf(holder);
    return this.signed.filter((one) => one.hsaId === hsaId).reverse();
  }

  /** Everything, the oldest first. */
  get signed(): SignedDocument[] {
    return [...this.#signed.values()];
  }

  async #verified(
    task: SigningTask,
    { name, content }: HandedDocument,
    signature: Uint8Array,
  ): Promise<SignedDocument> {
    const { type, extension, verify } = containers[task.kind];
    const { holder, validAt } = await verify(signature, content, this.#trust).catch((error: unknown) =>
      this.#refuse(error instanceof SignatureError ? error.code : 'ERR_VERIFIER_FAILED'),
    );
    if (hsaIdOf(holder) !== task.hsaId) return this.#refuse('ERR_SIGNER');
    return {
      id: randomBytes(24).toString('base64url'),
      kind: task.kind,
      name,
      type,
      extension,
      bytes: signature,
      signer: holder.name,
      hsaId: task.hsaId,
      assuranceLevel: holder.assuranceLevel,
      at: validAt,
    };
  }

  #refuse(code: SigningRefusalCode): never {
    if (this.refusals.length < maximumSigned) this.refusals.push(code);
    throw new SigningRefusal(code);
  }
}

/** A signature over another document is good for that one, and no good here. */
function expectSame(document: Uint8Array, report: SignatureReport): SignatureReport {
  if (Buffer.compare(document, report.documentBytes) !== 0) throw new SignatureError('ERR_DOCUMENT_CHANGED');
  return report;
}

async function documentsFor(wish: SigningWish, author: Author, now: Date): Promise<readonly HandedDocument[]> {
  const day = swedishDay(now);
  const utf8 = new TextEncoder();
  switch (wish.kind) {
    case 'certificate': {
      const content = sickLeaveXml(wish.fields, author, day);
      return [{ name: `Läkarintyg – ${wish.fields.patient}`, type: 'application/xml', content }];
    }
    case 'decision': {
      const content = await decisionPdf(wish.fields, author, now);
      return [{ name: `Beslut – ${wish.fields.patient}`, type: 'application/pdf', content }];
    }
    case 'prescriptions':
      return prescriptions.map((prescription) => ({
        name: prescriptionName(prescription),
        type: 'text/plain',
        content: utf8.encode(prescriptionText(prescription, author, day)),
      }));
  }
}

/** YYYY-MM-DD where the clinic is. */
export function swedishDay(time: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: 'Europe/Stockholm' }).format(time);
}

function hsaIdOf({ identity }: Pick<VerifiedHolder, 'identity'>): string | undefined {
  return identity.kind === 'hsa-id' ? identity.hsaId : undefined;
}

function dropOldest(kept: Map<string, unknown>, maximum: number): void {
  const [oldest] = kept.keys();
  if (kept.size >= maximum && oldest !== undefined) kept.delete(oldest);
}

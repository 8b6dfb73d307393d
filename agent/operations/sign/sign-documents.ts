// From a consent to signatures: one document after the other, in one dialog turn, with one PIN. A document that cannot be signed is
// a result of its own; a refused PIN, a card that has left or a holder who has had enough ends what is left.
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type SignatureFormat, type SignedDocument } from '../../../shared/signing.ts';
import { displayText } from '../../certificates/display-text.ts';
import { SignatureError } from '../../signatures/signature-error.ts';
import { type Signer } from '../../signatures/signer.ts';
import { type SignatureJob } from '../../signatures/worker/signature-job.ts';
import { withSignatureThread } from '../../signatures/worker/with-signature-thread.ts';
import { codeOfFailure, TokenError } from '../../tokens/token.ts';
import { policyInForce, type OperationCall, type OperationContext } from '../context.ts';
import { readyCards } from '../ready-cards.ts';
import { recoverToken } from '../recover-token.ts';
import { countingRefusals } from '../refusals.ts';
import { holderText } from '../token-places.ts';
import { chainOf, signingAuthorities, surroundingsFor } from './authorities.ts';
import { type HeldDocument } from './document-store.ts';
import { PinSigner } from './pin-signer.ts';
import { agreedPlace, type GivenConsent } from './signing-consent.ts';
import { type SigningConversation } from './signing-conversation.ts';
import { type SigningPlace } from './signing-places.ts';

/** What is made in the thread for signatures; of the other two the card makes everything. */
type ContainerFormat = Exclude<SignatureFormat, { type: 'raw' | 'hash' }>;

export function needsThread(format: SignatureFormat): format is ContainerFormat {
  return format.type !== 'raw' && format.type !== 'hash';
}

/** What came of it. */
export interface SigningOutcome {
  place: SigningPlace;
  documents: SignedDocument[];
  /** By document; undefined for one that failed. */
  signatures: (Uint8Array | undefined)[];
}

/** @throws KortbroError, TokenError, SignatureError when nothing was signed at all: the first reason */
export async function signDocuments(
  context: OperationContext,
  call: OperationCall,
  consent: GivenConsent,
  conversation: SigningConversation,
): Promise<SigningOutcome> {
  return context.dialogs.inTurn(call.signal, async () => {
    // Whoever had the turn before may have made the card be read anew.
    await readyCards(context, call);
    const agreed = (hasBegun: boolean) => agreedPlace(context, consent, hasBegun);
    const place = agreed(false);
    const stopped = conversation.progress(0);
    const within = { ...call, signal: AbortSignal.any([call.signal, stopped]) };
    const pins = new PinSigner(context, within, signingText(consent, place), agreed);
    const make = maker(context, within, consent, place, pins);
    try {
      return await countingRefusals(context, consent.origin, () =>
        signEach(context, call, within.signal, consent, place, make, conversation),
      );
    } finally {
      pins.end();
    }
  });
}

async function signEach(
  context: OperationContext,
  call: OperationCall,
  signal: AbortSignal,
  { documents }: GivenConsent,
  place: SigningPlace,
  make: (document: HeldDocument) => Promise<Uint8Array>,
  conversation: SigningConversation,
): Promise<SigningOutcome> {
  const outcome: SigningOutcome = { place, documents: [], signatures: [] };
  const failures: unknown[] = [];
  /** Why the documents that are left are not signed. */
  let ended: ErrorCode | undefined;
  for (const document of documents) {
    try {
      if (ended !== undefined) throw new KortbroError(ended);
      signal.throwIfAborted();
      const signature = await make(document);
      if (signature.length > limits.signatureSize)
        throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'what has been signed is more than can be handed on');
      outcome.documents.push({ status: 'signed', size: signature.length });
      outcome.signatures.push(signature);
      conversation.progress(outcome.documents.length);
    } catch (error) {
      // Whoever asked is gone: nobody is to get what has been signed.
      call.signal.throwIfAborted();
      if (error instanceof TokenError) recoverToken(context, place.token, error.failure);
      failures.push(error);
      if (!concernsTheDocument(error)) ended ??= codeOf(error);
      outcome.documents.push({ status: 'failed', code: codeOf(error) });
      outcome.signatures.push(undefined);
    }
  }
  if (failures.length === documents.length) throw failures[0];
  return outcome;
}

function concernsTheDocument(error: unknown): boolean {
  return error instanceof SignatureError && error.code.startsWith('ERR_DOCUMENT_');
}

/** The code that an error has for the site. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof KortbroError || error instanceof SignatureError) return error.code;
  return error instanceof TokenError ? codeOfFailure(error.failure) : 'ERR_AGENT_INTERNAL';
}

function signingText({ origin, documents, request }: GivenConsent, { key }: SigningPlace) {
  return {
    site: origin,
    holder: holderText(key),
    documents: documents.map(({ name, fingerprint }) => ({
      name: displayText(name, documents.length === 1 ? 100 : 60),
      fingerprint,
    })),
    isHash: request.format.type === 'hash',
  };
}

/** Makes one document's signature. The container's thread takes the document's bytes away. */
function maker(
  context: OperationContext,
  call: OperationCall,
  { request }: GivenConsent,
  { key, algorithm }: SigningPlace,
  pins: PinSigner,
): (document: HeldDocument) => Promise<Uint8Array> {
  const { format, level = 'B-B' } = request;
  if (format.type === 'hash') return ({ bytes }) => pins.signHash(algorithm, bytes);
  if (!needsThread(format)) return ({ bytes }) => pins.sign(bytes);
  const policy = policyInForce(context);
  const certificate = key.certificate.der;
  const authorities = signingAuthorities(policy, context.authorities.fileTrust);
  const chain = chainOf(certificate, authorities);
  const signer: Signer = { certificate, chain, algorithm, sign: (bytes) => pins.sign(bytes) };
  const { signal } = call;
  const identity = { certificate, chain, authorities };
  const surroundings = surroundingsFor(context.authorities, policy, level, identity, context.today, signal);
  return ({ bytes, type }) => withSignatureThread(jobOf(format, bytes, type), signer, surroundings(), { signal });
}

function jobOf(format: ContainerFormat, document: Uint8Array, mimeType: string): SignatureJob {
  const { type, ...options } = format;
  return { kind: type, document, mimeType, ...options } as SignatureJob;
}

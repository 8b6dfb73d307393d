// From a consent to signatures: one document after the other, in one dialog turn, with one PIN. A document that cannot be signed is
// a result of its own; a refused PIN, a card that has left or a holder who has had enough ends what is left.
import { randomUUID } from 'node:crypto';
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type SignedDocument } from '../../../shared/signing.ts';
import { placeOfFault } from '../../audit/place-of-fault.ts';
import { displayText } from '../../certificates/display-text.ts';
import { SignatureError } from '../../signatures/signature-error.ts';
import { type Signer } from '../../signatures/signer.ts';
import { withSignatureThread } from '../../signatures/worker/with-signature-thread.ts';
import { codeOfFailure, TokenError } from '../../tokens/token.ts';
import { policyInForce, type OperationCall, type OperationContext } from '../context.ts';
import { readyCards } from '../ready-cards.ts';
import { recoverToken } from '../recover-token.ts';
import { countingRefusals } from '../refusals.ts';
import { holderText } from '../token-places.ts';
import { chainOf, signingAuthorities, surroundingsFor } from './authorities.ts';
import { jobOf, needsThread } from './container-job.ts';
import { type HeldDocument } from './document-store.ts';
import { PinSigner } from './pin-signer.ts';
import { agreedPlace, type GivenConsent } from './signing-consent.ts';
import { type SigningConversation } from './signing-conversation.ts';
import { type SigningPlace } from './signing-places.ts';

/** What came of it. */
export interface SigningOutcome {
  place: SigningPlace;
  documents: SignedDocument[];
  /** By document; undefined for one that failed. */
  signatures: (Uint8Array | undefined)[];
}

/** @throws KortbroError, TokenError, SignatureError when nothing was signed at all: what ended it, or the first reason */
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
  { documents, refusals }: GivenConsent,
  place: SigningPlace,
  make: (document: HeldDocument) => Promise<Uint8Array>,
  conversation: SigningConversation,
): Promise<SigningOutcome> {
  const results: ({ signature: Uint8Array } | { error: unknown })[] = [];
  /** Why the documents that are left are not signed. */
  let ended: { error: unknown } | undefined;
  for (const [number, document] of documents.entries()) {
    try {
      const refusal = refusals[number];
      if (refusal !== undefined) throw new SignatureError(refusal, 'the holder has been told');
      if (ended !== undefined) throw ended.error;
      signal.throwIfAborted();
      const signature = await make(document);
      if (signature.length > limits.signatureSize)
        throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'what has been signed is more than can be handed on');
      results.push({ signature });
      conversation.progress(results.filter((result) => 'signature' in result).length);
    } catch (error) {
      // Whoever asked is gone: nobody is to get what has been signed.
      call.signal.throwIfAborted();
      if (error instanceof TokenError && ended === undefined) recoverToken(context, place.token, error.failure);
      if (!concernsTheDocument(error)) ended ??= { error };
      results.push({ error });
    }
  }
  const [first] = results;
  // What ended it counts for more than a document, which would hide who said no from whoever counts that.
  if (first !== undefined && 'error' in first && results.every((result) => 'error' in result))
    throw ended === undefined ? first.error : ended.error;
  return { place, ...told(context, results) };
}

/** One fault of our own is written down once, whatever it has cost: nobody could find out more from its code. */
function told(
  context: OperationContext,
  results: readonly ({ signature: Uint8Array } | { error: unknown })[],
): Pick<SigningOutcome, 'documents' | 'signatures'> {
  const incidents = new Map<unknown, string>();
  const failure = (error: unknown): { code: ErrorCode; incident?: string } => {
    const code = codeOf(error);
    if (code !== 'ERR_AGENT_INTERNAL') return { code };
    const incident = incidents.get(error) ?? randomUUID().slice(0, 8);
    if (!incidents.has(error)) context.audit({ event: 'internal-error', incident, where: placeOfFault(error) });
    incidents.set(error, incident);
    return { code, incident };
  };
  return {
    documents: results.map((result) =>
      'signature' in result
        ? { status: 'signed', size: result.signature.length }
        : { status: 'failed', ...failure(result.error) },
    ),
    signatures: results.map((result) => ('signature' in result ? result.signature : undefined)),
  };
}

function concernsTheDocument(error: unknown): boolean {
  return error instanceof SignatureError && error.code.startsWith('ERR_DOCUMENT_');
}

/** The code that an error has for the site. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof KortbroError || error instanceof SignatureError) return error.code;
  return error instanceof TokenError ? codeOfFailure(error.failure) : 'ERR_AGENT_INTERNAL';
}

function signingText({ origin, documents, refusals, request }: GivenConsent, { key }: SigningPlace) {
  const signed = documents.filter((_, number) => refusals[number] === undefined);
  return {
    site: origin,
    holder: holderText(key),
    documents: signed.map(({ name, fingerprint }) => ({
      name: displayText(name, signed.length === 1 ? 100 : 60),
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

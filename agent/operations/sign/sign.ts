// Signatures over documents: they come in, the holder sees them and agrees, gives the PIN, and only verified signatures go out.
// Never silent, never by PIN-SSO: each request has its own consent and its own PIN.
import { KortbroError } from '../../../shared/errors.ts';
import { type RequestOf, type Result } from '../../../shared/messages.ts';
import { type BoundToken } from '../../cards/bound-token.ts';
import { SignatureError } from '../../signatures/signature-error.ts';
import { isSignatureInput } from '../../signatures/signature-input.ts';
import { prepareSignatureThread } from '../../signatures/worker/with-signature-thread.ts';
import { policyInForce, type OperationCall, type OperationContext, type RequestChannel } from '../context.ts';
import { readyCards } from '../ready-cards.ts';
import { needsThread } from './container-job.ts';
import { placesForLevel } from './prospects.ts';
import { signDocuments } from './sign-documents.ts';
import { askConsent } from './signing-consent.ts';
import { SigningConversation } from './signing-conversation.ts';
import { signingPlaces } from './signing-places.ts';
import { signingTerms } from './signing-terms.ts';

/** @throws KortbroError, TokenError */
export async function sign(
  context: OperationContext,
  call: OperationCall,
  request: RequestOf<'sign'>,
  channel: RequestChannel,
): Promise<{ result: Result<'sign'>; from: BoundToken }> {
  const { origin } = request.caller;
  // What is refused anyway is refused before a single byte has come, or the holder has seen anything.
  signingTerms(policyInForce(context), origin, request);
  context.dialogs.checkMuted(origin);
  await readyCards(context, call);
  placesForLevel(context, request, signingPlaces(context, origin, request));
  const releaseBytes = context.documents.reserve(
    origin,
    request.documents.reduce((sum, { size }) => sum + size, 0),
  );
  const conversation = new SigningConversation(channel, context.clock);
  // Whoever breaks the order ends the request wherever it waits, behind other dialogs too.
  const within = { ...call, signal: AbortSignal.any([call.signal, conversation.failed]) };
  const releaseThread = needsThread(request.format) ? prepareSignatureThread() : undefined;
  try {
    const documents = await conversation.receive(request.documents, within.signal);
    // Nothing stands around a raw signature that says what it is over: it must not be able to stand in a container.
    if (request.format.type === 'raw' && documents.some(({ bytes }) => isSignatureInput(bytes)))
      throw new KortbroError('ERR_DOCUMENT_REFUSED');
    const consent = await askConsent(context, within, origin, request, documents, conversation);
    const { place, documents: done, signatures } = await signDocuments(context, within, consent, conversation);
    context.dialogs.answered(origin);
    const signed = done.filter(({ status }) => status === 'signed').length;
    const { fingerprint } = place.token;
    const failed = done.length - signed;
    context.audit({
      event: 'documents-signed',
      token: fingerprint,
      origin,
      format: request.format.type,
      signed,
      failed,
    });
    const certificate = Buffer.from(place.key.certificate.der).toString('base64');
    await conversation.deliver({ documents: done, certificate, algorithm: place.algorithm }, signatures, within.signal);
    return { result: { signed }, from: place.token };
  } catch (error) {
    throw error instanceof SignatureError ? new KortbroError(error.code, { cause: error }) : error;
  } finally {
    conversation.end();
    releaseThread?.();
    releaseBytes();
  }
}

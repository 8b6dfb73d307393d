// What can be known before the holder is asked: which keys can serve, and which documents cannot be signed at all. Each container is
// made up to the moment in which its key would sign, so that whatever refuses a document later refuses it now, as far as time allows.
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type RequestOf } from '../../../shared/messages.ts';
import { type SignatureAlgorithm, type SignatureFormat } from '../../../shared/signing.ts';
import { findPinentry } from '../../pin/pinentry-program.ts';
import { SignatureError, type SignatureErrorCode } from '../../signatures/signature-error.ts';
import { keepThreadReady, withSignatureThread } from '../../signatures/worker/with-signature-thread.ts';
import { TokenError } from '../../tokens/token.ts';
import { checkPin } from '../ask-pin.ts';
import { dialogOptions, policyInForce, type OperationCall, type OperationContext } from '../context.ts';
import { recoverToken } from '../recover-token.ts';
import { chainOf, signingAuthorities } from './authorities.ts';
import { jobOf, needsThread, type ContainerFormat } from './container-job.ts';
import { type HeldDocument } from './document-store.ts';
import { type SigningPlace } from './signing-places.ts';

type SignRequest = Pick<RequestOf<'sign'>, 'format' | 'level'>;

/** Why a document cannot be signed, by its number; undefined for those of which nothing is known against it. */
export type Refusals = readonly (SignatureErrorCode | undefined)[];

export interface Prospects {
  /** At least one. */
  places: SigningPlace[];
  /** At least one document is not refused. */
  refusals: Refusals;
}

/**
 * @throws KortbroError ERR_PIN_PROMPT, ERR_PIN_LOCKED, ERR_PIN_PAD_UNSUPPORTED, ERR_POLICY_SIGNING, ERR_SIGNATURE_*, or the first
 * document's ERR_DOCUMENT_*, where no key or no document is left; the call's reason
 */
export async function prospectsOf(
  context: OperationContext,
  call: OperationCall,
  request: SignRequest,
  documents: readonly HeldDocument[],
  places: readonly SigningPlace[],
): Promise<Prospects> {
  dialogOptions(context, call, findPinentry);
  const { signal } = call;
  const usable = await withoutFailing(signal, placesForLevel(context, request, places), async ({ token }) => {
    try {
      await checkPin(token, call);
    } catch (error) {
      if (error instanceof TokenError) recoverToken(context, token, error.failure);
      throw error;
    }
  });
  const end = context.clock.now() + limits.rehearsalTime;
  const hasTime = () => context.clock.now() < end;
  const tried = new Map<SignatureAlgorithm, Refusals>();
  const able = await withoutFailing(signal, usable, async (place) => {
    const refusals = tried.get(place.algorithm) ?? (await rehearsed(call, request.format, documents, place, hasTime));
    tried.set(place.algorithm, refusals);
    const misfit = refusals.find((code) => code?.startsWith('ERR_SIGNATURE_') === true);
    if (misfit !== undefined) throw new KortbroError(misfit);
  });
  // What is wrong with a document is wrong with it for every key.
  const refusals = tried.get((able[0] as SigningPlace).algorithm) ?? [];
  const [first] = refusals;
  if (first !== undefined && !refusals.includes(undefined)) throw new KortbroError(first);
  return { places: able, refusals };
}

/**
 * The places whose certificate has its issuer in policy, where the level wants it.
 * @throws KortbroError ERR_POLICY_SIGNING without any, or without authorities that can be read
 */
export function placesForLevel(
  context: OperationContext,
  { level = 'B-B' }: SignRequest,
  places: readonly SigningPlace[],
): readonly SigningPlace[] {
  if (level === 'B-B') return places;
  const authorities = signingAuthorities(policyInForce(context), context.authorities.fileTrust);
  if (authorities.length === 0) throw new KortbroError('ERR_POLICY_SIGNING');
  if (level === 'B-T') return places;
  const found = places.filter(({ key }) => chainOf(key.certificate.der, authorities).length > 0);
  if (found.length === 0) throw new KortbroError('ERR_POLICY_SIGNING');
  return found;
}

const fault: ErrorCode = 'ERR_AGENT_INTERNAL';

/** Those that `check` lets through. @throws what it threw first, when there is none */
async function withoutFailing(
  signal: AbortSignal,
  places: readonly SigningPlace[],
  check: (place: SigningPlace) => Promise<void>,
): Promise<SigningPlace[]> {
  const found: SigningPlace[] = [];
  let problem: unknown;
  for (const place of places) {
    try {
      await check(place);
      found.push(place);
    } catch (error) {
      signal.throwIfAborted();
      const isOfPlace = error instanceof TokenError || (error instanceof KortbroError && error.code !== fault);
      if (!isOfPlace) throw error;
      problem ??= error;
    }
  }
  if (found.length === 0) throw problem;
  return found;
}

/** Formats whose document is read: any bytes can be signed in the others. */
const read: ReadonlySet<SignatureFormat['type']> = new Set(['xades', 'xmldsig', 'pades'] as const);

/** Thrown when the key would sign: nothing has refused the document. */
const reached = new Error('the rehearsal ends here');

/** @throws the call's reason; KortbroError ERR_AGENT_INTERNAL */
async function rehearsed(
  { signal }: OperationCall,
  format: SignatureFormat,
  documents: readonly HeldDocument[],
  place: SigningPlace,
  hasTime: () => boolean,
): Promise<Refusals> {
  if (!needsThread(format) || !read.has(format.type)) return documents.map(() => undefined);
  const refusals: (SignatureErrorCode | undefined)[] = [];
  // Nobody else's window opens meanwhile: what is left then is found out when it is signed.
  for (const document of documents)
    refusals.push(hasTime() ? await refusalOf(signal, format, document, place) : undefined);
  keepThreadReady();
  return refusals;
}

async function refusalOf(
  signal: AbortSignal,
  format: ContainerFormat,
  { bytes, type }: HeldDocument,
  { key, algorithm }: SigningPlace,
): Promise<SignatureErrorCode | undefined> {
  const signer = {
    certificate: key.certificate.der,
    chain: [],
    algorithm,
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is one
    sign: () => Promise.reject(reached),
  };
  try {
    // A copy: the thread takes what it is given, and what is signed later is what came.
    await withSignatureThread(jobOf(format, new Uint8Array(bytes), type), signer, { now: new Date(0) }, { signal });
    throw new KortbroError(fault, { cause: new Error('a container without its signature') });
  } catch (error) {
    if (error === reached) return undefined;
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

// What the holder is asked to agree to, frozen before it is shown: nothing of it changes until it is signed or thrown away.
import { randomUUID } from 'node:crypto';
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type RequestOf } from '../../../shared/messages.ts';
import { type SignatureAlgorithm, type SigningConsent, type SigningKey } from '../../../shared/signing.ts';
import { displayText } from '../../certificates/display-text.ts';
import { type OperationCall, type OperationContext } from '../context.ts';
import { readyCards } from '../ready-cards.ts';
import { countingRefusals } from '../refusals.ts';
import { holderText } from '../token-places.ts';
import { type HeldDocument } from './document-store.ts';
import { prospectsOf, type Prospects, type Refusals } from './prospects.ts';
import { type SigningConversation } from './signing-conversation.ts';
import { signingPlaces, type SigningPlace } from './signing-places.ts';

/** What the holder has agreed to, once. */
export interface GivenConsent {
  readonly origin: string;
  readonly request: RequestOf<'sign'>;
  readonly documents: readonly HeldDocument[];
  /** Those that were shown as ones that will not be signed. */
  readonly refusals: Refusals;
  /** The key, by its certificate's fingerprint and its card's stay in the reader; it may be read anew meanwhile. */
  readonly key: Readonly<{ reader: string; generation: string; certificate: string; algorithm: SignatureAlgorithm }>;
  /** By the context's clock. */
  readonly expires: number;
}

/**
 * Shows the documents, when nothing else is being shown, and waits for the holder's word. What cannot come to a signature is
 * refused before anything is shown.
 * @throws KortbroError ERR_USER_DECLINED, ERR_USER_TIMEOUT, ERR_POLICY_MUTED, ERR_AGENT_BUSY, what signingPlaces and prospectsOf
 * throw, and ERR_CARD_REMOVED and the like when a card that could have signed leaves
 */
export async function askConsent(
  context: OperationContext,
  call: OperationCall,
  origin: string,
  request: RequestOf<'sign'>,
  documents: readonly HeldDocument[],
  conversation: SigningConversation,
): Promise<GivenConsent> {
  return context.consents.inTurn(call.signal, async () => {
    context.dialogs.checkMuted(origin);
    await readyCards(context, call);
    const places = signingPlaces(context, origin, request);
    const began = context.clock.now();
    const prospects = await prospectsOf(context, call, request, documents, places).catch((error: unknown) => {
      const hasHeldUp = context.clock.now() - began >= limits.rehearsalHold && isOfSite(error);
      // It held up everybody's windows for nothing, by a document that is slow, hangs or crashes its reader, or was taken back.
      if (hasHeldUp || isFault(error)) context.dialogs.withdrawn(origin);
      throw error;
    });
    const { refusals } = prospects;
    const shown = Object.freeze(shownConsent(origin, request, documents, prospects));
    const place = await countingRefusals(context, origin, () =>
      answerOf(context, call, shown, prospects.places, conversation),
    );
    const expires = context.clock.now() + limits.consentTime;
    return Object.freeze({ origin, request, documents, refusals, key: keyOf(place), expires });
  });
}

function isFault(error: unknown): boolean {
  return error instanceof KortbroError && error.code === 'ERR_AGENT_INTERNAL';
}

/** What a site can bring about as often as it likes; a PIN that is locked or a card that leaves it cannot. */
function isOfSite(error: unknown): boolean {
  return error instanceof KortbroError && /^ERR_(?:REQUEST|DOCUMENT|SIGNATURE)_/.test(error.code);
}

/** The key that the holder signs with. */
async function answerOf(
  context: OperationContext,
  call: OperationCall,
  shown: SigningConsent,
  places: readonly SigningPlace[],
  conversation: SigningConversation,
): Promise<SigningPlace> {
  const left = leavingOf(places);
  left.signal.throwIfAborted();
  const answer = await conversation.consent(shown, AbortSignal.any([call.signal, left.signal])).finally(left.stop);
  const chosen = answer.answer === 'sign' ? shown.keys.findIndex(({ key }) => key === answer.certificate) : -1;
  const place = places[chosen];
  const token = (place ?? places[0])?.token.fingerprint ?? '';
  context.audit({ event: place === undefined ? 'consent-refused' : 'consent-given', token, origin: shown.origin });
  if (place !== undefined) return place;
  throw new KortbroError(answer.answer === 'decline' ? 'ERR_USER_DECLINED' : 'ERR_REQUEST_INVALID');
}

/**
 * The key that was agreed to, as it is bound now, and still allowed. `hasBegun`: the PIN has been given, and nothing waits any more.
 * @throws as signingPlaces, ERR_CARD_REMOVED, ERR_CARD_CHANGED, ERR_USER_TIMEOUT
 */
export function agreedPlace(context: OperationContext, consent: GivenConsent, hasBegun: boolean): SigningPlace {
  const { key, expires } = consent;
  if (!hasBegun && context.clock.now() > expires) throw new KortbroError('ERR_USER_TIMEOUT');
  const place = placesNow(context, consent).find((one) => {
    const { reader, generation, certificate, algorithm } = keyOf(one);
    const isSameCard = reader === key.reader && generation === key.generation;
    return isSameCard && certificate === key.certificate && algorithm === key.algorithm;
  });
  if (place === undefined) throw new KortbroError('ERR_CARD_CHANGED');
  return place;
}

/** The card was in when the holder agreed: it has been removed, or exchanged, whatever the one that is in now lacks. */
function placesNow(context: OperationContext, { origin, request, key }: GivenConsent): SigningPlace[] {
  try {
    return signingPlaces(context, origin, request);
  } catch (error) {
    const { tokens } = context.cards;
    const isIn = tokens.some(({ reader, generation }) => reader === key.reader && generation === key.generation);
    if (tokens.length > 0 && !isIn) throw new KortbroError('ERR_CARD_CHANGED');
    const isAbsent = error instanceof KortbroError && error.code === 'ERR_CARD_ABSENT';
    throw isAbsent ? new KortbroError('ERR_CARD_REMOVED') : error;
  }
}

function keyOf({ token, key, algorithm }: SigningPlace): GivenConsent['key'] {
  const { reader, generation } = token;
  return Object.freeze({ reader, generation, certificate: key.certificate.fingerprint, algorithm });
}

function shownConsent(
  origin: string,
  { format, level = 'B-B' }: RequestOf<'sign'>,
  documents: readonly HeldDocument[],
  { places, refusals }: Prospects,
): SigningConsent {
  return {
    origin,
    documents: documents.map(({ name, type, size, fingerprint }, number) => {
      const refused = refusals[number];
      return {
        name: displayText(name, limits.documentNameLength),
        type,
        size,
        fingerprint,
        ...(refused !== undefined && { refused }),
      };
    }),
    format,
    level,
    // Only who has seen them can name one: a yes cannot come before its question.
    keys: places.slice(0, 64).map((place) => ({ key: randomUUID(), ...shownKey(place) })),
  };
}

/** Who would sign, and what tells the key from another one of the same holder. */
function shownKey({ token, key, algorithm }: SigningPlace): Omit<SigningKey, 'key'> {
  const { usage, notBefore, notAfter, serial, publicKey } = key.certificate;
  return {
    ...holderText(key),
    usage: usage === 'authentication' ? usage : 'signature',
    reader: displayText(token.reader, 100),
    validFrom: notBefore.toISOString(),
    validTo: notAfter.toISOString(),
    serialNumber: serial.slice(-40),
    // A curve has one algorithm, named after its hash; P-521 has SHA-512.
    ...(algorithm.startsWith('ES')
      ? { keyType: 'ec' as const, keySize: algorithm === 'ES512' ? 521 : Number(algorithm.slice(2)) }
      : { keyType: 'rsa' as const, keySize: publicKey.asymmetricKeyDetails?.modulusLength ?? 0 }),
  };
}

/** Aborts when one of the cards leaves; not when it is only read anew. */
function leavingOf(places: readonly SigningPlace[]): { signal: AbortSignal; stop: () => void } {
  const leaving = new AbortController();
  const stops = places.map(({ token: { gone } }) => {
    const hear = () => {
      const { reason } = gone as { reason: unknown };
      const code = reason instanceof KortbroError ? reason.code : 'ERR_CARD_REMOVED';
      if (departures.has(code)) leaving.abort(reason);
    };
    if (gone.aborted) hear();
    gone.addEventListener('abort', hear, { once: true });
    return () => gone.removeEventListener('abort', hear);
  });
  return { signal: leaving.signal, stop: () => stops.forEach((stop) => stop()) };
}

const departures: ReadonlySet<string> = new Set([
  'ERR_CARD_REMOVED',
  'ERR_CARD_CHANGED',
  'ERR_CARD_SERVICE',
  'ERR_CARD_NO_READER',
  'ERR_AGENT_SESSION_LOCKED',
]);

// Which keys may sign for a request, and with which algorithm each. No card is touched.
import { type KeyObject } from 'node:crypto';
import { KortbroError } from '../../../shared/errors.ts';
import { type RequestOf } from '../../../shared/messages.ts';
import { type SignatureAlgorithm, type SignatureHash } from '../../../shared/signing.ts';
import { type Candidate, fitForSignature } from '../../certificates/choose.ts';
import { type TokenDescription } from '../../tokens/token.ts';
import { policyInForce, type OperationContext } from '../context.ts';
import { placesThatFit, type TokenPlace } from '../token-places.ts';
import { signingTerms } from './signing-terms.ts';

type SignRequest = Pick<RequestOf<'sign'>, 'documents' | 'format' | 'level' | 'algorithm' | 'certificate'>;

/** A key that may sign, and how. */
export interface SigningPlace extends TokenPlace {
  algorithm: SignatureAlgorithm;
}

/** Every key that may sign now. @throws KortbroError as signingTerms and placesThatFit */
export function signingPlaces(context: OperationContext, origin: string, request: SignRequest): SigningPlace[] {
  const policy = policyInForce(context);
  const terms = signingTerms(policy, origin, request);
  const hash = request.format.type === 'hash' ? request.format.hash : request.algorithm?.hash;
  const algorithmOf = ({ token, key }: TokenPlace) =>
    algorithmFor(key.certificate.publicKey, token.description.mechanisms, hash, request.algorithm?.padding);
  const places = placesThatFit(
    context,
    (candidates) =>
      fitForSignature(
        candidates.filter(isForSigning),
        terms.certificate,
        request.certificate ?? {},
        terms.mayUseAuthentication,
        policy.assuranceLevels,
        context.today(),
      ),
    algorithmOf,
  );
  return places.map((place) => ({ ...place, algorithm: algorithmOf(place) }));
}

/** Whichever key the site means: a card that has a key for signatures never signs with its key for login. */
function isForSigning({ place, certificate }: Candidate<TokenPlace>, _: number, all: readonly Candidate<TokenPlace>[]) {
  const { reader } = place.token;
  const isOther = (one: Candidate<TokenPlace>) =>
    one.place.token.reader === reader && one.certificate.usage === 'signature';
  return certificate.usage !== 'authentication' || !all.some(isOther);
}

const curves: Readonly<Record<string, { algorithm: SignatureAlgorithm; hash: SignatureHash }>> = {
  prime256v1: { algorithm: 'ES256', hash: 'SHA-256' },
  secp384r1: { algorithm: 'ES384', hash: 'SHA-384' },
  secp521r1: { algorithm: 'ES512', hash: 'SHA-512' },
};

const rsaAlgorithms: Readonly<Record<'pkcs1' | 'pss', Partial<Record<SignatureHash, SignatureAlgorithm>>>> = {
  pkcs1: { 'SHA-1': 'RS1', 'SHA-256': 'RS256', 'SHA-384': 'RS384', 'SHA-512': 'RS512' },
  pss: { 'SHA-256': 'PS256', 'SHA-384': 'PS384', 'SHA-512': 'PS512' },
};

/**
 * The algorithm of a key: a curve has its own hash (RFC 7518 3.4); RSA SHA-256 unless another is wanted, PKCS#1 v1.5 unless PSS is
 * wanted or the only one that the token has. Pure.
 * @throws KortbroError ERR_SIGNATURE_ALGORITHM, ERR_CARD_CERTIFICATE_INVALID for RSA below 2048 bits
 */
export function algorithmFor(
  key: Pick<KeyObject, 'asymmetricKeyType' | 'asymmetricKeyDetails'>,
  mechanisms: TokenDescription['mechanisms'],
  hash: SignatureHash | undefined,
  padding: 'pkcs1' | 'pss' | undefined,
): SignatureAlgorithm {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength < 2048) throw new KortbroError('ERR_CARD_CERTIFICATE_INVALID');
    const has = { pkcs1: mechanisms.includes('CKM_RSA_PKCS'), pss: mechanisms.includes('CKM_RSA_PKCS_PSS') };
    const way = padding ?? (has.pkcs1 ? 'pkcs1' : 'pss');
    const algorithm = rsaAlgorithms[way][hash ?? 'SHA-256'];
    if (has[way] && algorithm !== undefined) return algorithm;
  }
  const curve = key.asymmetricKeyType === 'ec' ? curves[namedCurve] : undefined;
  const isWanted = padding === undefined && (hash ?? curve?.hash) === curve?.hash;
  if (curve !== undefined && isWanted && mechanisms.includes('CKM_ECDSA')) return curve.algorithm;
  throw new KortbroError('ERR_SIGNATURE_ALGORITHM');
}

// What policy lets a site have signed. Pure.
import { KortbroError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { type RequestOf } from '../../../shared/messages.ts';
import { type Policy, type SiteSigning } from '../../../shared/policy.ts';
import { type SignatureFormat, type SignatureHash, type SignatureLevel } from '../../../shared/signing.ts';
import { displayText } from '../../certificates/display-text.ts';
import { decideSite, type CertificateWish } from '../../policy/decide.ts';

/** Bytes of each hash. */
const hashSizes: Readonly<Record<SignatureHash, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};

/** What holds for one request. */
export interface SigningTerms {
  certificate: CertificateWish;
  level: SignatureLevel;
  /** By policy, where the card has no key for signatures; never for bytes that could be a login or a key exchange. */
  mayUseAuthentication: boolean;
}

type SignRequest = Pick<RequestOf<'sign'>, 'documents' | 'format' | 'level' | 'algorithm'>;

const nothingMore: SiteSigning = { documents: 1, hash: false, authenticationKey: false, sha1: false };

/** Formats whose container can hold a time stamp. */
const leveled: readonly string[] = ['cms', 'xades', 'pades'];

/** Formats that may have SHA-1, for what is older than the law allows: the site's own words. No container of ours does. */
const mayHaveSha1: readonly string[] = ['raw', 'hash', 'xmldsig'];

/**
 * @throws KortbroError ERR_REQUEST_ORIGIN, ERR_POLICY_ORIGIN, ERR_POLICY_SIGNING, ERR_SIGNATURE_ALGORITHM, ERR_REQUEST_INVALID for a
 * level that the format does not have or a name of which nothing can be shown, ERR_DOCUMENT_FORMAT for a hash of another length or a
 * type that is not the format's
 */
export function signingTerms(policy: Policy, origin: string, request: SignRequest): SigningTerms {
  const decision = decideSite(policy, origin);
  if (decision.access === 'refuse') throw new KortbroError(decision.code);
  const allowed = policy.sites.find((site) => site.origin === origin)?.signing ?? nothingMore;
  const { documents, format, level = 'B-B', algorithm } = request;
  if (documents.length > allowed.documents) throw new KortbroError('ERR_POLICY_SIGNING');
  if (format.type === 'hash' && !allowed.hash) throw new KortbroError('ERR_POLICY_SIGNING');
  if (level !== 'B-B' && !leveled.includes(format.type)) throw new KortbroError('ERR_REQUEST_INVALID');
  checkAuthorities(policy.signing, level);
  if (documents.some(({ name }) => displayText(name, limits.documentNameLength) === ''))
    throw new KortbroError('ERR_REQUEST_INVALID');
  const isOfFormat = typesOf(format);
  if (!documents.every(({ type }) => isOfFormat.test(type))) throw new KortbroError('ERR_DOCUMENT_FORMAT');
  const hash = format.type === 'hash' ? format.hash : algorithm?.hash;
  if (format.type === 'hash' && algorithm?.hash !== undefined && algorithm.hash !== hash)
    throw new KortbroError('ERR_SIGNATURE_ALGORITHM');
  const isSha1Allowed = allowed.sha1 && mayHaveSha1.includes(format.type);
  if (hash === 'SHA-1' && !isSha1Allowed) throw new KortbroError('ERR_SIGNATURE_ALGORITHM');
  if (format.type === 'hash' && documents.some(({ size }) => size !== hashSizes[format.hash]))
    throw new KortbroError('ERR_DOCUMENT_FORMAT');
  // Bytes that the site chooses alone could be a login elsewhere, or a key exchange of TLS.
  const isChosenAlone = format.type === 'raw' || format.type === 'hash';
  return { certificate: decision.wanted, level, mayUseAuthentication: allowed.authenticationKey && !isChosenAlone };
}

/** A document is shown as what its type says: where it is signed as one thing only, it may not be shown as another. */
function typesOf(format: SignatureFormat): RegExp {
  if (format.type === 'pades') return /^application\/pdf$/;
  const isXml = format.type === 'xades' && format.packaging === 'enveloped';
  return isXml ? /^(?:application|text)\/xml$|\+xml$/ : /^/;
}

/** A level that needs an authority is refused before anything is shown. */
function checkAuthorities({ timeStamp, ocsp, crl }: Policy['signing'], level: SignatureLevel): void {
  if (level === 'B-B') return;
  const isMissing = timeStamp === undefined || (level === 'B-LT' && ocsp === undefined && crl.length === 0);
  if (isMissing) throw new KortbroError('ERR_POLICY_SIGNING');
}

// RFC 3161: the request for a time stamp, and the answer read strictly: granted, over this imprint, with this nonce, signed by
// a certificate that is for nothing but time stamping and stands below an authority in the caller's list. Fetches nothing.
import { createHash, X509Certificate } from 'node:crypto';
import { hashIdentifier, hashLength, type HashName, hashOfIdentifier, nodeHash, same, verifies } from './algorithm.ts';
import { keyPurpose, mayDo, purposes, trustedChain } from './authority.ts';
import { certificateParts } from './certificate-parts.ts';
import {
  children,
  contextTag,
  type DerElement,
  element,
  objectIdentifier,
  octetString,
  readElement,
  readTime,
  sequence,
  smallInteger,
  tag,
  unsignedInteger,
} from './der.ts';
import { SignatureError } from './signature-error.ts';

const oid = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** Certificates in a token: a unit and its issuers, with some to spare. Each could be the issuer of each. */
const mostCertificates = 16;

/** Bytes of an answer; a token has 6 to 8 KB with its chain, and verifiers take no more than this either. */
const longestAnswer = 65_536;

const true_ = Uint8Array.of(tag.boolean, 1, 0xff);

/** DER of a TimeStampReq that asks for the authority's certificate too. `nonce`: random octets, 8 or more. */
export function timeStampRequest(hash: HashName, imprint: Uint8Array, nonce: Uint8Array): Uint8Array {
  if (imprint.length !== hashLength(hash)) throw new RangeError('The imprint is not of this hash.');
  return sequence(smallInteger(1), sequence(hashIdentifier(hash), octetString(imprint)), unsignedInteger(nonce), true_);
}

/** What was asked, and who may answer. */
export interface AskedTimeStamp {
  hash: HashName;
  imprint: Uint8Array;
  nonce: Uint8Array;
  /** DER: time-stamping authorities, or what issued their certificates. Whoever is not below one of them is refused. */
  authorities: readonly Uint8Array[];
  /** Dotted OID of the time-stamping policy, if only one will do. */
  policy?: string;
}

/** A token that was asked for, and who made it. DER. */
export interface TimeStamp {
  /** TimeStampToken, its very octets. */
  token: Uint8Array;
  /** The certificate that signed it, and its issuers up to one of the authorities. */
  chain: readonly Uint8Array[];
  /** Certificates in the token. */
  certificates: readonly Uint8Array[];
}

/** What a TimeStampResp holds, once everything about it has been checked; else ERR_SIGNATURE_TIMESTAMP. */
export function readTimeStampResponse(der: Uint8Array, asked: AskedTimeStamp): TimeStamp {
  try {
    if (der.length > longestAnswer) refuse('longer than any answer is');
    const [status, token, ...more] = children(readElement(der), tag.sequence);
    const [code] = children(status, tag.sequence);
    // granted, grantedWithMods (RFC 3161 2.4.2)
    if (code?.tag !== tag.integer || code.content.length !== 1 || (code.content[0] ?? 9) > 1) refuse('not granted');
    if (token === undefined || more.length > 0) refuse('no token');
    return { token: Uint8Array.from(token.der), ...checkToken(token, asked) };
  } catch (cause) {
    if (cause instanceof SignatureError && cause.code === 'ERR_SIGNATURE_TIMESTAMP') throw cause;
    throw new SignatureError('ERR_SIGNATURE_TIMESTAMP', 'the answer is not well-formed', { cause });
  }
}

function checkToken(token: DerElement, asked: AskedTimeStamp): Omit<TimeStamp, 'token'> {
  const [contentType, explicit] = children(token, tag.sequence);
  if (!isOid(contentType, oid.signedData)) refuse('the token is no SignedData');
  const [signedData] = children(explicit, contextTag(0));
  const [, digests, encapsulated, ...rest] = children(signedData, tag.sequence);
  const [infoType, content] = children(encapsulated, tag.sequence);
  if (!isOid(infoType, oid.tstInfo)) refuse('the token is about something else');
  const [info] = children(content, contextTag(0));
  if (info?.tag !== tag.octetString) throw new Error('no TSTInfo');
  const time = checkInfo(info.content, asked);

  const certificates = rest.find((part) => part.tag === contextTag(0));
  const signerInfos = rest.at(-1);
  const [signerInfo, ...others] = children(signerInfos, tag.set);
  if (signerInfo === undefined || others.length > 0) refuse('not signed by exactly one');
  const inside = certificates === undefined ? [] : children(certificates, contextTag(0)).map((one) => one.der);
  if (inside.length > mostCertificates) refuse('more certificates than stand behind one another');
  // Whoever verifies the token later reads them all.
  for (const one of inside) certificateParts(one);
  const signer = checkSignature(signerInfo, info.content, inside);
  const [, , digest] = children(signerInfo, tag.sequence);
  // Nobody signs this list, and there are verifiers that fail without it.
  if (!children(digests, tag.set).every((one) => digest !== undefined && same(one.der, digest.der)))
    refuse('another hash is announced');

  const purpose = purposes(signer);
  if (purpose?.critical !== true || !purpose.only(keyPurpose.timeStamping))
    refuse('signed by a certificate that is not for time stamping alone');
  if (!mayDo(signer, 'digitalSignature') && !mayDo(signer, 'nonRepudiation')) refuse('signed by a key that may not');
  const chain = trustedChain(signer, inside, asked.authorities, time);
  if (chain === undefined) refuse('no authority in the list stands behind it');
  return { chain, certificates: inside };
}

/** TSTInfo (RFC 3161 2.4.2): the imprint and the nonce are the ones asked with. Returns genTime. */
function checkInfo(der: Uint8Array, asked: AskedTimeStamp): Date {
  const [version, policy, imprint, serialNumber, genTime, ...optional] = children(readElement(der), tag.sequence);
  if (version === undefined || !same(version.der, smallInteger(1))) refuse('another version');
  if (asked.policy !== undefined && !isOid(policy, asked.policy)) refuse('another policy');
  const [hash, value] = children(imprint, tag.sequence);
  if (hash === undefined || value?.tag !== tag.octetString || serialNumber?.tag !== tag.integer)
    throw new Error('no TSTInfo');
  if (hashOfIdentifier(hash.der) !== asked.hash || !same(value.content, asked.imprint)) refuse('over another imprint');
  const nonce = optional.find((part) => part.tag === tag.integer);
  if (nonce === undefined || !same(nonce.der, unsignedInteger(asked.nonce))) refuse('another nonce');
  if (genTime?.tag !== tag.generalizedTime) throw new Error('no time');
  return readTime(genTime);
}

/** SignerInfo (RFC 5652 5.3) over the TSTInfo, by the certificate that its signed attributes name. Returns that certificate. */
function checkSignature(signerInfo: DerElement, content: Uint8Array, certificates: readonly Uint8Array[]): Uint8Array {
  const [, identifier, digestAlgorithm, signedAttributes, algorithm, value] = children(signerInfo, tag.sequence);
  const signer = certificates.find((certificate) => isMeant(identifier, certificate));
  if (signer === undefined) refuse('without the certificate that signed it');
  const digest = digestAlgorithm === undefined ? undefined : hashOfIdentifier(digestAlgorithm.der);
  if (digest === undefined) refuse('hashed with something unknown');
  const attributes = children(signedAttributes, contextTag(0));
  const contentType = attributeOf(attributes, oid.contentType);
  if (!isOid(contentType, oid.tstInfo)) refuse('another content type is signed');
  const messageDigest = attributeOf(attributes, oid.messageDigest);
  const expected = createHash(nodeHash(digest)).update(content).digest();
  if (messageDigest === undefined || !same(messageDigest.content, expected)) refuse('another content is signed');
  if (!namesCertificate(attributes, signer)) refuse('another certificate is named');
  const signed = element(tag.set, ...attributes.map(({ der }) => der));
  const key = new X509Certificate(signer).publicKey;
  if (algorithm === undefined || value?.tag !== tag.octetString) throw new Error('no SignerInfo');
  if (!verifies(algorithm.der, key, signed, value.content, digest)) refuse('the signature does not verify');
  return signer;
}

/** Issuer and serial number, or [0] the subject key identifier, which only helps to find: ESSCertID decides. */
function isMeant(identifier: DerElement | undefined, certificate: Uint8Array): boolean {
  const parts = certificateParts(certificate);
  if (identifier?.tag === tag.sequence)
    return same(identifier.content, Buffer.concat([parts.issuer, parts.serialNumber]));
  const keyIdentifier = parts.extensions.find(({ oid: id }) => same(id, objectIdentifier('2.5.29.14')));
  if (identifier?.tag !== 0x80 || keyIdentifier === undefined) return false;
  return same(readElement(keyIdentifier.value).content, identifier.content);
}

/** ESSCertID (SHA-1, RFC 2634 5.4) or ESSCertIDv2 (RFC 5035): the first certificate identifier is the signer's. RFC 3161 2.4.2 demands one. */
function namesCertificate(attributes: readonly DerElement[], certificate: Uint8Array): boolean {
  const newer = attributeOf(attributes, oid.signingCertificateV2);
  const value = newer ?? attributeOf(attributes, oid.signingCertificate);
  const [list] = children(value, tag.sequence);
  const [first] = children(list, tag.sequence);
  const [one, two] = children(first, tag.sequence);
  const hash = newer === undefined || one?.tag !== tag.sequence ? undefined : hashOfIdentifier(one.der);
  if (newer !== undefined && one?.tag === tag.sequence && hash === undefined) return false;
  const named = hash === undefined ? one : two;
  const algorithm = newer === undefined ? 'sha1' : nodeHash(hash ?? 'SHA-256');
  return named?.tag === tag.octetString && same(named.content, createHash(algorithm).update(certificate).digest());
}

/** The one value of the one attribute of this type. */
function attributeOf(attributes: readonly DerElement[], type: string): DerElement | undefined {
  const found = attributes.filter((attribute) => isOid(children(attribute, tag.sequence)[0], type));
  if (found.length > 1) refuse('a signed attribute is there twice');
  if (found[0] === undefined) return undefined;
  const values = children(children(found[0], tag.sequence)[1], tag.set);
  return values.length === 1 ? values[0] : refuse('a signed attribute with several values');
}

function isOid(read: DerElement | undefined, dotted: string): boolean {
  return read !== undefined && same(read.der, objectIdentifier(dotted));
}

function refuse(reason: string): never {
  throw new SignatureError('ERR_SIGNATURE_TIMESTAMP', reason);
}

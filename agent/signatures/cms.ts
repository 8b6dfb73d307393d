// CAdES baseline signatures (ETSI EN 319 122-1) around a Signer: B-B, with a time stamp B-T, with what tells that its
// certificates were good B-LT, all of it in this SignedData (6.3 d, q and r). Signed attributes are encoded once, and these bytes are both signed and sent (RFC 5652 5.4).
import { createHash } from 'node:crypto';
import { hashIdentifier, hashOf, nodeHash, signatureIdentifier, signatureValue } from './algorithm.ts';
import { certificateParts } from './certificate-parts.ts';
import {
  contextTag,
  element,
  elementHeader,
  objectIdentifier,
  octetString,
  readElement,
  sequence,
  setOf,
  smallInteger,
  sorted,
  tag,
  time,
} from './der.ts';
import { distinct, revocationOfSigner, revocationOfTimeStamp, together } from './long-term.ts';
import { SignatureError } from './signature-error.ts';
import { type RevocationValues, type SignatureSurroundings, type Signer } from './signer.ts';

const oid = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  signatureTimeStamp: '1.2.840.113549.1.9.16.2.14',
  /** id-ri-ocsp-response (RFC 5940): the OCSPResponse as other revocation info. */
  ocspResponse: '1.3.6.1.5.5.7.16.2',
} as const;

/** What is being signed, and what of it goes into the SignedData. */
export interface SignedContent {
  /** Hash of the content with the hash of the signer's algorithm. */
  digest: Uint8Array;
  /** The content itself when it is attached. */
  attached?: Uint8Array;
  /** PAdES has its time in the PDF and forbids the attribute (EN 319 142-1 6.3). */
  signingTime: boolean;
  /** PAdES keeps what B-LT needs in the PDF's own DSS. */
  revocationInside: boolean;
}

/** A CAdES signature over `content`: DER of a ContentInfo. */
export async function signCms(
  content: Uint8Array,
  { attached }: { attached: boolean },
  signer: Signer,
  surroundings: SignatureSurroundings,
): Promise<Uint8Array> {
  const digest = createHash(nodeHash(hashOf(signer.algorithm)))
    .update(content)
    .digest();
  const revocation = await revocationOfSigner(surroundings);
  const signed = { digest, signingTime: true, revocationInside: true, ...(attached ? { attached: content } : {}) };
  const { cms } = await signContent(signed, signer, surroundings, revocation);
  return cms;
}

/**
 * The SignedData over a content whose digest is known, and everything that B-LT needs, whether it stands inside or not. The signer is
 * asked once, after everything else has been looked at that can be before.
 * @param ofSigner what `revocationOfSigner` has given
 */
export async function signContent(
  content: SignedContent,
  signer: Signer,
  surroundings: SignatureSurroundings,
  ofSigner: RevocationValues | undefined,
): Promise<{ cms: Uint8Array; revocation: RevocationValues | undefined }> {
  const hash = hashOf(signer.algorithm);
  const { issuer, serialNumber } = certificateParts(signer.certificate);
  const own = [signer.certificate, ...signer.chain];
  for (const certificate of [...own, ...(ofSigner?.certificates ?? [])]) certificateParts(certificate);

  const attributes = sorted([
    attribute(oid.contentType, objectIdentifier(oid.data)),
    attribute(oid.messageDigest, octetString(content.digest)),
    attribute(oid.signingCertificateV2, signingCertificate(signer.certificate)),
    ...(content.signingTime ? [attribute(oid.signingTime, time(surroundings.now))] : []),
  ]);
  const value = signatureValue(signer.algorithm, await signer.sign(element(tag.set, ...attributes)));

  const token = await surroundings.timeStamp?.(hash, createHash(nodeHash(hash)).update(value).digest());
  if (token !== undefined) checkToken(token);
  const ofTimeStamp = token === undefined ? undefined : await revocationOfTimeStamp(token, surroundings);
  const revocation = ofSigner && ofTimeStamp && together(ofSigner, ofTimeStamp);
  const signerInfo = sequence(
    smallInteger(1),
    sequence(issuer, serialNumber),
    hashIdentifier(hash),
    element(contextTag(0), ...attributes),
    signatureIdentifier(signer.algorithm),
    octetString(value),
    ...(token === undefined ? [] : [element(contextTag(1), attribute(oid.signatureTimeStamp, token))]),
  );
  const inside = content.revocationInside ? revocation : undefined;
  const certificates = distinct([...own, ...(inside?.certificates ?? [])]);
  const revocationInfo = [...(inside?.crls ?? []), ...(inside?.ocsp ?? []).map(otherRevocationInfo)];
  const signedData = [
    // RFC 5652 5.1: 5 with other revocation info, else 1 for id-data.
    smallInteger((inside?.ocsp.length ?? 0) > 0 ? 5 : 1),
    setOf(hashIdentifier(hash)),
    ...encapsulatedContent(content.attached),
    element(contextTag(0), ...sorted(certificates)),
    ...(revocationInfo.length > 0 ? [element(contextTag(1), ...sorted(revocationInfo))] : []),
    setOf(signerInfo),
  ];
  return { cms: contentInfo(signedData), revocation };
}

/** The outer layers are headers around the parts, so that an attached document is copied once. */
function contentInfo(parts: readonly Uint8Array[]): Uint8Array {
  const inner = elementHeader(tag.sequence, parts);
  const tagged = elementHeader(contextTag(0), [inner, ...parts]);
  return sequence(objectIdentifier(oid.signedData), tagged, inner, ...parts);
}

/** EncapsulatedContentInfo in parts, the content itself among them. */
function encapsulatedContent(attached: Uint8Array | undefined): Uint8Array[] {
  const type = objectIdentifier(oid.data);
  if (attached === undefined) return [sequence(type)];
  const octets = [elementHeader(tag.octetString, [attached]), attached];
  const parts = [type, elementHeader(contextTag(0), octets), ...octets];
  return [elementHeader(tag.sequence, parts), ...parts];
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(type), setOf(value));
}

/** SigningCertificateV2 (RFC 5035 3): SHA-256, which is the default and therefore not written, issuer and serial number. */
function signingCertificate(certificate: Uint8Array): Uint8Array {
  const { issuer, serialNumber } = certificateParts(certificate);
  const digest = createHash('sha256').update(certificate).digest();
  const issuerSerial = sequence(sequence(element(contextTag(4), issuer)), serialNumber);
  return sequence(sequence(sequence(octetString(digest), issuerSerial)));
}

/** [1] OtherRevocationInfoFormat (RFC 5652 10.2.1, RFC 5940 2.2). */
function otherRevocationInfo(ocspResponse: Uint8Array): Uint8Array {
  return element(contextTag(1), objectIdentifier(oid.ocspResponse), ocspResponse);
}

function checkToken(der: Uint8Array): void {
  try {
    readElement(der);
  } catch (cause) {
    throw new SignatureError('ERR_SIGNATURE_TIMESTAMP', 'the time-stamp token is no DER', { cause });
  }
}

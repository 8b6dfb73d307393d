// Whether a certificate is revoked, from bytes that somebody else has fetched: OCSP (RFC 6960) and CRL (RFC 5280 5). Each answer
// is believed only with the signature of the certificate's issuer (or a responder that it has named) and within its times.
import { createHash, X509Certificate } from 'node:crypto';
import { same, verifies } from './algorithm.ts';
import { extensionOf, isIssuedBy, isValidAt, keyPurpose, mayDo, purposes } from './authority.ts';
import { certificateParts } from './certificate-parts.ts';
import {
  children,
  contextTag,
  type DerElement,
  elements,
  nullElement,
  objectIdentifier,
  octetString,
  readElement,
  readTime,
  sequence,
  tag,
  wholeOctets,
} from './der.ts';
import { SignatureError } from './signature-error.ts';

const oid = {
  sha1: '1.3.14.3.2.26',
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  issuingDistributionPoint: '2.5.29.28',
  distributionPoints: '2.5.29.31',
} as const;

/** How far clocks may be apart, ms; and for how long an answer without nextUpdate is believed. */
const clockSkew = 300_000;
const freshFor = 86_400_000;

/** Bytes of an OCSPResponse: one about a single certificate has some kilobytes, and verifiers take no more than this. */
const longestResponse = 65_536;

/** DER of an OCSPRequest for one certificate, without a nonce: what many responders answer from a store (RFC 5019). */
export function ocspRequest(certificate: Uint8Array, issuer: Uint8Array): Uint8Array {
  // tbsRequest { requestList { Request { reqCert } } }
  return sequence(sequence(sequence(sequence(certificateId(certificate, issuer)))));
}

/** CertID with SHA-1, which here only names and protects nothing, and which every responder knows (RFC 5019 2.1.1). */
function certificateId(certificate: Uint8Array, issuer: Uint8Array): Uint8Array {
  const { subject, publicKey } = certificateParts(issuer);
  const sha1 = (bytes: Uint8Array): Uint8Array => octetString(createHash('sha1').update(bytes).digest());
  const { serialNumber } = certificateParts(certificate);
  return sequence(sequence(objectIdentifier(oid.sha1), nullElement), sha1(subject), sha1(publicKey), serialNumber);
}

/** What an OCSPResponse tells of `certificate`; ERR_SIGNATURE_REVOCATION when it is not to be believed or tells nothing. */
export function readOcspResponse(
  der: Uint8Array,
  certificate: Uint8Array,
  issuer: Uint8Array,
  now: Date,
): 'good' | 'revoked' | 'unknown' {
  return refusing(() => {
    const [data, algorithm, value, inside] = basicResponse(der);
    if (data === undefined || algorithm === undefined || value === undefined) throw new Error('no response');
    const certificates = inside === undefined ? [] : children(children(inside, contextTag(0))[0], tag.sequence);
    const isBy = (signer: Uint8Array): boolean =>
      verifies(algorithm.der, new X509Certificate(signer).publicKey, data.der, wholeOctets(value));
    const delegates = certificates.slice(0, 8).map((one) => one.der);
    if (!isBy(issuer) && !delegates.some((one) => isResponder(one, issuer, now) && isBy(one)))
      refuse('the answer is not signed by the issuer or its responder');
    return statusIn(data, certificate, issuer, now);
  });
}

/** The parts of the BasicOCSPResponse. */
function basicResponse(der: Uint8Array): DerElement[] {
  if (der.length > longestResponse) refuse('longer than any answer is');
  const [status, explicit] = children(readElement(der), tag.sequence);
  if (status?.tag !== tag.enumerated || !same(status.content, Uint8Array.of(0))) refuse('the responder has no answer');
  const [type, response] = children(children(explicit, contextTag(0))[0], tag.sequence);
  if (type === undefined || !same(type.der, objectIdentifier(oid.basicResponse)) || response?.tag !== tag.octetString)
    refuse('an answer of another kind');
  return children(readElement(response.content), tag.sequence);
}

/**
 * Until when an OCSPResponse is worth keeping, by its own word; nothing of it is verified.
 * @throws SignatureError ERR_SIGNATURE_REVOCATION when it is none that answers
 */
export function ocspResponseEnds(der: Uint8Array): Date {
  return refusing(() => {
    const fields = children(basicResponse(der)[0], tag.sequence);
    const responses = fields.find((field) => field.tag === tag.sequence);
    const ends = children(responses, tag.sequence).map((single) => {
      const [, , thisUpdate, next] = children(single, tag.sequence);
      return endOf(thisUpdate, next?.tag === contextTag(0) ? children(next, contextTag(0))[0] : undefined).getTime();
    });
    return new Date(Math.min(...ends));
  });
}

/** As `ocspResponseEnds`, of a CRL. */
export function crlEnds(der: Uint8Array): Date {
  return refusing(() => {
    const [list] = children(readElement(der), tag.sequence);
    const [thisUpdate, nextUpdate] = children(list, tag.sequence).filter(isTime);
    return endOf(thisUpdate, nextUpdate);
  });
}

/** When an answer is no longer believed. */
function endOf(thisUpdate: DerElement | undefined, nextUpdate: DerElement | undefined): Date {
  if (thisUpdate === undefined) throw new Error('no answer');
  return nextUpdate === undefined ? new Date(readTime(thisUpdate).getTime() + freshFor) : readTime(nextUpdate);
}

function isTime(field: DerElement | undefined): boolean {
  return field?.tag === tag.utcTime || field?.tag === tag.generalizedTime;
}

/** A responder that the issuer itself has named, by a certificate for that alone (RFC 6960 4.2.2.2). */
function isResponder(certificate: Uint8Array, issuer: Uint8Array, now: Date): boolean {
  return (
    purposes(certificate)?.has(keyPurpose.ocspSigning) === true &&
    mayDo(certificate, 'digitalSignature') &&
    isValidAt(certificate, now) &&
    isIssuedBy(certificate, issuer)
  );
}

/** ResponseData: the single response about this certificate, in its time. */
function statusIn(
  data: DerElement,
  certificate: Uint8Array,
  issuer: Uint8Array,
  now: Date,
): 'good' | 'revoked' | 'unknown' {
  const fields = children(data, tag.sequence);
  if (fields[0]?.tag === contextTag(0)) fields.shift();
  const [, producedAt, responses] = fields;
  if (producedAt === undefined || readTime(producedAt).getTime() > now.getTime() + clockSkew)
    refuse('the answer is from the future');
  const wanted = certificateId(certificate, issuer);
  // Hash algorithm parameters may be absent or NULL: compared are the parts behind it.
  const parts = (id: DerElement | undefined): Uint8Array[] => {
    const [algorithm, ...rest] = children(id, tag.sequence);
    const [name] = children(algorithm, tag.sequence);
    return [name?.der ?? new Uint8Array(), ...rest.map((part) => part.der)];
  };
  const single = children(responses, tag.sequence).find((response) => {
    const [id] = children(response, tag.sequence);
    return same(Buffer.concat(parts(id)), Buffer.concat(parts(readElement(wanted))));
  });
  const [, status, thisUpdate, nextUpdate] = children(single, tag.sequence);
  if (thisUpdate === undefined) throw new Error('no answer about this certificate');
  const explicitNext = nextUpdate?.tag === contextTag(0) ? children(nextUpdate, contextTag(0))[0] : undefined;
  checkTimes(readTime(thisUpdate), explicitNext === undefined ? undefined : readTime(explicitNext), now);
  // [0] good, [1] revoked, [2] unknown
  if (status?.tag === 0x80) return 'good';
  if (status?.tag === contextTag(1)) return 'revoked';
  return status?.tag === 0x82 ? 'unknown' : refuse('an unknown status');
}

/** What a complete, direct CRL of the issuer tells of `certificate`; ERR_SIGNATURE_REVOCATION when it is not to be believed. */
export function readCrl(der: Uint8Array, certificate: Uint8Array, issuer: Uint8Array, now: Date): 'good' | 'revoked' {
  return refusing(() => {
    const [list, algorithm, value] = children(readElement(der), tag.sequence);
    if (list === undefined || algorithm === undefined || value === undefined) throw new Error('no CRL');
    const authority = certificateParts(issuer);
    const fields = children(list, tag.sequence);
    if (fields[0]?.tag === tag.integer) fields.shift();
    const [inner, name, thisUpdate, ...rest] = fields;
    if (inner === undefined || name === undefined || thisUpdate === undefined) throw new Error('no CRL');
    if (!same(inner.der, algorithm.der)) refuse('the list is signed with another algorithm than it says');
    if (!same(name.der, authority.subject) || !same(name.der, certificateParts(certificate).issuer))
      refuse('a list of another issuer');
    if (!mayDo(issuer, 'cRLSign')) refuse('the issuer may sign no list');
    const key = new X509Certificate(issuer).publicKey;
    if (!verifies(algorithm.der, key, list.der, wholeOctets(value))) refuse('the list is not signed by the issuer');
    const nextUpdate = isTime(rest[0]) ? rest.shift() : undefined;
    checkTimes(readTime(thisUpdate), nextUpdate === undefined ? undefined : readTime(nextUpdate), now);
    const entries = rest[0]?.tag === tag.sequence ? rest.shift() : undefined;
    if (!rest.every((field) => coversCertificate(field, certificate))) refuse('a list for other certificates');
    return entries !== undefined && isListed(entries, certificateParts(certificate).serialNumber) ? 'revoked' : 'good';
  });
}

/** Walks the entries without keeping them: lists of 100 000 are common. */
function isListed(entries: DerElement, serialNumber: Uint8Array): boolean {
  for (const entry of elements(entries.content)) {
    for (const serial of elements(entry.content)) {
      if (same(serial.der, serialNumber)) return true;
      break;
    }
  }
  return false;
}

/**
 * [0] crlExtensions. Of critical ones only issuingDistributionPoint is understood, when it says no more than that this is the list
 * of a distribution point that the certificate names, or of end entities; delta and indirect lists are not.
 */
function coversCertificate(field: DerElement, certificate: Uint8Array): boolean {
  const [list] = children(field, contextTag(0));
  return children(list, tag.sequence).every((extension) => {
    const [id, ...values] = children(extension, tag.sequence);
    if (id === undefined || values.length < 2) return true;
    if (!same(id.der, objectIdentifier(oid.issuingDistributionPoint))) return false;
    const named = Buffer.from(extensionOf(certificate, oid.distributionPoints)?.value ?? []);
    return children(readElement(values[1]?.content ?? new Uint8Array()), tag.sequence).every((part) => {
      if (part.tag === 0x81) return !new X509Certificate(certificate).ca;
      if (part.tag !== contextTag(0)) return false;
      const [fullName] = children(part, contextTag(0));
      return (
        fullName?.tag === contextTag(0) &&
        children(fullName, contextTag(0)).some(({ der }) => named.includes(Buffer.from(der)))
      );
    });
  });
}

function checkTimes(thisUpdate: Date, nextUpdate: Date | undefined, now: Date): void {
  const until = nextUpdate?.getTime() ?? thisUpdate.getTime() + freshFor;
  if (thisUpdate.getTime() > now.getTime() + clockSkew) refuse('the answer is from the future');
  if (until < now.getTime() - clockSkew) refuse('the answer is out of date');
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SignatureError && cause.code === 'ERR_SIGNATURE_REVOCATION') throw cause;
    throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'the answer is not well-formed', { cause });
  }
}

function refuse(reason: string): never {
  throw new SignatureError('ERR_SIGNATURE_REVOCATION', reason);
}

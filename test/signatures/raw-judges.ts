// What openssl says of bare signature values, of OCSP answers and of revocation lists; and the parts of containers that they are
// found in. Nothing here was written for the project but the taking apart.
import { X509Certificate } from 'node:crypto';
import { children, sequence, tag, unsignedInteger } from '../../agent/signatures/der.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import { judge, partsOf, type Verdict } from '../agent/signatures/openssl.ts';
import { textOf } from '../agent/signatures/xmlsec.ts';

/** `openssl dgst -verify`: `value` as JWA has it (ECDSA: r||s), over `document`. */
export function opensslValue(
  document: Uint8Array,
  value: Uint8Array,
  certificate: Uint8Array,
  algorithm: SignatureAlgorithm,
): Verdict {
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
  const options = [`-sha${algorithm.slice(2)}`, ...(algorithm.startsWith('PS') ? pss : [])];
  const words = ['dgst', ...options, '-verify', 'key.pem', '-signature', 'value', 'document'];
  return judge('openssl', words, { document, 'key.pem': keyOf(certificate), value: asOpenssl(value, algorithm) });
}

/** `openssl pkeyutl -verify`: over a ready-made `hash`. */
export function opensslHash(
  hash: Uint8Array,
  value: Uint8Array,
  certificate: Uint8Array,
  algorithm: SignatureAlgorithm,
): Verdict {
  const pss = ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:digest'];
  const options = ['-pkeyopt', `digest:sha${algorithm.slice(2)}`, ...(algorithm.startsWith('PS') ? pss : [])];
  const words = ['pkeyutl', '-verify', '-pubin', '-inkey', 'key.pem', '-in', 'hash', '-sigfile', 'value', ...options];
  return judge('openssl', words, { hash, 'key.pem': keyOf(certificate), value: asOpenssl(value, algorithm) });
}

/** Whether `openssl ocsp` believes the answer, and that it says "good" of `certificate`. */
export function opensslOcsp(
  answer: Uint8Array,
  certificate: Uint8Array,
  issuerFile: string,
  rootFile: string,
): Verdict {
  const names = ['-issuer', issuerFile, '-cert', 'cert.pem', '-CAfile', rootFile, '-no_nonce'];
  const pem = Buffer.from(new X509Certificate(certificate).toString());
  const { accepted, output } = judge('openssl', ['ocsp', '-respin', 'answer', ...names], { answer, 'cert.pem': pem });
  return { accepted: accepted && /Response verify OK/.test(output) && /cert\.pem: good/.test(output), output };
}

/** Whether `openssl crl` finds that somebody in `authoritiesFile` signed the list. */
export function opensslCrl(list: Uint8Array, authoritiesFile: string): Verdict {
  const words = ['crl', '-inform', 'DER', '-in', 'list', '-CAfile', authoritiesFile, '-noout'];
  const { accepted, output } = judge('openssl', words, { list });
  return { accepted: accepted && output.includes('verify OK'), output };
}

/** OCSP answers and revocation lists in a container. */
export interface Revocation {
  ocsp: Uint8Array[];
  crls: Uint8Array[];
}

/** In SignedData.crls (RFC 5652 5.1, RFC 5940). */
export function revocationInCms(cms: Uint8Array): Revocation {
  const all = partsOf(cms).revocation;
  const others = all.filter((one) => one.tag !== tag.sequence);
  return {
    ocsp: others.map((other) => children(other, other.tag)[1]!.der),
    crls: all.filter((one) => one.tag === tag.sequence).map(({ der }) => der),
  };
}

/** In xades:RevocationValues (EN 319 132-1 5.4.2). */
export function revocationInXml(xml: Uint8Array): Revocation {
  const each = (name: string): Uint8Array[] =>
    [...textOf(xml).matchAll(new RegExp(`<xades:${name}>([^<]+)<`, 'g'))].map(([, text]) =>
      Buffer.from(text ?? '', 'base64'),
    );
  return { ocsp: each('EncapsulatedOCSPValue'), crls: each('EncapsulatedCRLValue') };
}

/** In the document security store (ISO 32000-2 12.8.4.3), as qpdf reads it. */
export function revocationInPdf(pdf: Uint8Array): Revocation {
  const shown = judge('qpdf', ['--json', '--json-key=qpdf', 'x.pdf'], { 'x.pdf': pdf }).output;
  const each = (list: string): Uint8Array[] => {
    const references = new RegExp(`"/${list}": \\[([^\\]]*)\\]`).exec(shown)?.[1]?.match(/\d+(?= 0 R)/g) ?? [];
    return references.map((number) => {
      const words = [`--show-object=${number}`, '--filtered-stream-data', 'x.pdf'];
      return Buffer.from(judge('qpdf', words, { 'x.pdf': pdf }).output, 'latin1');
    });
  };
  return { ocsp: each('OCSPs'), crls: each('CRLs') };
}

/** The time stamp in a XAdES signature, and the canonical element that it is over. */
export function timeStampInXml(xml: Uint8Array): { token: Uint8Array; over: Uint8Array } {
  const token = /<xades:EncapsulatedTimeStamp>([^<]+)</.exec(textOf(xml))?.[1] ?? '';
  const value = /<ds:SignatureValue .*<\/ds:SignatureValue>/.exec(textOf(xml))?.[0] ?? '';
  return { token: Buffer.from(token, 'base64'), over: Buffer.from(value) };
}

/** ECDSA as a SEQUENCE (RFC 3279 2.2.3), RSA as it is. */
function asOpenssl(value: Uint8Array, algorithm: SignatureAlgorithm): Uint8Array {
  if (!algorithm.startsWith('ES')) return value;
  const half = value.length / 2;
  return sequence(unsignedInteger(value.subarray(0, half)), unsignedInteger(value.subarray(half)));
}

function keyOf(certificate: Uint8Array): Uint8Array {
  return Buffer.from(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }));
}

// What level B-LT adds: everything that shows that nobody's certificate was revoked, the signer's and the time-stamping authority's
// (ETSI EN 319 122-1 6.3 d and o, EN 319 132-1 6.3, EN 319 142-1 6.3). All of it, or no signature of that level.
import { same } from './algorithm.ts';
import { readElement } from './der.ts';
import { SignatureError } from './signature-error.ts';
import { type RevocationValues, type SignatureSurroundings } from './signer.ts';

/**
 * Fetched before the holder is asked to sign: a certificate that is revoked costs no signature. Undefined below B-LT.
 * @throws SignatureError ERR_SIGNATURE_TIMESTAMP when B-LT is wanted without a time stamp, ERR_SIGNATURE_REVOCATION
 */
export async function revocationOfSigner({
  timeStamp,
  revocation,
}: SignatureSurroundings): Promise<RevocationValues | undefined> {
  if (revocation === undefined) return undefined;
  if (timeStamp === undefined) throw new SignatureError('ERR_SIGNATURE_TIMESTAMP', 'B-LT without a time stamp');
  return checked(await revocation.ofSigner());
}

/** Undefined below B-LT. @throws SignatureError ERR_SIGNATURE_REVOCATION */
export async function revocationOfTimeStamp(
  token: Uint8Array,
  { revocation }: SignatureSurroundings,
): Promise<RevocationValues | undefined> {
  return revocation === undefined ? undefined : checked(await revocation.ofTimeStamp(token));
}

/** What is in `values` and not in `known`, each once: the standards want nothing twice. */
export function added(values: RevocationValues, known: Partial<Readonly<RevocationValues>>): RevocationValues {
  return {
    certificates: distinct(values.certificates, known.certificates),
    ocsp: distinct(values.ocsp, known.ocsp),
    crls: distinct(values.crls, known.crls),
  };
}

/** Both, each value once. */
export function together(one: RevocationValues, other: RevocationValues): RevocationValues {
  const more = added(other, one);
  return {
    certificates: [...one.certificates, ...more.certificates],
    ocsp: [...one.ocsp, ...more.ocsp],
    crls: [...one.crls, ...more.crls],
  };
}

/** `values` without repetitions, and without what is `known`. */
export function distinct(values: readonly Uint8Array[], known: readonly Uint8Array[] = []): Uint8Array[] {
  return values.filter(
    (value, index) =>
      !known.some((other) => same(value, other)) && values.findIndex((other) => same(value, other)) === index,
  );
}

function checked(values: RevocationValues): RevocationValues {
  if (values.ocsp.length + values.crls.length === 0)
    throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'no word about revocation');
  try {
    for (const der of [...values.certificates, ...values.ocsp, ...values.crls]) readElement(der);
  } catch (cause) {
    throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'revocation values are no DER', { cause });
  }
  return values;
}

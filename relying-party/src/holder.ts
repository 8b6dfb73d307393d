// Who the certificate is about. The identity is told apart by its form, never by its place: a SITHS card carries one
// certificate with the HSA-id and one with the personal number, both in serialNumber (2.5.4.5).
import { type Certificate } from './certificate.ts';
import { TokenError } from './token-error.ts';

export type HolderIdentity =
  | { readonly kind: 'hsa-id'; readonly hsaId: string }
  | { readonly kind: 'personal-number'; /** 12 digits. Never log it. */ readonly personalNumber: string };

/** As the certificate has them. Text to be escaped like any other before it is shown. */
export interface HolderNames {
  /** commonName. */
  readonly name: string;
  readonly givenName?: string;
  readonly surname?: string;
  readonly title?: string;
  /** The employer; a certificate with the personal number has none. */
  readonly organisation?: string;
}

/** X.520 attribute types. */
const COMMON_NAME = '2.5.4.3';
const SURNAME = '2.5.4.4';
const SERIAL_NUMBER = '2.5.4.5';
const ORGANISATION = '2.5.4.10';
const TITLE = '2.5.4.12';
const GIVEN_NAME = '2.5.4.42';

/** `SE` (or `TSTNMT` in the test directory), organisation number, hyphen, suffix: 31 characters at most. */
const HSA_ID = /^(?=.{1,31}$)(?:SE|TSTNMT)\d{10}(?:\d{2})?-[0-9A-Z]{1,18}$/;
const PERSONAL_NUMBER = /^\d{12}$/;
const MAX_NAME_LENGTH = 256;
/** Control, bidirectional-override and other invisible format characters, and lone surrogates: no name needs them. */
const UNFIT_FOR_NAMES = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** @throws TokenError ERR_HOLDER_UNREADABLE */
export function readHolder(certificate: Certificate): HolderNames & { readonly identity: HolderIdentity } {
  const optional = (oid: string): string | undefined => {
    const values = certificate.subjectValues(oid);
    // With two of them there would be a choice to make, and no ground to make it on.
    if (values.length > 1) throw new TokenError('ERR_HOLDER_UNREADABLE');
    const value = values[0];
    if (value !== undefined && (value.length === 0 || value.length > MAX_NAME_LENGTH || UNFIT_FOR_NAMES.test(value))) {
      throw new TokenError('ERR_HOLDER_UNREADABLE');
    }
    return value;
  };
  const name = optional(COMMON_NAME);
  const serialNumber = optional(SERIAL_NUMBER);
  if (name === undefined || serialNumber === undefined) throw new TokenError('ERR_HOLDER_UNREADABLE');
  const [givenName, surname] = [optional(GIVEN_NAME), optional(SURNAME)];
  const [title, organisation] = [optional(TITLE), optional(ORGANISATION)];
  return {
    identity: identityOf(serialNumber),
    name,
    ...(givenName !== undefined && { givenName }),
    ...(surname !== undefined && { surname }),
    ...(title !== undefined && { title }),
    ...(organisation !== undefined && { organisation }),
  };
}

function identityOf(serialNumber: string): HolderIdentity {
  if (HSA_ID.test(serialNumber)) return { kind: 'hsa-id', hsaId: serialNumber };
  if (PERSONAL_NUMBER.test(serialNumber)) return { kind: 'personal-number', personalNumber: serialNumber };
  throw new TokenError('ERR_HOLDER_UNREADABLE');
}

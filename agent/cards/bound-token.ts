// A token whose card is in a reader now, read once when it came in. Ends with its card's stay: `gone` tells why.
import { createHash } from 'node:crypto';
import { type PinStatus } from '../../shared/messages.ts';
import { parseCertificate, type CardCertificate } from '../certificates/certificate.ts';
import { displayText } from '../certificates/display-text.ts';
import { type TokenBackend, type TokenDescription } from '../tokens/token.ts';

/** A readable certificate and the id by which the token knows its key. */
export interface TokenKey {
  id: string;
  label: string;
  certificate: CardCertificate;
  /** See TokenCertificate. */
  alwaysAuthenticate?: boolean;
}

/** The token, its keys and its way to the card. `pin` is the last known state, replaced whenever the card tells it anew. */
export interface BoundToken {
  reader: string;
  generation: string;
  description: TokenDescription;
  /** Cards of its kind name themselves (card-profiles.ts): the same name behind every driver. */
  namesItself: boolean;
  keys: TokenKey[];
  /** Certificates on the card that do not parse, or that its driver does not show. */
  unreadable: number;
  pin: PinStatus;
  backend: TokenBackend;
  /** Aborted with a KortbroError when the card leaves, is exchanged, or its driver stops. */
  gone: AbortSignal;
  /** First 16 hex digits of SHA-256 over serial number and first certificate: names the token in the audit log. */
  fingerprint: string;
}

/** Joins what the driver told with what its certificates say. */
export function bindToken(
  description: TokenDescription,
  place: Pick<BoundToken, 'reader' | 'generation' | 'backend' | 'gone' | 'namesItself'>,
): BoundToken {
  const keys = description.certificates.flatMap(({ id, label, der, ...rest }): TokenKey[] => {
    const certificate = parseCertificate(der);
    return certificate === undefined ? [] : [{ id, label: displayText(label, 100), certificate, ...rest }];
  });
  const hash = createHash('sha256').update(description.serialNumber);
  for (const { der } of description.certificates.slice(0, 1)) hash.update(der);
  return {
    ...place,
    description,
    keys,
    unreadable: description.certificates.length - keys.length,
    pin: description.pin,
    fingerprint: hash.digest('hex').slice(0, 16),
  };
}

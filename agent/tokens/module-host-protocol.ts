// What agent and module host say to each other over the child's fd 3: frames of [u32 LE json length][u32 LE bytes length]
// [json][bytes]. Secrets and keys' outputs travel as `bytes`, never as JSON text, so that one Buffer can be zeroed.
import { z } from 'zod';
import { isErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { algorithmName } from '../../shared/signing.ts';
import { type TokenFailure } from './token.ts';

/** Tokens (PKCS#11 slots) of one card that are told; two are usual, one for each PIN. */
export const tokensPerCard = 4;
/** Largest JSON part: every certificate of every token of a card at its largest, in base64, and room (716 KiB). */
export const maximumJson = 768 * 1024;
/** Largest binary part: a signature, a digest or a PIN. */
export const maximumBytes = 4096;

const handle = z.string().min(1).max(200);
const reader = z.string().min(1).max(300);
const algorithm = algorithmName;

/** Agent to module host. The first frame is `open`, once. */
export const hostRequest = z.discriminatedUnion('call', [
  z.strictObject({
    id: z.int(),
    call: z.literal('open'),
    source: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('pkcs11'), module: z.string() }),
      z.strictObject({ type: z.literal('cng') }),
      z.strictObject({ type: z.literal('simulator'), directory: z.string() }),
    ]),
  }),
  /** bytes: the ATR. */
  z.strictObject({ id: z.int(), call: z.literal('bind'), reader, reset: z.boolean() }),
  z.strictObject({ id: z.int(), call: z.literal('pinStatus'), handle }),
  /** bytes: the PIN. */
  z.strictObject({ id: z.int(), call: z.literal('login'), handle, finalTryConfirmed: z.boolean() }),
  /** bytes: the digest; the answer's bytes: the signature. */
  z.strictObject({ id: z.int(), call: z.literal('sign'), handle, certificate: z.string().max(200), algorithm }),
  /** bytes: the PIN; the answer's bytes: the signature. */
  z.strictObject({
    id: z.int(),
    call: z.literal('signWithPin'),
    handle,
    certificate: z.string().max(200),
    algorithm,
    digest: z.base64().max(88),
    finalTryConfirmed: z.boolean(),
  }),
  z.strictObject({ id: z.int(), call: z.literal('lock'), handle }),
  z.strictObject({ id: z.int(), call: z.literal('release'), reader }),
]);
export type HostRequest = z.infer<typeof hostRequest>;

export const pinStatus = z.strictObject({
  state: z.enum(['ok', 'low', 'final', 'locked', 'unknown']),
  triesLeft: z.int().min(0).max(99).exactOptional(),
});

const certificate = z.strictObject({
  id: z.string().max(200),
  label: z.string().max(200),
  der: z.base64().max(Math.ceil(limits.certificateSize / 3) * 4 + 4),
  alwaysAuthenticate: z.boolean().exactOptional(),
});

const tokenDescription = z.strictObject({
  handle,
  reader,
  label: z.string().max(100),
  serialNumber: z.string().max(100),
  manufacturer: z.string().max(100),
  model: z.string().max(100),
  identity: z.string().max(300),
  protectedAuthenticationPath: z.boolean(),
  pin: pinStatus,
  mechanisms: z.array(z.enum(['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_ECDSA'])).max(3),
  certificates: z.array(certificate).max(limits.certificatesPerToken),
});

/** What `bind` answers with. */
export const boundTokens = z.array(tokenDescription).max(tokensPerCard);

const failure = z.custom<TokenFailure>(
  (value) => value === 'login-lost' || value === 'final-try-unconfirmed' || isErrorCode(value),
);

/** Module host to agent. `readers` comes unasked, from the simulator only. */
export const hostAnswer = z.union([
  z.strictObject({ id: z.int(), result: z.unknown() }),
  z.strictObject({
    id: z.int(),
    failure,
    triesLeft: z.int().min(0).max(99).exactOptional(),
    native: z.string().max(200).exactOptional(),
  }),
  z.strictObject({
    readers: z.strictObject({
      service: z.enum(['running', 'stopped']),
      connection: z.int(),
      readers: z.array(z.strictObject({ name: reader, eventState: z.int(), atr: z.base64().max(100) })).max(32),
    }),
  }),
]);
export type HostAnswer = z.infer<typeof hostAnswer>;

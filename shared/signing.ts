// What is said about signing documents: formats, the steps of one signing under its request's id, and its results. The
// request opens it; bytes go in by pieces; the agent tells what the holder is to see; the holder answers; results are read back.
import { z } from 'zod';
import { isErrorCode, type ErrorCode } from './errors.ts';
import { limits } from './limits.ts';

const hash = z.enum(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']);

const points = z.number().min(0).max(14_400);

/** Where on which page a visible PDF signature stands, in points from the page's lower left corner. */
const field = z.strictObject({
  page: z.int().min(1).max(10_000),
  x: points,
  y: points,
  width: points.min(36),
  height: points.min(18),
});

const pdfText = z.string().max(200);

/** The container that the signature comes in. */
const format = z.discriminatedUnion('type', [
  /** The signature over the bytes, nothing around it. */
  z.strictObject({ type: z.literal('raw') }),
  /** CAdES (ETSI EN 319 122-1). */
  z.strictObject({ type: z.literal('cms'), attached: z.boolean() }),
  /** XAdES (ETSI EN 319 132-1). `uri`: how a detached signature names its document. */
  z.strictObject({
    type: z.literal('xades'),
    packaging: z.enum(['enveloped', 'enveloping', 'detached']),
    uri: z.string().min(1).max(limits.signatureUriLength).exactOptional(),
  }),
  /** XMLDSig: the document is a canonical ds:SignedInfo, the answer its SignatureValue. */
  z.strictObject({ type: z.literal('xmldsig') }),
  /** PAdES (ETSI EN 319 142-1). */
  z.strictObject({
    type: z.literal('pades'),
    field: field.exactOptional(),
    reason: pdfText.exactOptional(),
    location: pdfText.exactOptional(),
  }),
  /** JAdES (ETSI TS 119 182-1), compact. */
  z.strictObject({ type: z.literal('jws'), detached: z.boolean() }),
  /** The document is a ready-made hash, whose contents nobody can show. */
  z.strictObject({ type: z.literal('hash'), hash }),
]);

const mediaType = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/);

const documentEntry = z.strictObject({
  name: z.string().min(1).max(limits.documentNameLength),
  type: mediaType,
  size: z.int().min(0).max(limits.documentSize),
});

/** Which signing certificate the page means; what is absent leaves the choice to the holder. */
const certificateWish = z.strictObject({
  hsaId: z.string().min(1).max(64).exactOptional(),
  /** Common name of the issuer. */
  issuer: z.string().min(1).max(200).exactOptional(),
  /** The certificate's own serial number, upper-case hex without leading zeros. */
  serialNumber: z
    .string()
    .regex(/^[1-9A-F][0-9A-F]{0,39}$/)
    .exactOptional(),
});

/** What a request to sign holds beside its caller. */
export const signFields = {
  documents: z.array(documentEntry).min(1).max(limits.documents),
  format,
  level: z.enum(['B-B', 'B-T', 'B-LT']).exactOptional(),
  /** Default: SHA-256, or what the key asks for (P-384: SHA-384); PKCS#1 v1.5. */
  algorithm: z
    .strictObject({ hash: hash.exactOptional(), padding: z.enum(['pkcs1', 'pss']).exactOptional() })
    .exactOptional(),
  certificate: certificateWish.exactOptional(),
} as const;

const id = z
  .string()
  .min(1)
  .max(limits.idLength)
  .regex(/^[\w-]+$/);
const documentNumber = z
  .int()
  .min(0)
  .max(limits.documents - 1);
const offset = z.int().min(0).max(limits.signatureSize);
/** Base64: who decodes it refuses what is not canonical. */
const piece = z.string().max(Math.ceil(limits.documentPiece / 3) * 4);
const what = z.enum(['document', 'signature']);

/** What the asking side says under the id of its open request. */
export const signingMessages = [
  /** The next bytes of a document; every document in order, each from its start. */
  z.strictObject({ type: z.literal('document'), id, document: documentNumber, offset, data: piece }),
  /** The holder's answer to what was shown. `certificate`: one of those that the agent named. */
  z.strictObject({ type: z.literal('consent'), id, answer: z.literal('sign'), certificate: z.string().max(200) }),
  z.strictObject({ type: z.literal('consent'), id, answer: z.literal('decline') }),
  /** Wants bytes: of a document while it is being shown, of a signature once it is made. */
  z.strictObject({ type: z.literal('read'), id, what, document: documentNumber, offset }),
  /** Every signature has been read. */
  z.strictObject({ type: z.literal('taken'), id }),
] as const;

const shortText = z.string().max(300);
const errorCode = z.custom<ErrorCode>(isErrorCode);

/** A key that the holder may sign with. */
const signingKey = z.strictObject({
  key: z.string().max(200),
  holder: shortText,
  organisation: shortText,
  holderId: shortText,
  issuer: shortText,
  usage: z.enum(['signature', 'authentication']),
  reader: shortText,
  validFrom: z.iso.datetime(),
  validTo: z.iso.datetime(),
  /** The end of the certificate's own, upper-case hex. */
  serialNumber: z.string().max(40),
  keyType: z.enum(['rsa', 'ec']),
  /** Bits. */
  keySize: z.int().min(1).max(65_536),
});

const shownDocument = documentEntry.extend({
  /** SHA-256 of the bytes that will be signed, lower-case hex. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** Why it will not be signed, whatever the holder answers; of several never all. */
  refused: errorCode.exactOptional(),
});

/** What is to be shown, and is frozen from now on. */
const consent = z.strictObject({
  origin: z.string().min(1).max(limits.originLength),
  documents: z.array(shownDocument).min(1).max(limits.documents),
  format,
  level: z.enum(['B-B', 'B-T', 'B-LT']),
  keys: z.array(signingKey).min(1).max(64),
});

const signedDocument = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('signed'), size: z.int().min(0).max(limits.signatureSize) }),
  z.strictObject({ status: z.literal('failed'), code: errorCode, incident: z.string().max(40).exactOptional() }),
]);

/** JWA names (RFC 7518 3.1); RS1: RSASSA-PKCS1-v1_5 with SHA-1, for what is older than the law allows. */
export const algorithmName = z.enum([
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS1',
  'RS256',
  'RS384',
  'RS512',
]);

/** What came of it: one entry for each document, in order. */
const signed = z.strictObject({
  documents: z.array(signedDocument).min(1).max(limits.documents),
  /** Base64 of the DER certificate. */
  certificate: z.string().max(12_000),
  algorithm: algorithmName,
});

/** What the agent says under the id of an open request to sign. */
export const signingAnswers = [
  z.discriminatedUnion('stage', [
    z.strictObject({ type: z.literal('signing'), id, stage: z.literal('receiving') }),
    z.strictObject({ type: z.literal('signing'), id, stage: z.literal('consent'), consent }),
    /** The holder is being asked for the PIN (`done` 0), or signatures are being made. */
    z.strictObject({
      type: z.literal('signing'),
      id,
      stage: z.literal('progress'),
      done: z.int().min(0).max(limits.documents),
    }),
    z.strictObject({ type: z.literal('signing'), id, stage: z.literal('signed'), signed }),
  ]),
  /** Bytes up to `offset` have been taken; as many pieces as `limits.documentWindow` may be on their way. */
  z.strictObject({ type: z.literal('document-taken'), id, document: documentNumber, offset }),
  z.strictObject({ type: z.literal('data'), id, what, document: documentNumber, offset, data: piece }),
] as const;

/** The result of a request to sign, once everything has been read. */
export const signResult = z.strictObject({ signed: z.int().min(0).max(limits.documents) });

export type SignatureFormat = z.infer<typeof format>;
export type SignatureLevel = 'B-B' | 'B-T' | 'B-LT';
export type SignatureHash = z.infer<typeof hash>;
export type DocumentEntry = z.infer<typeof documentEntry>;
export type CertificateChoice = z.infer<typeof certificateWish>;
export type SigningMessage = z.infer<(typeof signingMessages)[number]>;
export type SigningAnswer = z.infer<(typeof signingAnswers)[number]>;
export type SigningConsent = z.infer<typeof consent>;
export type SigningKey = z.infer<typeof signingKey>;
export type SignatureAlgorithm = z.infer<typeof algorithmName>;
export type Signed = z.infer<typeof signed>;
export type SignedDocument = z.infer<typeof signedDocument>;

// What is said between extension and agent (the native host only relays): closed key sets, bounded values.
// The origin in `caller` is what the browser told the extension's background (MessageSender.origin), never a page's word.
import { z } from 'zod';
import { KortbroError, isErrorCode, type ErrorCode } from './errors.ts';
import { limits } from './limits.ts';
import { logoutActions, logoutReasons } from './logout.ts';
import { signFields, signingAnswers, signingMessages, signResult } from './signing.ts';

const id = z
  .string()
  .min(1)
  .max(limits.idLength)
  .regex(/^[\w-]+$/);
const language = z.enum(['sv', 'en']);
const shortText = z.string().max(300);

const page = z.strictObject({ kind: z.literal('page'), origin: z.string().min(1).max(limits.originLength) });
const user = z.strictObject({ kind: z.literal('user') });

const request = <Verb extends string, Shape extends z.core.$ZodShape>(verb: Verb, shape: Shape) =>
  z.strictObject({ type: z.literal('request'), id, language, verb: z.literal(verb), ...shape });

/** A site's registration for the end of the session that this login makes (docs/card-removal.md). */
const logoutRegistration = z.strictObject({
  /** Where the agent calls; on the caller's own origin, which the operation checks. */
  url: z.string().min(1).max(limits.logoutUrlLength),
  /** Names the session to the site's server and to nobody else. */
  token: z.string().regex(/^[\w.~+/=-]{22,512}$/),
  /** The agent renews the session's presence lease before this time is over, while the holder is present. */
  leaseSeconds: z.int().min(limits.leaseMinimum).max(limits.leaseMaximum).exactOptional(),
  /** A browser that comes back without its holder must send nothing to the site. */
  guard: z.boolean().exactOptional(),
});

const requests = z.discriminatedUnion('verb', [
  /** What runs; for a page that the holder has let in, also whether the card is there. */
  request('status', { caller: z.discriminatedUnion('kind', [page, user]) }),
  /** Every certificate on every card; for the holder's own eyes. */
  request('certificates', { caller: user }),
  /** A Web eID 1.0 login token over origin and nonce. */
  request('authenticate', { caller: page, nonce: z.string().max(128), logout: logoutRegistration.exactOptional() }),
  /** Signatures over documents that follow in pieces (shared/signing.ts). */
  request('sign', { caller: page, ...signFields }),
  /** Ends PIN-SSO and leaves every card locked. */
  request('forget-pin', { caller: user }),
]);

const clientMessage = z.union([
  requests,
  /** `profile`: names this browser profile for good, by an id that the extension made; commands have none. */
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.int(),
    version: z.string().max(40),
    profile: id.exactOptional(),
  }),
  z.strictObject({ type: z.literal('cancel'), id }),
  /** How far the browser is with a logout that it owes: its pages have been told, or everything of it is done. */
  z.strictObject({ type: z.literal('logout'), visit: id, step: z.enum(['told', 'done']) }),
  ...signingMessages,
]);

const pinStatus = z.strictObject({
  state: z.enum(['ok', 'low', 'final', 'locked', 'unknown']),
  triesLeft: z.int().min(0).max(99).exactOptional(),
});

const tokenState = z.strictObject({
  /** Opaque; the same while the card stays in, another one when it comes in again. */
  key: z.string().max(200),
  holder: shortText,
  organisation: shortText,
  holderId: shortText,
  pin: pinStatus,
  pinSso: z.boolean(),
  sites: z.array(z.string().max(limits.originLength)).max(500),
});

const readerState = z.strictObject({
  name: shortText,
  card: z.enum(['empty', 'reading', 'ready', 'unsupported', 'mute']),
  tokens: z.array(tokenState).max(8),
});

const agentState = z.strictObject({
  version: z.string().max(40),
  service: z.enum(['running', 'stopped']),
  session: z.enum(['active', 'suspended']),
  readers: z.array(readerState).max(32),
});

const origin = z.string().min(1).max(limits.originLength);

/** One login of one holder at one site in one browser profile, until that has been logged out again. */
const openVisit = z.strictObject({ id, origin, guarded: z.boolean() });

/** What the browser has to do for a visit whose holder has left: `actions` in their order (shared/policy.ts). */
const owedVisit = z.strictObject({
  id,
  origin,
  guarded: z.boolean(),
  reason: z.enum(logoutReasons),
  actions: z.array(z.enum(logoutActions)).max(logoutActions.length),
  /** Whether the browser is done, and only the agent's own call to the site still is to be made. */
  cleared: z.boolean(),
  /** Fetched with the visitor's cookies before they are cleared: a site that registers no call. */
  url: z.string().max(limits.logoutUrlLength).exactOptional(),
  /** What the site's tabs show; default: the extension's own page. */
  page: z.string().max(limits.logoutUrlLength).exactOptional(),
});

const errorCode = z.custom<ErrorCode>(isErrorCode);
const wireError = z.strictObject({
  code: errorCode,
  message: z.string().max(500),
  triesLeft: z.int().min(0).max(99).exactOptional(),
  incident: z.string().max(40).exactOptional(),
});

const sequence = z.int().min(0);

const agentMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('response'), id, result: z.unknown() }),
  z.strictObject({ type: z.literal('error'), id, error: wireError }),
  z.strictObject({ type: z.literal('snapshot'), sequence, state: agentState }),
  z.strictObject({
    type: z.literal('event'),
    sequence,
    name: z.enum(['card-inserted', 'card-removed', 'pin-sso-started', 'pin-sso-ended', 'changed']),
    /** The sites that may be told: those that this card's holder has let in. */
    origins: z.array(z.string().max(limits.originLength)).max(500),
    state: agentState,
  }),
  /** Every visit of this profile, whole, after each hello and whenever one changes: what is not listed is not known. */
  z.strictObject({
    type: z.literal('visits'),
    open: z.array(openVisit).max(limits.visits),
    owed: z.array(owedVisit).max(limits.visits),
    /** Sites that policy guards, whether anybody is logged in or not. */
    guarded: z.array(origin).max(500),
  }),
  /** From the native host itself: whether it has an agent behind it. */
  z.strictObject({
    type: z.literal('agent'),
    state: z.enum(['connecting', 'connected', 'gone']),
    error: wireError.exactOptional(),
  }),
  ...signingAnswers,
]);

const authenticationToken = z.strictObject({
  format: z.literal('web-eid:1.0'),
  unverifiedCertificate: z.string().max(12_000),
  algorithm: z.enum(['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']),
  signature: z.string().max(2_000),
  appVersion: z.string().max(100),
});

const pageStatus = z.strictObject({
  agent: z.string().max(40),
  /** Only for an origin that the holder has let in during this card's stay. */
  card: z.enum(['present', 'absent']).exactOptional(),
});

const certificateEntry = z.strictObject({
  reader: shortText,
  token: shortText,
  label: shortText,
  usage: z.enum(['authentication', 'signature', 'other']),
  holder: shortText,
  organisation: shortText,
  holderId: shortText,
  issuer: shortText,
  notBefore: z.string().max(40),
  notAfter: z.string().max(40),
  assuranceLevel: z.int().exactOptional(),
  /** Why it cannot be used, if so. */
  problem: errorCode.exactOptional(),
});

const results = {
  status: z.union([pageStatus, agentState]),
  certificates: z.strictObject({ certificates: z.array(certificateEntry).max(128) }),
  authenticate: authenticationToken,
  sign: signResult,
  'forget-pin': z.strictObject({ ended: z.int().min(0) }),
} as const;

export type ClientMessage = z.infer<typeof clientMessage>;
export type Request = z.infer<typeof requests>;
export type Verb = Request['verb'];
export type RequestOf<V extends Verb> = Extract<Request, { verb: V }>;
export type Result<V extends Verb> = z.infer<(typeof results)[V]>;
export type AgentMessage = z.infer<typeof agentMessage>;
export type AgentState = z.infer<typeof agentState>;
export type ReaderState = z.infer<typeof readerState>;
export type TokenState = z.infer<typeof tokenState>;
export type PinStatus = z.infer<typeof pinStatus>;
export type LogoutRegistration = z.infer<typeof logoutRegistration>;
export type OpenVisit = z.infer<typeof openVisit>;
export type OwedVisit = z.infer<typeof owedVisit>;
export type EventName = Extract<AgentMessage, { type: 'event' }>['name'];
export type AuthenticationToken = z.infer<typeof authenticationToken>;
export type PageStatus = z.infer<typeof pageStatus>;
export type CertificateEntry = z.infer<typeof certificateEntry>;

/** What the agent reads. @throws KortbroError ERR_REQUEST_INVALID */
export function parseClientMessage(value: unknown): ClientMessage {
  return accept(clientMessage, value);
}

/** What the extension and the commands read. @throws KortbroError ERR_REQUEST_INVALID */
export function parseAgentMessage(value: unknown): AgentMessage {
  return accept(agentMessage, value);
}

/** The result of a verb, as the asking side reads it. @throws KortbroError ERR_REQUEST_INVALID */
export function parseResult<V extends Verb>(verb: V, value: unknown): Result<V> {
  const schema: z.ZodType = results[verb];
  return accept(schema, value) as Result<V>;
}

function accept<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (!outcome.success) throw new KortbroError('ERR_REQUEST_INVALID');
  return outcome.data;
}

// The machine's policy: one schema, from which the parser, the JSON Schema and the table in the docs are made.
// A missing file means every default below. Nobody but the machine's administrator can change a value.
import { z } from 'zod';
import { limits } from './limits.ts';
import { logoutActions } from './logout.ts';
import { isSecureOrigin, secureOriginOf } from './origin.ts';

/** As Linux or as Windows writes it; there on a drive of the machine itself, never on a server. */
const absolutePath = z
  .string()
  .max(1024)
  .regex(
    /^(?:\/(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0]+|[A-Za-z]:\\(?!.*(?:^|\\)\.\.?(?:\\|$))[^\0/:*?"<>|]+)$/,
    'must be an absolute path without . and ..',
  );

const origin = z
  .string()
  .refine(
    (text) => isSecureOrigin(text, true),
    'must be an origin such as https://journal.example.se (no path, no slash)',
  );

const tokenSource = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('pkcs11'),
    module: absolutePath.describe('Absolute path of a PKCS#11 module'),
  }),
  z.strictObject({ type: z.literal('cng') }),
  z.strictObject({
    type: z.literal('simulator'),
    directory: absolutePath.describe('Directory of simulated cards; development builds only'),
  }),
]);

const webAddress = z
  .string()
  .max(limits.logoutUrlLength)
  .refine((text) => secureOriginOf(text, true) !== undefined, 'must be an https address');

const graceSeconds = z.int().min(5).max(86_400).exactOptional();

/** Authorities sign what they answer: plain addresses are theirs, too. */
const authorityAddress = z
  .string()
  .max(limits.logoutUrlLength)
  .regex(/^https?:\/\/[^\s/@#]+(?:\/[^\s#]*)?$/, 'must be an http or https address');

const siteSigning = z.strictObject({
  documents: z
    .int()
    .min(1)
    .max(limits.documents)
    .default(1)
    .describe('Documents that may be signed with one consent and one PIN'),
  hash: z
    .boolean()
    .default(false)
    .describe('The site may have hashes signed, whose contents the holder cannot be shown'),
  authenticationKey: z
    .boolean()
    .default(false)
    .describe('Documents may be signed with the authentication key of a card that has no key for signatures'),
  sha1: z.boolean().default(false).describe('The site may have signatures with SHA-1, which is no longer safe'),
});

const grace = z.strictObject({
  readerSeconds: graceSeconds.describe('Log out when the reader has been away for this long; absent: never'),
  serviceSeconds: graceSeconds.describe(
    'Log out when the smart-card service has been away for this long; absent: never',
  ),
  sessionSeconds: graceSeconds.describe(
    'Log out when the OS session has been disconnected for this long; absent: never',
  ),
});

const actions = z
  .array(z.enum(logoutActions))
  .max(logoutActions.length)
  .refine((list) => new Set(list).size === list.length, 'must not name an action twice')
  .describe('What is done when the card leaves, in this order');

const siteLogout = z.strictObject({
  keep: z.boolean().default(false).describe('The site is not logged out when the card leaves'),
  actions: actions.exactOptional(),
  url: webAddress
    .exactOptional()
    .describe(
      'Address on the site that the browser fetches, with its cookies, to log out: for sites that register no call',
    ),
  page: webAddress.exactOptional().describe("What the site's tabs show afterwards; default: a page of the extension"),
  guard: z
    .boolean()
    .exactOptional()
    .describe('A restored browser sends the site nothing until everything owed to earlier card holders is done'),
  grace: grace.exactOptional(),
});

const site = z.strictObject({
  origin: origin.describe('The site, as the browser names it'),
  access: z
    .enum(['silent', 'ask', 'refuse'])
    .default('ask')
    .describe('After the PIN: use the card without a question, ask the holder once per PIN session, or refuse'),
  identity: z
    .enum(['hsa-id', 'personal-number', 'any'])
    .default('hsa-id')
    .describe("Form of the subject's serialNumber that the site wants"),
  issuers: z
    .array(z.string().min(1).max(200))
    .max(32)
    .default([])
    .describe('Common names of acceptable issuers; empty: every issuer'),
  minimumAssuranceLevel: z
    .int()
    .min(1)
    .max(4)
    .exactOptional()
    .describe('Lowest assurance level (LoA) that may be used'),
  logout: siteLogout.prefault({}).describe('What happens at this site when the card leaves'),
  signing: siteSigning.prefault({}).describe('What this site may have signed'),
});

const assuranceRule = z.strictObject({
  policyOid: z
    .string()
    .max(100)
    .regex(/^[0-2](\.(0|[1-9]\d*))+$/, 'must be an object identifier')
    .describe('Certificate policy OID'),
  issuer: z.string().min(1).max(200).describe("Common name of the issuer, which must agree with the OID's level"),
  level: z.int().min(1).max(4).describe('Assurance level'),
});

/** Every setting, its form and its default. */
export const policySchema = z.strictObject({
  $schema: z.string().max(200).exactOptional().describe('For editors; not used'),
  tokens: z
    .array(tokenSource)
    .max(8)
    .default([])
    .describe(
      "Card drivers in order of preference; cng: Windows' own smart-card provider with the card's minidriver, or the vendor's key storage provider; empty: the built-in list of known modules, and on Windows cng where none of them is installed",
    ),
  pin: z
    .strictObject({
      program: absolutePath
        .exactOptional()
        .describe(
          'The pinentry program, which nobody but root may be able to change; default: the first of the built-in list',
        ),
      dialogSeconds: z.int().min(10).max(600).default(120).describe('How long a dialog waits for the holder'),
      idleMinutes: z.int().min(1).max(1440).default(120).describe('PIN-SSO ends when unused for this long'),
      absoluteMinutes: z
        .int()
        .min(1)
        .max(1440)
        .default(720)
        .describe('PIN-SSO ends this long after the PIN, used or not'),
    })
    .prefault({}),
  card: z
    .strictObject({
      operationSeconds: z
        .int()
        .min(5)
        .max(300)
        .default(60)
        .describe('Limit of one driver call; after it the driver is restarted'),
    })
    .prefault({}),
  logout: z
    .strictObject({
      actions: actions.default(['event', 'call', 'clear', 'navigate']),
      guard: z.boolean().default(false).describe('As for a site, for every site'),
      grace: grace.prefault({}),
      authorities: absolutePath
        .exactOptional()
        .describe("PEM file with further authorities for the agent's calls to sites, beside the system's"),
      proxy: z
        .string()
        .max(300)
        .regex(/^https?:\/\/[^\s/@]+\/?$/, 'must be an address such as http://proxy.example.se:8080')
        .exactOptional()
        .describe("Proxy for the agent's calls to sites; default: the environment's https_proxy and no_proxy"),
    })
    .prefault({})
    .describe('What happens when the card leaves, at sites that say nothing else'),
  signing: z
    .strictObject({
      timeStamp: authorityAddress
        .exactOptional()
        .describe('Time-stamping authority (RFC 3161) for signatures of the levels B-T and B-LT'),
      ocsp: authorityAddress.exactOptional().describe('OCSP responder for the level B-LT'),
      crl: z
        .array(authorityAddress)
        .max(8)
        .default([])
        .describe(
          'Revocation lists for the level B-LT, used where no OCSP responder answers: those of the CAs and roots of signers and of the time-stamping authority',
        ),
      authorities: absolutePath
        .exactOptional()
        .describe(
          'PEM file with the issuers of signing certificates and of time-stamping authorities, up to the roots',
        ),
    })
    .prefault({})
    .describe('Signatures that stay verifiable for long'),
  sites: z
    .array(site)
    .max(500)
    .refine((list) => new Set(list.map(({ origin }) => origin)).size === list.length, 'must not name an origin twice')
    .default([])
    .describe('Sites with settings of their own'),
  otherSites: z.enum(['ask', 'refuse']).default('ask').describe('What holds for a site that is not listed'),
  assuranceLevels: z
    .array(assuranceRule)
    .max(64)
    .default([])
    .describe('Which policy OID of which issuer means which level'),
  allowLocalhost: z.boolean().default(false).describe('Let http://localhost use the card, for development'),
});

/** A complete policy, defaults filled in. */
export type Policy = z.infer<typeof policySchema>;

/** What somebody has set, defaults not filled in. */
export type PolicySettings = z.input<typeof policySchema>;

/** The settings of one site. */
export type SitePolicy = Policy['sites'][number];

/** What one site may have signed. */
export type SiteSigning = z.infer<typeof siteSigning>;

/** One source of tokens: a PKCS#11 module, Windows' CNG, or (development builds) a simulator. */
export type TokenSource = Policy['tokens'][number];

/** The policy of a machine without a policy file. */
export const defaultPolicy: Policy = policySchema.parse({});

// One site of the clinic: https on a free port of the loopback, a page, the three requests of a login and the call that ends it. Who
// is logged in is decided here, by the relying-party package alone; what the page says is never believed.
import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { fileURLToPath } from 'node:url';
import {
  createNonces,
  createTokenVerifier,
  TokenError,
  type TokenErrorCode,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifiedHolder,
} from '../../relying-party/src/index.ts';
import { Drafts, parseDraft } from './drafts.ts';
import { Sessions, sessionCookie, type Session } from './sessions.ts';
import { type Html } from './html.ts';
import { type SiteDefinition, type SiteLanguage } from './site-definition.ts';
import { file, hasKey, readBody, sendJson, type Handler } from './site-http.ts';
import { siteLogouts, type EndedSession, type TokenCalls } from './site-logouts.ts';
import { SigningDesk, type SigningRefusalCode } from './signing/signing-desk.ts';
import { signingRoutes } from './signing/signing-routes.ts';
import { signingSection } from './signing/signing-section.ts';
import { loginPage, signedInPage } from './site-pages.ts';
import { preferredLanguage, refusalText } from './site-texts.ts';

/** Who the cards' issuers are, as far as the sites are concerned. */
export type SiteTrust = Pick<TokenVerifierOptions, 'roots' | 'trustedIssuers' | 'assuranceLevels'>;

export interface SiteOptions {
  readonly definition: SiteDefinition;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly trust: SiteTrust;
  /** Path of the page API as an ES module (dist/page/kortbro.js). */
  readonly pageModule: string;
}

/** What the server itself knows; `GET /healthz` answers it to whoever has the key. */
export interface SiteState {
  /** Everybody who is logged in. */
  readonly verified: readonly { readonly name: string; readonly holderId: string; readonly assuranceLevel: number }[];
  /** Tokens that were verified and refused since the start. */
  readonly logins: number;
  readonly refusals: readonly TokenErrorCode[];
  /** Sessions that a logout call or their time has ended since the start, oldest first. */
  readonly ended: readonly EndedSession[];
  readonly calls: readonly TokenCalls[];
  /** Signatures that were verified, oldest first, and refusals. */
  readonly signed: readonly {
    readonly name: string;
    readonly document: string;
    readonly holderId: string;
    readonly assuranceLevel: number;
  }[];
  readonly signingRefusals: readonly SigningRefusalCode[];
}

export interface Site {
  readonly definition: SiteDefinition;
  /** https://NAME.localhost:PORT */
  readonly origin: string;
  /** For `GET /healthz`: Authorization: Bearer KEY. */
  readonly healthKey: string;
  stop(): Promise<void>;
}

const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Not no-referrer: with it a form's Origin is "null" (Fetch, "append a request Origin header").
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Starts the site. */
export async function startSite({ definition, tls, trust, pageModule }: SiteOptions): Promise<Site> {
  const sessions = new Sessions();
  const logouts = siteLogouts(sessions, definition);
  const drafts = new Drafts();
  const nonces = createNonces();
  const refusals: TokenErrorCode[] = [];
  const healthKey = randomBytes(24).toString('base64url');
  let logins = 0;
  const desk = definition.signing ? new SigningDesk({ ...trust, minimumLevel: definition.minimumLevel }) : undefined;
  const signing = desk && signingRoutes(desk, async (request) => (await currentSession(request))?.holder);

  const own = (name: string) => fileURLToPath(new URL(`static/${name}`, import.meta.url));
  const routes: Readonly<Record<string, Handler>> = {
    'GET /': showPage,
    'GET /nonce': issueNonce,
    'POST /login': logIn,
    'POST /logout': logOut,
    'POST /draft': keepDraft,
    'GET /healthz': tellHealth,
    'GET /kortbro.js': file(pageModule, 'text/javascript'),
    'GET /login-page.js': file(own('login-page.js'), 'text/javascript'),
    'GET /signed-in-page.js': file(own('signed-in-page.js'), 'text/javascript'),
    ...(signing && { ...signing.routes, 'GET /signing.js': file(own('signing.js'), 'text/javascript') }),
    'GET /style.css': file(own('style.css'), 'text/css'),
    'GET /icon.svg': file(own('icon.svg'), 'image/svg+xml'),
  };

  const server = createServer(tls, (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    response.setHeader('Cache-Control', 'no-store');
    void serve(request, response).catch(() => response.destroy());
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const host = `${definition.name}.localhost:${port}`;
  const origin = `https://${host}`;
  const { minimumLevel } = definition;
  const verifier: TokenVerifier = createTokenVerifier({ ...trust, origin, nonces, minimumLevel });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method ?? ''} ${request.url ?? ''}`;
    const handler = routes[route] ?? (route.startsWith('GET /signed/') ? signing?.download : undefined);
    // Another name for this machine has no business here.
    if (request.headers.host !== host) response.writeHead(403).end();
    // The call of an agent: no browser makes it, so that it has no Origin, and its token is all its proof.
    else if (route === 'POST /logout-call') await takeCall(request, response);
    // Nor has a form on another site.
    else if (request.method !== 'GET' && request.headers.origin !== origin) response.writeHead(403).end();
    else if (handler === undefined) response.writeHead(404).end();
    else await handler(request, response);
  }

  /** The session that the request names. Somebody's who has logged in holds as long as no logout has come for it. */
  async function currentSession({ headers }: IncomingMessage): Promise<Session | undefined> {
    const session = sessions.find(headers.cookie);
    const isOver = session?.holder !== undefined && !(await logouts.isLive(session.id));
    return isOver ? undefined : session;
  }

  async function showPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const language = preferredLanguage(request.headers['accept-language']);
    const holder = (await currentSession(request))?.holder;
    const page =
      holder === undefined
        ? loginPage(definition, language)
        : signedInPage(definition, language, holder, drafts.of(holder.identity), signingPart(language, holder));
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
  }

  function signingPart(language: SiteLanguage, holder: VerifiedHolder): Html | undefined {
    if (desk === undefined) return undefined;
    const maySign = holder.identity.kind === 'hsa-id';
    return signingSection(language, { signed: desk.signedBy(holder), maySign, now: new Date() });
  }

  async function issueNonce(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = (await currentSession(request)) ?? sessions.start();
    const nonce = await nonces.issue(session.id);
    const registration = await logouts.register(nonce);
    const { guard } = definition.logout;
    const logout = { url: `${origin}/logout-call`, ...registration, ...(guard && { guard }) };
    response.setHeader('Set-Cookie', sessionCookie(session));
    sendJson(response, 200, { nonce, logout });
  }

  async function logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = await readBody(request);
    const session = await currentSession(request);
    try {
      const holder = await verifier.verify({ token, session: session?.id ?? '' });
      const fresh = await open(holder);
      logins += 1;
      await replace(session, fresh, response);
      sendJson(response, 200, { name: holder.name });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      refusals.push(error.code);
      const language = preferredLanguage(request.headers['accept-language']);
      sendJson(response, 401, { code: error.code, sentence: refusalText(error.code, language) });
    }
  }

  /** The session of somebody who has just been verified. @throws TokenError when the card has left meanwhile */
  async function open(holder: VerifiedHolder): Promise<Session> {
    const session = sessions.start(holder);
    try {
      await logouts.open(holder.nonce, session.id);
      return session;
    } catch (error) {
      sessions.end(session.id);
      throw error;
    }
  }

  async function logOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await replace(await currentSession(request), undefined, response);
    response.writeHead(303, { Location: '/' }).end();
  }

  async function takeCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await logouts.receive(await readBody(request));
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  }

  async function keepDraft(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = parseDraft(await readBody(request));
    const holder = (await currentSession(request))?.holder;
    if (holder !== undefined) drafts.keep(holder.identity, text);
    response.writeHead(holder === undefined ? 401 : 204).end();
  }

  async function replace(
    old: Session | undefined,
    fresh: Session | undefined,
    response: ServerResponse,
  ): Promise<void> {
    if (old !== undefined) {
      sessions.end(old.id);
      await logouts.close(old.id);
    }
    response.setHeader('Set-Cookie', sessionCookie(fresh));
  }

  function tellHealth(request: IncomingMessage, response: ServerResponse): void {
    if (!hasKey(request.headers.authorization, healthKey)) {
      response.writeHead(401).end();
      return;
    }
    const verified = sessions.holders.map(({ name, identity, assuranceLevel }) => ({
      name,
      holderId: identity.kind === 'hsa-id' ? identity.hsaId : '',
      assuranceLevel,
    }));
    const { ended, calls } = logouts;
    const signed = (desk?.signed ?? []).map(
      ({ name: document, signer: name, hsaId: holderId, assuranceLevel: level }) => ({
        name,
        document,
        holderId,
        assuranceLevel: level,
      }),
    );
    const signingRefusals = desk?.refusals ?? [];
    const logged = { verified, logins, refusals, ended, calls };
    sendJson(response, 200, { ...logged, signed, signingRefusals } satisfies SiteState);
  }

  return {
    definition,
    origin,
    healthKey,
    stop: async () => {
      logouts.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

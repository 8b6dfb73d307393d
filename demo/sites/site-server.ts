// One site of the clinic: https on a free port of the loopback, a page, and the three requests of a login. Who is logged in
// is decided here, by the relying-party package alone; what the page says is never believed.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
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
} from '../../relying-party/src/index.ts';
import { Sessions, sessionCookie, type Session } from './sessions.ts';
import { type SiteDefinition } from './site-definition.ts';
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
}

export interface Site {
  readonly definition: SiteDefinition;
  /** https://NAME.localhost:PORT */
  readonly origin: string;
  /** For `GET /healthz`: Authorization: Bearer KEY. */
  readonly healthKey: string;
  stop(): Promise<void>;
}

const maximumBody = 16_384;
const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Not no-referrer: with it a form's Origin is "null" (Fetch, "append a request Origin header").
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Starts the site. */
export async function startSite({ definition, tls, trust, pageModule }: SiteOptions): Promise<Site> {
  const sessions = new Sessions();
  const nonces = createNonces();
  const refusals: TokenErrorCode[] = [];
  const healthKey = randomBytes(24).toString('base64url');
  let logins = 0;

  const own = (name: string) => fileURLToPath(new URL(`static/${name}`, import.meta.url));
  const routes: Readonly<Record<string, Handler>> = {
    'GET /': showPage,
    'GET /nonce': issueNonce,
    'POST /login': logIn,
    'POST /logout': logOut,
    'GET /healthz': tellHealth,
    'GET /kortbro.js': file(pageModule, 'text/javascript'),
    'GET /login-page.js': file(own('login-page.js'), 'text/javascript'),
    'GET /signed-in-page.js': file(own('signed-in-page.js'), 'text/javascript'),
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
    const handler = routes[`${request.method ?? ''} ${request.url ?? ''}`];
    // Another name for this machine, or a form on another site, has no business here.
    const isOwn = request.headers.host === host && (request.method === 'GET' || request.headers.origin === origin);
    if (!isOwn) response.writeHead(403).end();
    else if (handler === undefined) response.writeHead(404).end();
    else await handler(request, response);
  }

  function showPage(request: IncomingMessage, response: ServerResponse): void {
    const language = preferredLanguage(request.headers['accept-language']);
    const holder = sessions.find(request.headers.cookie)?.holder;
    const page = holder === undefined ? loginPage(definition, language) : signedInPage(definition, language, holder);
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
  }

  async function issueNonce(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = sessions.find(request.headers.cookie) ?? sessions.start();
    response.setHeader('Set-Cookie', sessionCookie(session));
    sendJson(response, 200, { nonce: await nonces.issue(session.id) });
  }

  async function logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = await readBody(request);
    const session = sessions.find(request.headers.cookie);
    try {
      const holder = await verifier.verify({ token, session: session?.id ?? '' });
      logins += 1;
      replace(session, sessions.start(holder), response);
      sendJson(response, 200, { name: holder.name });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      refusals.push(error.code);
      const language = preferredLanguage(request.headers['accept-language']);
      sendJson(response, 401, { code: error.code, sentence: refusalText(error.code, language) });
    }
  }

  function logOut(request: IncomingMessage, response: ServerResponse): void {
    replace(sessions.find(request.headers.cookie), undefined, response);
    response.writeHead(303, { Location: '/' }).end();
  }

  function replace(old: Session | undefined, fresh: Session | undefined, response: ServerResponse): void {
    if (old !== undefined) sessions.end(old);
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
    sendJson(response, 200, { verified, logins, refusals } satisfies SiteState);
  }

  return {
    definition,
    origin,
    healthKey,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function file(path: string, type: string): Handler {
  const content = readFileSync(path);
  return (_request, response) => {
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(content);
  };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

/** @throws Error for a body that is no JSON by its own word, or longer than a token can be */
async function readBody(request: IncomingMessage): Promise<string> {
  if (request.headers['content-type'] !== 'application/json') throw new Error('not JSON');
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maximumBody) throw new Error('too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function hasKey(authorization: string | undefined, key: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${key}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

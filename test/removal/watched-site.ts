// A site of the hospital that keeps a record of everything: https on a free port, logins and logouts by relying-party alone,
// as docs/card-removal.md tells web developers. Its network can be cut off and come back, on the same port.
import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import {
  createLogouts,
  createNonces,
  createTokenVerifier,
  TokenError,
  type TokenVerifierOptions,
} from '../../relying-party/src/index.ts';
import { isLive, type SeenEvent, type SeenSession, type SiteRecord } from './site-record.ts';
import { watchedPage } from './watched-page.ts';

export interface WatchedSiteOptions {
  /** First label of its host: https://NAME.localhost. */
  readonly name: string;
  readonly record: SiteRecord;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly trust: Pick<TokenVerifierOptions, 'roots' | 'trustedIssuers' | 'assuranceLevels'>;
  /** What it registers beside address and token. */
  readonly guard?: boolean;
  readonly leaseSeconds?: number;
}

export interface WatchedSite {
  readonly name: string;
  readonly origin: string;
  /** Nobody listens any more, and what is open is dropped. */
  cutOff(): Promise<void>;
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

/** What a site answers. `cookies`: of the session's. */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly cookies?: readonly string[];
}

const longestBody = 16_384;
const visitorLifetime = 86_400;

/** Starts the site. */
export async function startWatchedSite(options: WatchedSiteOptions): Promise<WatchedSite> {
  const { name, record, tls, trust, guard, leaseSeconds } = options;
  /** By cookie; undefined is a visitor who has not logged in. */
  const sessions = new Map<string, SeenSession | undefined>();
  const byToken = new Map<string, string>();
  const nonces = createNonces();
  const logouts = createLogouts({
    endSession: (cookie, reason) => void sessions.get(cookie)?.ends.push({ at: Date.now(), reason }),
    ...(leaseSeconds === undefined ? {} : { leaseSeconds, toleranceMs: 1_000 }),
  });

  const server = createServer(tls, (request, response) => {
    void serve(request).then(
      (answer) => send(response, answer),
      () => response.destroy(),
    );
  });
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const port = await listen(0);
  const origin = `https://${name}.localhost:${port}`;
  const verifier = createTokenVerifier({ ...trust, origin, nonces, minimumLevel: 2 });

  async function serve(request: IncomingMessage): Promise<Answer> {
    const body = request.method === 'POST' ? await read(request) : '';
    const cookie = cookieOf(request);
    const current = sessions.get(cookie);
    note(request, current, body);
    switch (`${request.method ?? ''} ${request.url ?? ''}`) {
      case 'GET /': {
        const live = current !== undefined && isLive(current) && (await logouts.isLive(cookie)) ? current : undefined;
        return { status: 200, type: 'text/html; charset=utf-8', body: watchedPage(name, live) };
      }
      case 'POST /nonce':
        return issueNonce(sessions.has(cookie) ? cookie : undefined);
      case 'POST /login':
        return logIn(cookie, body);
      case 'POST /heard':
        return hear(body);
      case 'POST /logout-call':
        return receive(body);
      default:
        return { status: 404, body: '{}' };
    }
  }

  function note({ url = '', headers }: IncomingMessage, current: SeenSession | undefined, body: string): void {
    if (url === '/logout-call') return;
    const visitor = /(?:^|; )visitor=(\d+)/.exec(headers.cookie ?? '')?.[1];
    const found = url === '/nonce' ? (JSON.parse(body) as { found: string[] }).found : [];
    const carried = [current?.number, visitor, headers.authorization, ...found].filter((one) => one !== undefined);
    record.requests.push({ at: Date.now(), site: name, path: url, carried: carried.map(Number) });
  }

  async function issueNonce(known: string | undefined): Promise<Answer> {
    const cookie = known ?? newCookie();
    if (known === undefined) sessions.set(cookie, undefined);
    const nonce = await nonces.issue(cookie);
    const registration = await logouts.register(nonce);
    byToken.set(registration.token, nonce);
    const logout = { url: `${origin}/logout-call`, ...registration, ...(guard === undefined ? {} : { guard }) };
    return { status: 200, body: JSON.stringify({ nonce, logout }), cookies: [sessionCookie(cookie)] };
  }

  async function logIn(before: string, token: string): Promise<Answer> {
    try {
      const holder = await verifier.verify({ token, session: before });
      const fresh = newCookie();
      const session = record.open(name, holder.name, fresh);
      sessions.set(fresh, session);
      await logouts.open(holder.nonce, fresh).catch((error: unknown) => {
        session.replaced = true; // by nobody: its holder has left before it came to be
        throw error;
      });
      for (const [registered, nonce] of byToken) if (nonce === holder.nonce) byToken.set(registered, fresh);
      const old = sessions.get(before);
      if (old !== undefined && isLive(old)) {
        old.replaced = true;
        await logouts.close(before);
      }
      const cookies = [sessionCookie(fresh), `visitor=${session.number}; Path=/; Secure; Max-Age=${visitorLifetime}`];
      return { status: 200, body: JSON.stringify({ name: holder.name }), cookies };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return { status: 401, body: JSON.stringify({ code: error.code }) };
    }
  }

  function hear(body: string): Answer {
    const { session, ...event } = JSON.parse(body) as SeenEvent & { session: string };
    record.hear(Number(session), event);
    return { status: 200, body: '{}' };
  }

  async function receive(body: string): Promise<Answer> {
    const { token, event } = JSON.parse(body) as { token: string; event: string };
    const session = sessions.get(byToken.get(token) ?? '');
    if (session !== undefined && event === 'logout') session.calls += 1;
    return logouts.receive(body);
  }

  const cutOff = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    name,
    origin,
    cutOff,
    comeBack: async () => {
      await listen(port);
    },
    stop: async () => {
      logouts.stop();
      await cutOff();
    },
  };
}

function send(response: ServerResponse, { status, body, type = 'application/json', cookies = [] }: Answer): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', 'Set-Cookie': [...cookies] });
  response.end(body);
}

function newCookie(): string {
  return randomBytes(32).toString('base64url');
}

function cookieOf({ headers }: IncomingMessage): string {
  return /(?:^|; )__Host-session=([\w-]{43})/.exec(headers.cookie ?? '')?.[1] ?? '';
}

function sessionCookie(value: string): string {
  return `__Host-session=${value}; Path=/; Secure; HttpOnly; SameSite=Strict`;
}

/** @throws Error for a body that is longer than any of ours */
async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longestBody) throw new Error('too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

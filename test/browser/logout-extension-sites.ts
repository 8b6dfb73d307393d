// Sites of one registrable domain and one of another, for the tests of logging out: they set every kind of cookie, keep a
// log of the requests that reach them, and can leave a request unanswered.
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** One request that reached a site. `cookies`: names only. */
export interface SiteRequest {
  host: string;
  path: string;
  cookies: string[];
}

export interface LogoutSites {
  journal: string;
  /** Same registrable domain as the journal. */
  sibling: string;
  /** That domain's own name. */
  parent: string;
  elsewhere: string;
  browserFlags: string[];
  requests: SiteRequest[];
  /** Path -> HTML. Every other path gives an empty page. */
  pages: Map<string, string>;
  /** Path -> what is done with a request. */
  answers: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  /** Requests to a host name so far. */
  count(origin: string): number;
  stop(): Promise<void>;
}

/** Every cookie that /login sets, by name. */
const cookies = {
  session: 'HttpOnly; Secure; Path=/',
  lax: 'Secure; SameSite=Lax; Path=/',
  strict: 'HttpOnly; Secure; SameSite=Strict; Path=/',
  '__Host-id': 'HttpOnly; Secure; SameSite=Lax; Path=/',
  partitioned: 'Secure; SameSite=None; Partitioned; Path=/',
  deep: 'HttpOnly; Secure; Path=/a/b',
  kept: 'Secure; Path=/; Max-Age=86400',
};
export const cookieNames: readonly string[] = Object.keys(cookies).sort();

const names = ['journal.region.test', 'sibling.region.test', 'region.test', 'elsewhere.test'] as const;

export async function startLogoutSites(folder: string): Promise<LogoutSites> {
  const [key, certificate] = [join(folder, 'logout-site.key'), join(folder, 'logout-site.crt')];
  execFileSync(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test',
     '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`, '-keyout', key, '-out', certificate],
    { stdio: 'ignore' },
  );
  const requests: SiteRequest[] = [];
  const pages = new Map<string, string>();
  const answers: LogoutSites['answers'] = new Map();
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    const host = request.headers.host ?? '';
    const path = new URL(request.url ?? '/', 'https://x').pathname;
    const sent = (request.headers.cookie ?? '').split('; ').filter((text) => text !== '');
    requests.push({ host, path, cookies: sent.map((text) => text.replace(/=.*/, '')).sort() });
    const answer = answers.get(path);
    if (answer !== undefined) {
      answer(request, response);
      return;
    }
    const headers: Record<string, string | string[]> = {
      'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8',
    };
    if (path === '/login') {
      headers['set-cookie'] = Object.entries(cookies).map(([name, attributes]) => `${name}=secret; ${attributes}`);
    }
    if (path === '/login-shared') headers['set-cookie'] = 'shared=secret; Domain=region.test; Secure; Path=/';
    response.writeHead(200, headers).end(pages.get(path) ?? '<!doctype html><title>page</title><h1>page</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const publicKey = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: 'spki', format: 'der' });
  const [journal, sibling, parent, elsewhere] = names.map((name) => `https://${name}:${port}`) as [
    string,
    string,
    string,
    string,
  ];
  return {
    journal,
    sibling,
    parent,
    elsewhere,
    browserFlags: [
      `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join()}`,
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(publicKey).digest('base64')}`,
    ],
    requests,
    pages,
    answers,
    count: (origin) => requests.filter(({ host }) => host === new URL(origin).host).length,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

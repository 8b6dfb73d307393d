// The sites of the browser's attacks: every name below localhost on one secure and one plain port, an empty page at every path
// unless a test says otherwise, and a record of all that has reached them, from pages and from the agent.
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { spkiSha256 } from '../../demo/pki/pki.ts';
import { testPki } from '../support/test-cards.ts';

/** What a path answers with: HTML, headers, and when. */
export interface SitePage {
  readonly html: string;
  readonly headers?: Record<string, string>;
  /** The answer is held back until this settles. */
  readonly hold?: Promise<unknown>;
}

/** A request that has reached a site, whole. `path`: without the query. */
export interface SeenRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly cookie: string;
  readonly body: string;
}

export interface AttackSites {
  /** https://NAME.localhost:PORT. */
  readonly origin: (name: string) => string;
  /** http://HOST:PORT, not secure. */
  readonly plain: (host: string) => string;
  /** What a path answers with instead of an empty page; a function sees who asks. */
  readonly pages: Map<string, SitePage | ((request: SeenRequest) => SitePage)>;
  /** Every request so far, oldest first. */
  readonly requests: SeenRequest[];
  /** Base64 of SHA-256 over the public key, for the browser's command line. */
  readonly key: string;
  /** PEM of the authority above the sites' certificate. */
  readonly authority: string;
  readonly stop: () => Promise<void>;
}

const emptyPage: SitePage = { html: '<!doctype html><title>page</title>' };

/** Starts them. */
export async function startAttackSites(): Promise<AttackSites> {
  const pages: AttackSites['pages'] = new Map();
  const requests: SeenRequest[] = [];
  const serve: RequestListener = (request, response) => {
    const { url = '/', method = '', headers } = request;
    const path = new URL(url, 'http://x').pathname;
    const answer = async (): Promise<void> => {
      const body = await text(request);
      const seen = { method, host: headers.host ?? '', path, cookie: headers.cookie ?? '', body };
      requests.push(seen);
      const found = pages.get(path) ?? emptyPage;
      const page = typeof found === 'function' ? found(seen) : found;
      await page.hold;
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
      response.writeHead(200, { 'content-type': type, ...page.headers }).end(page.html);
    };
    // Whoever asked is gone.
    answer().catch(() => response.destroy());
  };
  const pki = await testPki();
  // Whom the agent calls must be below a name of its own: it takes no wildcard right below the top.
  const tls = await pki.issueServer(['*.localhost', '*.ward.localhost']);
  const key = tls.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const secure = createServer({ key, cert: pemCertificate(tls.certificate) }, serve);
  const plain = createPlainServer(serve);
  const [securePort, plainPort] = [await listen(secure), await listen(plain)];
  return {
    origin: (name) => `https://${name}.localhost:${securePort}`,
    plain: (host) => `http://${host}:${plainPort}`,
    pages,
    requests,
    key: spkiSha256(tls.publicKey),
    authority: pemCertificate(pki.tlsRoot),
    stop: async () => {
      secure.closeAllConnections();
      plain.closeAllConnections();
      await Promise.all([close(secure), close(plain)]);
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

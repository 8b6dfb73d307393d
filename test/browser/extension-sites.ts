// Two https sites with a certificate made now, and a plain http one, for browser tests.
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The running sites. `browserFlags` make Chromium find and trust them. */
export interface Sites {
  journal: string;
  prescriptions: string;
  /** http://127.0.0.1:port: not secure, no localhost name. */
  plain: string;
  /** http://localhost:port. */
  localhost: string;
  browserFlags: string[];
  /** Path -> HTML. */
  pages: Map<string, string>;
  /** Path -> further response headers. */
  headers: Map<string, Record<string, string>>;
  stop(): Promise<void>;
}

const names = ['journal.test', 'prescriptions.test'] as const;

export async function startSites(folder: string): Promise<Sites> {
  const [key, certificate] = [join(folder, 'site.key'), join(folder, 'site.crt')];
  execFileSync(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test',
     '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`, '-keyout', key, '-out', certificate],
    { stdio: 'ignore' },
  );
  const pages = new Map<string, string>();
  const headers = new Map<string, Record<string, string>>();
  const serve: RequestListener = ({ url = '/' }, response) => {
    const path = new URL(url, 'http://x').pathname;
    const html = pages.get(path) ?? '<!doctype html><title>page</title>';
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
    response.writeHead(200, { 'content-type': type, ...headers.get(path) }).end(html);
  };
  const secure = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, serve);
  const plain = createHttpServer(serve);
  const [securePort, plainPort] = [await listen(secure), await listen(plain)];
  const publicKey = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: 'spki', format: 'der' });
  return {
    journal: `https://${names[0]}:${securePort}`,
    prescriptions: `https://${names[1]}:${securePort}`,
    plain: `http://127.0.0.1:${plainPort}`,
    localhost: `http://localhost:${plainPort}`,
    browserFlags: [
      `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join()}`,
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(publicKey).digest('base64')}`,
    ],
    pages,
    headers,
    stop: async () => {
      secure.closeAllConnections();
      plain.closeAllConnections();
      await Promise.all([close(secure), close(plain)]);
    },
  };
}

async function listen(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server | ReturnType<typeof createServer>): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

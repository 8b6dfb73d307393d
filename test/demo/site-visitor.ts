// A site of the clinic, and somebody who visits it by its own https, with a card but without a browser.
import { createHash, sign } from 'node:crypto';
import { request } from 'node:https';
import { type IncomingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { anna, type Person } from '../../demo/pki/persons.ts';
import { createTestPki, type TestPki } from '../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../demo/pki/policies.ts';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { type SiteDefinition } from '../../demo/sites/site-definition.ts';
import { startSite, type Site } from '../../demo/sites/site-server.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What `GET /nonce` gives to the page. */
export interface LoginBeginning {
  nonce: string;
  logout: { url: string; token: string; leaseSeconds?: number; guard?: boolean };
  cookie: string;
}

export interface SiteVisitor {
  readonly site: Site;
  readonly pki: TestPki;
  /** PEM of the root above the site's certificate. */
  readonly authority: string;
  ask(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  /** Asks for a nonce. */
  begin(): Promise<LoginBeginning>;
  /** What the card signs, as JSON; `origin` other than the site's own for a token that is for another. */
  token(nonce: string, origin?: string): string;
  logIn(cookie: string, token: string, origin?: string): Promise<Answer>;
}

export const cookieOf = ({ headers }: Answer): string => headers['set-cookie']?.[0]?.split(';')[0] ?? '';

/** Starts a site and issues `person` a card that it trusts. */
export async function visitSite(definition: SiteDefinition, person: Person = anna): Promise<SiteVisitor> {
  const pki = await createTestPki({ keyKind: 'ec-p256' });
  const authority = pemCertificate(pki.tlsRoot);
  const card = await pki.issuePerson({ person, kind: 'authentication', identity: 'hsa-id' });
  const tls = await pki.issueServer([`${definition.name}.localhost`]);
  const site = await startSite({
    definition,
    tls: {
      key: tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: pemCertificate(tls.certificate),
    },
    trust: {
      roots: [pki.root],
      trustedIssuers: [{ certificate: pki.issuers.hsaId3, assuranceLevel: 3 }],
      assuranceLevels: TEST_ASSURANCE_LEVELS,
    },
    // Any file does here: what is in it is for browsers.
    pageModule: fileURLToPath(new URL('../../demo/sites/static/login-page.js', import.meta.url)),
  });
  const { host, hostname, port } = new URL(site.origin);

  const ask: SiteVisitor['ask'] = (method, path, headers = {}, body = '') =>
    new Promise((resolve, reject) => {
      const question = request(
        // prettier-ignore
        { hostname: '127.0.0.1', port, servername: hostname, ca: authority, agent: false, method, path, headers: { host, ...headers } },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      question.on('error', reject);
      question.end(body);
    });

  return {
    site,
    pki,
    authority,
    ask,
    begin: async () => {
      const answer = await ask('GET', '/nonce');
      return { ...(JSON.parse(answer.body) as Omit<LoginBeginning, 'cookie'>), cookie: cookieOf(answer) };
    },
    token: (nonce, origin = site.origin) => {
      const digest = (text: string) => createHash('sha256').update(text).digest();
      const signature = sign('sha256', Buffer.concat([digest(origin), digest(nonce)]), {
        key: card.privateKey,
        dsaEncoding: 'ieee-p1363',
      });
      return JSON.stringify({
        format: 'web-eid:1.0',
        unverifiedCertificate: Buffer.from(card.certificate).toString('base64'),
        algorithm: 'ES256',
        signature: signature.toString('base64'),
        appVersion: 'https://kortbro.se/releases/0.1.0',
      });
    },
    logIn: (cookie, token, origin = site.origin) =>
      ask('POST', '/login', { cookie, origin, 'content-type': 'application/json' }, token),
  };
}

// A site of the clinic by its own https: what it shows, what it refuses, and that only the relying party lets anybody in.
import assert from 'node:assert/strict';
import { createHash, sign } from 'node:crypto';
import { request } from 'node:https';
import { type IncomingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { anna } from '../../demo/pki/persons.ts';
import { createTestPki, type Issued, type TestPki } from '../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../demo/pki/policies.ts';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { askSite } from '../../demo/sites/site-health.ts';
import { journal } from '../../demo/sites/site-definition.ts';
import { startSite, type Site } from '../../demo/sites/site-server.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('a site of the demonstration clinic', () => {
  let pki: TestPki;
  let site: Site;
  let card: Issued;
  let authority = '';

  before(async () => {
    pki = await createTestPki({ keyKind: 'ec-p256' });
    authority = pemCertificate(pki.tlsRoot);
    card = await pki.issuePerson({ person: anna, kind: 'authentication', identity: 'hsa-id' });
    const tls = await pki.issueServer(['journal.localhost']);
    site = await startSite({
      definition: journal,
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
  });
  after(() => site.stop());

  function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
    const { host, hostname, port } = new URL(site.origin);
    return new Promise((resolve, reject) => {
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
  }

  const cookieOf = ({ headers }: Answer): string => headers['set-cookie']?.[0]?.split(';')[0] ?? '';

  async function nonceAndCookie(): Promise<{ nonce: string; cookie: string }> {
    const answer = await ask('GET', '/nonce');
    return { nonce: (JSON.parse(answer.body) as { nonce: string }).nonce, cookie: cookieOf(answer) };
  }

  function token(nonce: string, origin = site.origin): string {
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
  }

  const logIn = (cookie: string, body: string, origin = site.origin): Promise<Answer> =>
    ask('POST', '/login', { cookie, origin, 'content-type': 'application/json' }, body);

  it('speaks Swedish, and English to a browser that prefers it', async () => {
    assert.match((await ask('GET', '/')).body, /<html lang="sv">[^]*Logga in med kort/);
    const english = await ask('GET', '/', { 'accept-language': 'en-GB,en;q=0.9,sv;q=0.8' });
    assert.match(english.body, /<html lang="en">[^]*Log in with card/);
  });

  it('runs no script but its own and is in no frame', async () => {
    const { headers } = await ask('GET', '/');
    const policy = headers['content-security-policy'];
    assert.match(String(policy), /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/);
    assert.ok(!String(policy).includes('unsafe'));
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
  });

  it('keeps its session in a cookie of its own host alone', async () => {
    const { headers } = await ask('GET', '/nonce');
    assert.match(
      headers['set-cookie']?.[0] ?? '',
      /^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
  });

  it('lets in whoever has signed its nonce, in a session with a new name', async () => {
    const { nonce, cookie } = await nonceAndCookie();
    const answer = await logIn(cookie, token(nonce));
    assert.equal(answer.status, 200);
    const signedIn = cookieOf(answer);
    assert.notEqual(signedIn, cookie);
    const page = await ask('GET', '/', { cookie: signedIn });
    assert.match(page.body, /Anna Testsson[^]*SE0000000000-1ABC[^]*Testkliniken \(demo\)/);
    assert.match((await ask('GET', '/', { cookie })).body, /Logga in med kort/);
    const { verified } = await askSite(site, authority);
    assert.deepEqual(verified, [{ name: 'Anna Testsson', holderId: 'SE0000000000-1ABC', assuranceLevel: 3 }]);
    const out = await ask('POST', '/logout', { cookie: signedIn, origin: site.origin });
    assert.equal(out.status, 303);
    assert.match((await ask('GET', '/', { cookie: signedIn })).body, /Logga in med kort/);
    assert.deepEqual((await askSite(site, authority)).verified, []);
  });

  it('takes a token once', async () => {
    const { nonce, cookie } = await nonceAndCookie();
    const body = token(nonce);
    const out = await logIn(cookie, body);
    await ask('POST', '/logout', { cookie: cookieOf(out), origin: site.origin });
    const again = await logIn(cookie, body);
    assert.equal(again.status, 401);
    assert.equal((JSON.parse(again.body) as { code: string }).code, 'ERR_SESSION_INVALID');
  });

  it('refuses a token for another site, with a sentence and a code', async () => {
    const { nonce, cookie } = await nonceAndCookie();
    const answer = await logIn(cookie, token(nonce, 'https://recept.localhost:1'));
    assert.equal(answer.status, 401);
    const { code, sentence } = JSON.parse(answer.body) as { code: string; sentence: string };
    assert.equal(code, 'ERR_SIGNATURE_INVALID');
    assert.match(sentence, /Försök igen/);
  });

  it('takes no request that another site has caused', async () => {
    const { nonce, cookie } = await nonceAndCookie();
    assert.equal((await logIn(cookie, token(nonce), 'https://evil.example')).status, 403);
    assert.equal((await ask('POST', '/logout', { cookie })).status, 403);
    assert.equal((await ask('GET', '/', { host: 'evil.example' })).status, 403);
  });

  it('hangs up on what is too long', async () => {
    const { cookie } = await nonceAndCookie();
    await assert.rejects(logIn(cookie, `"${'a'.repeat(20_000)}"`));
  });

  it('tells who is in only to whoever has the key', async () => {
    assert.equal((await ask('GET', '/healthz')).status, 401);
    assert.equal((await ask('GET', '/healthz', { authorization: `Bearer ${'x'.repeat(32)}` })).status, 401);
  });
});

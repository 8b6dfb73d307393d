// A site of the clinic by its own https: what it shows, what it refuses, and that only the relying party lets anybody in.
import assert from 'node:assert/strict';
import { askSite } from '../../demo/sites/site-health.ts';
import { journal } from '../../demo/sites/site-definition.ts';
import { type Site } from '../../demo/sites/site-server.ts';
import { cookieOf, visitSite, type SiteVisitor } from './site-visitor.ts';

describe('a site of the demonstration clinic', () => {
  let visitor: SiteVisitor;
  let site: Site;
  before(async () => {
    visitor = await visitSite(journal);
    ({ site } = visitor);
  });
  after(() => site.stop());

  const ask: SiteVisitor['ask'] = (...question) => visitor.ask(...question);
  const logIn: SiteVisitor['logIn'] = (...attempt) => visitor.logIn(...attempt);
  const state = () => askSite(site, visitor.authority);

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
    const { nonce, cookie } = await visitor.begin();
    const answer = await logIn(cookie, visitor.token(nonce));
    assert.equal(answer.status, 200);
    const signedIn = cookieOf(answer);
    assert.notEqual(signedIn, cookie);
    const page = await ask('GET', '/', { cookie: signedIn });
    assert.match(page.body, /Anna Testsson[^]*SE0000000000-1ABC[^]*Testkliniken \(demo\)/);
    assert.match((await ask('GET', '/', { cookie })).body, /Logga in med kort/);
    const { verified } = await state();
    assert.deepEqual(verified, [{ name: 'Anna Testsson', holderId: 'SE0000000000-1ABC', assuranceLevel: 3 }]);
    const out = await ask('POST', '/logout', { cookie: signedIn, origin: site.origin });
    assert.equal(out.status, 303);
    assert.match((await ask('GET', '/', { cookie: signedIn })).body, /Logga in med kort/);
    assert.deepEqual((await state()).verified, []);
  });

  it('takes a token once', async () => {
    const { nonce, cookie } = await visitor.begin();
    const body = visitor.token(nonce);
    const out = await logIn(cookie, body);
    await ask('POST', '/logout', { cookie: cookieOf(out), origin: site.origin });
    const again = await logIn(cookie, body);
    assert.equal(again.status, 401);
    assert.equal((JSON.parse(again.body) as { code: string }).code, 'ERR_SESSION_INVALID');
  });

  it('refuses a token for another site, with a sentence and a code', async () => {
    const { nonce, cookie } = await visitor.begin();
    const answer = await logIn(cookie, visitor.token(nonce, 'https://recept.localhost:1'));
    assert.equal(answer.status, 401);
    const { code, sentence } = JSON.parse(answer.body) as { code: string; sentence: string };
    assert.equal(code, 'ERR_SIGNATURE_INVALID');
    assert.match(sentence, /Försök igen/);
  });

  it('takes no request that another site has caused', async () => {
    const { nonce, cookie } = await visitor.begin();
    assert.equal((await logIn(cookie, visitor.token(nonce), 'https://evil.example')).status, 403);
    assert.equal((await ask('POST', '/logout', { cookie })).status, 403);
    assert.equal((await ask('GET', '/', { host: 'evil.example' })).status, 403);
  });

  it('hangs up on what is too long', async () => {
    const { cookie } = await visitor.begin();
    await assert.rejects(logIn(cookie, `"${'a'.repeat(20_000)}"`));
  });

  it('tells who is in only to whoever has the key', async () => {
    assert.equal((await ask('GET', '/healthz')).status, 401);
    assert.equal((await ask('GET', '/healthz', { authorization: `Bearer ${'x'.repeat(32)}` })).status, 401);
  });
});

// What a site of the clinic does when the card leaves: its session ends by the agent's call, and what was written is kept.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Drafts, parseDraft } from '../../demo/sites/drafts.ts';
import { journal, recept } from '../../demo/sites/site-definition.ts';
import { askSite } from '../../demo/sites/site-health.ts';
import { cookieOf, visitSite, type SiteVisitor } from './site-visitor.ts';

const json = { 'content-type': 'application/json' };
const fingerprint = (token: string) => createHash('sha256').update(token).digest('hex').slice(0, 16);

describe('a site of the demonstration clinic whose visitor leaves', () => {
  let visitor: SiteVisitor;
  before(async () => {
    visitor = await visitSite(journal);
  });
  after(() => visitor.site.stop());

  const state = () => askSite(visitor.site, visitor.authority);
  const call = async (body: object): Promise<number> =>
    (await visitor.ask('POST', '/logout-call', json, JSON.stringify(body))).status;
  const logOut = (token: string) => call({ token, event: 'logout', reason: 'card-removed' });
  const renew = (token: string) => call({ token, event: 'renew', seconds: 60 });
  const page = async (cookie: string) => (await visitor.ask('GET', '/', { cookie })).body;

  async function signIn(): Promise<{ cookie: string; token: string }> {
    const { nonce, logout, cookie } = await visitor.begin();
    const answer = await visitor.logIn(cookie, visitor.token(nonce));
    assert.equal(answer.status, 200, answer.body);
    return { cookie: cookieOf(answer), token: logout.token };
  }

  it('registers its logout address with the nonce, on its own origin', async () => {
    const { logout } = await visitor.begin();
    const { token, ...rest } = logout;
    assert.match(token, /^[\w-]{43}$/);
    assert.deepEqual(rest, { url: `${visitor.site.origin}/logout-call`, leaseSeconds: 60, guard: true });
  });

  it('ends the session when the agent calls, and counts what came', async () => {
    const { cookie, token } = await signIn();
    const other = await signIn();
    assert.equal(await renew(token), 200);
    assert.equal(await logOut(token), 200);
    assert.match(await page(cookie), /Logga in med kort/);
    assert.match(await page(other.cookie), /Anna Testsson/);
    assert.equal(await logOut(token), 200);
    assert.equal(await renew(token), 410);
    const { ended, calls, verified } = await state();
    const { at, ...last } = ended.at(-1)!;
    assert.deepEqual(last, { name: 'Anna Testsson', holderId: 'SE0000000000-1ABC', reason: 'card-removed' });
    assert.ok(Math.abs(Date.now() - at) < 5_000);
    assert.equal(ended.length, 1);
    assert.equal(verified.length, 1);
    assert.deepEqual(
      calls.find((counted) => counted.token === fingerprint(token)),
      { token: fingerprint(token), logouts: 2, renewals: 2, answers: [200, 200, 200, 410] },
    );
    assert.equal(await logOut(other.token), 200);
  });

  it('lets nobody in who left before the login was finished', async () => {
    const { nonce, logout, cookie } = await visitor.begin();
    assert.equal(await logOut(logout.token), 200);
    const answer = await visitor.logIn(cookie, visitor.token(nonce));
    assert.equal(answer.status, 401);
    const { code, sentence } = JSON.parse(answer.body) as { code: string; sentence: string };
    assert.equal(code, 'ERR_LOGGED_OUT');
    assert.match(sentence, /innan inloggningen var klar/);
    assert.deepEqual((await state()).verified, []);
  });

  it('has nothing more to end once the visitor has logged out, or in again', async () => {
    const before = (await state()).ended.length;
    const first = await signIn();
    await visitor.ask('POST', '/logout', { cookie: first.cookie, origin: visitor.site.origin });
    assert.equal(await logOut(first.token), 200);
    const second = await signIn();
    const again = JSON.parse((await visitor.ask('GET', '/nonce', { cookie: second.cookie })).body) as { nonce: string };
    await visitor.logIn(second.cookie, visitor.token(again.nonce));
    assert.equal(await logOut(second.token), 200);
    const { ended, verified } = await state();
    assert.equal(ended.length, before);
    assert.equal(verified.length, 1);
  });

  it('takes a call without an Origin and with any, and nothing else so', async () => {
    const unknown = { token: 'A'.repeat(43), event: 'logout', reason: 'card-removed' };
    const before = (await state()).calls.length;
    assert.equal(await call(unknown), 404);
    const headers = { ...json, origin: 'https://evil.example' };
    assert.equal((await visitor.ask('POST', '/logout-call', headers, JSON.stringify(unknown))).status, 404);
    assert.equal((await visitor.ask('POST', '/logout-call', json, '{}')).status, 400);
    assert.equal((await visitor.ask('GET', '/logout-call')).status, 404);
    assert.equal((await visitor.ask('POST', '/logout-call', { ...json, host: 'evil.example' }, '{}')).status, 403);
    await assert.rejects(visitor.ask('POST', '/logout-call', json, 'x'.repeat(20_000)));
    assert.equal((await visitor.ask('POST', '/draft', json, '{"text":""}')).status, 403);
    assert.equal((await state()).calls.length, before);
  });

  it('keeps what was being written, for its holder alone', async () => {
    const first = await signIn();
    const origin = visitor.site.origin;
    const draft = (cookie: string) =>
      visitor.ask('POST', '/draft', { ...json, origin, cookie }, JSON.stringify({ text: 'Ring <Doris> & återkom' }));
    assert.equal((await draft(first.cookie)).status, 204);
    await logOut(first.token);
    assert.equal((await draft(first.cookie)).status, 401);
    assert.ok(!(await page(first.cookie)).includes('Doris'));
    const second = await signIn();
    assert.match(await page(second.cookie), /<textarea[^>]*>\s*Ring &lt;Doris&gt; &amp; återkom<\/textarea>/);
    await logOut(second.token);
  });

  it('asks for no lease and no guard where it wants none', async () => {
    const other = await visitSite(recept);
    try {
      assert.deepEqual(Object.keys((await other.begin()).logout), ['url', 'token']);
    } finally {
      await other.site.stop();
    }
  });
});

describe('the drafts of a site', () => {
  const holder = (hsaId: string) => ({ kind: 'hsa-id', hsaId }) as const;

  it('are kept by holder, the newest alone', () => {
    const drafts = new Drafts();
    drafts.keep(holder('a'), 'one');
    drafts.keep(holder('a'), 'two');
    drafts.keep({ kind: 'personal-number', personalNumber: 'a' }, 'three');
    assert.equal(drafts.of(holder('a')), 'two');
    assert.equal(drafts.of(holder('b')), '');
    drafts.keep(holder('a'), '');
    assert.equal(drafts.of(holder('a')), '');
  });

  it('are bounded in number', () => {
    const drafts = new Drafts();
    for (let number = 0; number <= 100; number += 1) drafts.keep(holder(`holder ${number}`), 'text');
    assert.deepEqual([drafts.of(holder('holder 0')), drafts.of(holder('holder 100'))], ['', 'text']);
  });

  it('come in one form', () => {
    assert.equal(parseDraft('{"text":"a"}'), 'a');
    const wrong = ['', 'null', '[]', '{}', '{"text":1}', '{"text":"a","more":1}', `{"text":"${'a'.repeat(2_001)}"}`];
    for (const body of wrong) assert.throws(() => parseDraft(body));
  });
});

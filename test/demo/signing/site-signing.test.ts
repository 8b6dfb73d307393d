// Signing over the journal's own https: only for whoever is logged in, only from its own page, and what comes back is judged.
import assert from 'node:assert/strict';
import { anna } from '../../../demo/pki/persons.ts';
import { journal, recept } from '../../../demo/sites/site-definition.ts';
import { askSite } from '../../../demo/sites/site-health.ts';
import { cookieOf, visitSite, type Answer, type SiteVisitor } from '../site-visitor.ts';
import { signed, signerOf, wishes } from './signing-clinic.ts';

interface Task {
  task: string;
  hsaId: string;
  format: object;
  documents: { name: string; type: string; content: string }[];
}

describe('signing at the journal', () => {
  let visitor: SiteVisitor;
  let cookie: string;
  before(async () => {
    visitor = await visitSite(journal);
    cookie = await logIn(visitor);
  });
  after(() => visitor.site.stop());

  async function logIn(whom: SiteVisitor): Promise<string> {
    const begun = await whom.begin();
    return cookieOf(await whom.logIn(begun.cookie, whom.token(begun.nonce)));
  }
  const post = (path: string, body: unknown, more: Record<string, string> = {}): Promise<Answer> => {
    const headers = { cookie, origin: visitor.site.origin, 'content-type': 'application/json' };
    return visitor.ask('POST', path, { ...headers, ...more }, JSON.stringify(body));
  };
  const begin = async () => JSON.parse((await post('/sign/begin', wishes.certificate)).body) as Task;
  const codeOf = ({ body }: Answer) => (JSON.parse(body) as { code: string }).code;

  it('hands out, takes back, shows and gives what was signed', async () => {
    const { task, hsaId, format, documents } = await begin();
    assert.equal(hsaId, anna.hsaId);
    assert.deepEqual(format, { type: 'xades', packaging: 'enveloped' });
    const signer = await signerOf(visitor.pki, anna, 'signature');
    const signature = await signed('certificate', Buffer.from(documents[0]!.content, 'base64'), signer);
    const answer = await post('/sign/finish', { task, signatures: [Buffer.from(signature).toString('base64')] });
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, { signed: 1 }]);
    const { body } = await visitor.ask('GET', '/', { cookie });
    assert.match(body, /Läkarintyg – Doris Demosson[^]*Anna Testsson[^]*>3</);
    const place = /href="(\/signed\/[\w-]+)"/.exec(body)?.[1] ?? '';
    const file = await visitor.ask('GET', place, { cookie });
    assert.equal(file.body, Buffer.from(signature).toString());
    assert.match(file.headers['content-disposition'] ?? '', /^attachment; filename\*=UTF-8''L%C3%A4karintyg.*\.xml$/);
    assert.equal((await visitor.ask('GET', place)).status, 404, 'for nobody else');
    const { signed: kept } = await askSite(visitor.site, visitor.authority);
    const document = 'Läkarintyg – Doris Demosson';
    assert.deepEqual(kept, [{ name: 'Anna Testsson', document, holderId: anna.hsaId, assuranceLevel: 3 }]);
  });

  it('is for whoever is logged in, on its own page', async () => {
    for (const [path, body] of [
      ['/sign/begin', wishes.certificate],
      ['/sign/finish', { task: 'a', signatures: [] }],
    ] as const) {
      assert.equal((await post(path, body, { cookie: '' })).status, 401);
      assert.equal((await post(path, body, { origin: 'https://evil.example' })).status, 403);
    }
    assert.equal((await visitor.ask('GET', '/signed/', { cookie })).status, 404);
  });

  it('says what is wrong, in the language of the visitor', async () => {
    const empty = await post('/sign/begin', { kind: 'certificate', fields: {} });
    assert.deepEqual([empty.status, codeOf(empty)], [422, 'ERR_FORM']);
    assert.match(empty.body, /Fyll i alla fält/);
    const english = await post('/sign/begin', {}, { 'accept-language': 'en' });
    assert.match(english.body, /Fill in all fields/);
    const { task } = await begin();
    assert.equal(codeOf(await post('/sign/finish', { task, signatures: ['AAAA'] })), 'ERR_DOCUMENT_FORMAT');
    assert.equal(codeOf(await post('/sign/finish', { task, signatures: ['AAAA'] })), 'ERR_TASK');
    assert.equal(codeOf(await post('/sign/finish', { task, signatures: ['A'] })), 'ERR_SIGNATURE_MALFORMED');
  });

  it('hangs up on more than documents of its own can be', async () => {
    await assert.rejects(post('/sign/finish', { task: '', signatures: ['A'.repeat(1_100_000)] }));
  });

  it('is not done at the prescriptions', async () => {
    const other = await visitSite(recept);
    try {
      const { body } = await other.ask('GET', '/', { cookie: await logIn(other) });
      assert.ok(body.includes('Anna Testsson') && !body.includes('id="signing"'));
      const headers = { origin: other.site.origin, 'content-type': 'application/json' };
      assert.equal((await other.ask('POST', '/sign/begin', headers, '{}')).status, 404);
    } finally {
      await other.site.stop();
    }
  });
});

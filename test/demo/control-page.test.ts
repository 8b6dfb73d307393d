// The page on which cards are put in and pulled: it moves cards for its own forms alone.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type CardDriver } from '../../demo/card-driver.ts';
import { cardHolders } from '../../demo/demo-cards.ts';
import { startControlPage, type ControlPage } from '../../demo/control-page.ts';

describe('the page of cards and reader', () => {
  const moved: string[] = [];
  const card: CardDriver = {
    title: 'card in a test',
    source: { type: 'simulator', directory: '/nowhere' },
    environment: {},
    controlled: true,
    hasSignaturePin: true,
    insert: (name) => Promise.resolve(void moved.push(`insert ${name}`)),
    remove: () => Promise.resolve(void moved.push('remove')),
    stop: () => Promise.resolve(),
  };
  let page: ControlPage;

  beforeEach(async () => {
    moved.length = 0;
    page = await startControlPage(card, []);
  });
  afterEach(() => page.stop());

  function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<[number, string]> {
    const { host, port } = new URL(page.origin);
    return new Promise((resolve, reject) => {
      const question = request(
        { hostname: '127.0.0.1', port, agent: false, method, path, headers: { host, ...headers } },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => resolve([response.statusCode ?? 0, text]));
        },
      );
      question.on('error', reject);
      question.end();
    });
  }

  it('puts a card in, exchanges it, pulls it, and says which one is in', async () => {
    const headers = { origin: page.origin };
    assert.match((await ask('GET', '/'))[1], /Kortläsaren är tom/);
    assert.equal((await ask('POST', '/insert/anna', headers))[0], 303);
    assert.match((await ask('GET', '/'))[1], /I läsaren sitter kortet för Anna Testsson/);
    await ask('POST', '/insert/bertil', headers);
    await ask('POST', '/pull', headers);
    assert.deepEqual(moved, ['insert anna', 'remove', 'insert bertil', 'remove']);
    assert.match((await ask('GET', '/', { 'accept-language': 'en' }))[1], /The card reader is empty/);
  });

  it('tells both PINs of every card', async () => {
    const [, text] = await ask('GET', '/');
    for (const { pin, signaturePin } of Object.values(cardHolders)) {
      assert.ok(
        text.replaceAll(/\s+/g, ' ').includes(`PIN-kod för legitimering: ${pin}, för underskrift: ${signaturePin}`),
      );
    }
  });

  it('moves nothing for another site or under another name', async () => {
    assert.equal((await ask('POST', '/insert/anna', { origin: 'https://evil.example' }))[0], 404);
    assert.equal((await ask('POST', '/insert/anna'))[0], 404);
    assert.equal((await ask('GET', '/', { host: 'evil.example' }))[0], 403);
    assert.deepEqual(moved, []);
  });

  it('says so when a card could not be moved', async () => {
    const broken = await startControlPage({ ...card, insert: () => Promise.reject(new Error('no')) }, []);
    await page.stop();
    page = broken;
    await ask('POST', '/insert/anna', { origin: page.origin });
    assert.match((await ask('GET', '/'))[1], /Kortet kunde inte flyttas/);
  });
});

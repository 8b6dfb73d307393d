import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isPopup, whoAsks, type Sender } from '../../extension/background/sender.ts';

const own = 'own-extension';
const good: Sender = {
  id: own,
  origin: 'https://journal.example',
  url: 'https://journal.example/page',
  frameId: 0,
  documentId: 'D1',
  documentLifecycle: 'active',
  tab: {},
};

function without(key: keyof Sender): Sender {
  return Object.fromEntries(Object.entries(good).filter(([name]) => name !== key));
}

describe('who asks', () => {
  it('is the document that the browser names', () => {
    assert.deepEqual(whoAsks(good, own), { origin: 'https://journal.example', documentId: 'D1' });
  });

  it('may be http://localhost on any port: the agent decides', () => {
    for (const origin of ['http://localhost', 'http://localhost:3000']) {
      assert.deepEqual(whoAsks({ ...good, origin }, own), { origin, documentId: 'D1' });
    }
  });

  const refusals: [string, Sender | undefined, string][] = [
    ['nobody', undefined, 'ERR_REQUEST_ORIGIN'],
    ['another extension', { ...good, id: 'other' }, 'ERR_REQUEST_ORIGIN'],
    ['no extension id', without('id'), 'ERR_REQUEST_ORIGIN'],
    ['no tab', without('tab'), 'ERR_REQUEST_ORIGIN'],
    ['no origin', without('origin'), 'ERR_REQUEST_ORIGIN'],
    ['no document', without('documentId'), 'ERR_REQUEST_ORIGIN'],
    ['an opaque origin', { ...good, origin: 'null' }, 'ERR_REQUEST_ORIGIN'],
    ['an empty origin', { ...good, origin: '' }, 'ERR_REQUEST_ORIGIN'],
    ['http', { ...good, origin: 'http://journal.example' }, 'ERR_REQUEST_ORIGIN'],
    ['http on 127.0.0.1', { ...good, origin: 'http://127.0.0.1:3000' }, 'ERR_REQUEST_ORIGIN'],
    ['a name that begins with localhost', { ...good, origin: 'http://localhost.example' }, 'ERR_REQUEST_ORIGIN'],
    ['a file', { ...good, origin: 'file://' }, 'ERR_REQUEST_ORIGIN'],
    ['an extension page', { ...good, origin: `chrome-extension://${own}` }, 'ERR_REQUEST_ORIGIN'],
    ['an origin with a path', { ...good, origin: 'https://journal.example/' }, 'ERR_REQUEST_ORIGIN'],
    ['an origin in capitals', { ...good, origin: 'https://Journal.example' }, 'ERR_REQUEST_ORIGIN'],
    ['a frame', { ...good, frameId: 7 }, 'ERR_REQUEST_FRAME'],
    ['no frame number', without('frameId'), 'ERR_REQUEST_FRAME'],
    ['a prerendered document', { ...good, documentLifecycle: 'prerender' }, 'ERR_REQUEST_FRAME'],
    ['a cached document', { ...good, documentLifecycle: 'cached' }, 'ERR_REQUEST_FRAME'],
    ['no lifecycle', without('documentLifecycle'), 'ERR_REQUEST_FRAME'],
  ];
  for (const [words, sender, code] of refusals) {
    it(`is not ${words}`, () => assert.deepEqual(whoAsks(sender, own), { refused: code }));
  }

  it('is never an origin that is not https or http://localhost', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .tuple(
              fc.constantFrom('https://', 'http://', 'ftp://', 'http://localhost'),
              fc.stringMatching(/^[a-z.:@\/0-9]*$/),
            )
            .map((parts) => parts.join('')),
        ),
        (origin) => {
          const asker = whoAsks({ ...good, origin }, own);
          return 'refused' in asker || /^(https:\/\/|http:\/\/localhost(:|$))/.test(asker.origin);
        },
      ),
    );
  });
});

describe("the holder's own voice", () => {
  const url = 'chrome-extension://own-extension/popup/';
  const popup: Sender = { id: own, url: `${url}popup.html`, origin: 'chrome-extension://own-extension' };

  it('is the popup', () => assert.ok(isPopup(popup, own, url)));
  it('is no content script', () => assert.ok(!isPopup(good, own, url)));
  it('is no popup page in a tab', () => assert.ok(!isPopup({ ...popup, tab: {} }, own, url)));
  it('is no other page of the extension', () =>
    assert.ok(!isPopup({ ...popup, url: 'chrome-extension://own-extension/x' }, own, url)));
  it('is no other extension', () => assert.ok(!isPopup({ ...popup, id: 'other' }, own, url)));
  it('is nobody unnamed', () => assert.ok(!isPopup(undefined, own, url)));
});

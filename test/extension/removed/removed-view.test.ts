import assert from 'node:assert/strict';
import { type RemovedMessage } from '../../../extension/background/removed-messages.ts';
import { removedOrigin, RemovedPages } from '../../../extension/background/removed-port.ts';
import { knownAtFirst, nextStep, parseAddress, removedViews } from '../../../extension/removed/removed-view.ts';
import { logoutReasons } from '../../../shared/logout.ts';
import { agentState, reader, token } from '../agent-states.ts';

const journal = 'https://journal.example';
const free: RemovedMessage = { cards: [], isDenied: false, isOwed: false };
const looking = { atFirst: [], isWished: false, isVisible: true };

describe('the page after a logout', () => {
  it('has words for every reason', () => {
    assert.deepEqual(Object.keys(removedViews).sort(), [...logoutReasons].sort());
  });

  it('speaks of the site that its address names, and of none that is not one', () => {
    const address = (origin: string, reason = 'card-removed') =>
      parseAddress(`?${new URLSearchParams({ origin, reason }).toString()}`);
    assert.deepEqual(address(journal), { origin: journal, reason: 'card-removed' });
    for (const wrong of ['', 'null', `${journal}/`, 'http://journal.example', 'javascript:alert(1)']) {
      assert.equal(address(wrong), undefined, wrong);
    }
    assert.equal(address(journal, 'toString'), undefined);
    assert.equal(parseAddress(''), undefined);
  });

  it('goes on by itself when a card comes in, and not for one that was in when it was opened', () => {
    assert.deepEqual(knownAtFirst('card-exchanged', ['b']), ['b']);
    assert.deepEqual(knownAtFirst('card-removed', ['a']), [], 'a card that was put back at once');
    assert.equal(nextStep(free, looking), 'stay');
    assert.equal(nextStep({ ...free, cards: ['b'] }, { ...looking, atFirst: ['b'] }), 'stay');
    assert.equal(nextStep({ ...free, cards: ['b', 'c'] }, { ...looking, atFirst: ['b'] }), 'go');
  });

  it('waits until nobody is logged in there any more, and somebody looks', () => {
    const cards = ['a'];
    assert.equal(nextStep({ ...free, cards, isOwed: true }, looking), 'wait');
    assert.equal(nextStep({ ...free, cards, isDenied: true }, looking), 'wait');
    assert.equal(nextStep({ ...free, cards }, { ...looking, isVisible: false }), 'stay');
  });

  it('goes when the holder wants it, as soon as the site can be reached', () => {
    const wished = { ...looking, isWished: true };
    assert.equal(nextStep({ ...free, isOwed: true }, wished), 'go');
    assert.equal(nextStep({ ...free, isDenied: true }, wished), 'wait');
  });
});

describe('the port of that page', () => {
  const page = 'chrome-extension://own/removed/removed.html';
  const url = `${page}?origin=${encodeURIComponent(journal)}&reason=card-removed`;

  it("is its own, and tells the origin by the browser's word for its address", () => {
    assert.equal(removedOrigin({ id: 'own', url }, 'own', page), journal);
    for (const sender of [
      undefined,
      { id: 'other', url },
      { id: 'own' },
      { id: 'own', url: `${journal}/?origin=${journal}` },
      { id: 'own', url: `${page}?origin=null` },
    ]) {
      assert.equal(removedOrigin(sender, 'own', page), undefined);
    }
  });

  it('hears of cards and of how its site stands, until it is gone', () => {
    let state = agentState();
    const pages = new RemovedPages({
      view: () => ({ reach: { state: 'connected' }, state, pulled: true }),
      standing: (origin) => ({ isDenied: origin === journal, isOwed: false }),
    });
    const heard: RemovedMessage[] = [];
    const end = pages.connected(journal, (message) => heard.push(message));
    state = agentState([reader({ tokens: [token({ key: 'stay-2' })] })]);
    pages.show();
    end.gone();
    pages.show();
    assert.deepEqual(heard, [
      { cards: [], isDenied: true, isOwed: false },
      { cards: ['stay-2'], isDenied: true, isOwed: false },
    ]);
  });
});

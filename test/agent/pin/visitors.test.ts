// Who may know whether the card is there: the sites that its own holder has let in.
import assert from 'node:assert/strict';
import { Visitors } from '../../../agent/pin/visitors.ts';

const [a, b] = ['https://a.example.se', 'https://b.example.se'];

describe('The visitors of a card', () => {
  let visitors: Visitors;
  beforeEach(() => {
    visitors = new Visitors();
  });

  it('are none at first', () => {
    assert.deepEqual([visitors.sites, visitors.has(a), visitors.isHolder('anna')], [[], false, false]);
    assert.equal(visitors.cardRead('A', ['anna']), undefined);
    assert.deepEqual(visitors.cardPulled('A'), []);
  });

  it('are told when the card of their holder is pulled, once', () => {
    visitors.add('anna', a, 'A');
    visitors.add('anna', b, 'A');
    assert.deepEqual(visitors.cardPulled('A'), [a, b]);
    assert.deepEqual(visitors.cardPulled('A'), []);
    assert.equal(visitors.has(a), true);
  });

  it('are not told of a card in another reader', () => {
    visitors.add('anna', a, 'A');
    assert.equal(visitors.cardRead('B', ['bertil']), undefined);
    assert.deepEqual(visitors.cardPulled('B'), []);
    assert.equal(visitors.reader, 'A');
  });

  it('are told that the card is back, in whichever reader', () => {
    visitors.add('anna', a, 'A');
    visitors.cardPulled('A');
    assert.equal(visitors.cardRead('A', ['bertil']), undefined);
    assert.deepEqual(visitors.cardPulled('A'), []);
    assert.equal(visitors.cardRead('B', ['x', 'anna']), 'back');
    assert.deepEqual(visitors.cardPulled('B'), [a]);
  });

  it('are not told that it is back when it has only been read again, or its reader was away', () => {
    visitors.add('anna', a, 'A');
    assert.equal(visitors.cardRead('A', ['anna']), undefined);
    assert.equal(visitors.cardRead('B', ['anna']), undefined);
    assert.equal(visitors.reader, 'B');
  });

  it('are told when another card stands where it was', () => {
    visitors.add('anna', a, 'A');
    assert.equal(visitors.cardRead('A', ['bertil']), 'exchanged');
    assert.equal(visitors.cardRead('A', ['bertil']), undefined);
    assert.equal(visitors.reader, undefined);
  });

  it('are forgotten when another holder lets a site in', () => {
    visitors.add('anna', a, 'A');
    visitors.add('bertil', b, 'A');
    assert.deepEqual([visitors.sites, visitors.has(a), visitors.isHolder('anna')], [[b], false, false]);
    assert.deepEqual(visitors.cardPulled('A'), [b]);
  });
});

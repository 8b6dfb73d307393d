// The judge of the long runs: that he sees what he is there to see.
import assert from 'node:assert/strict';
import { carriedOver, doubledOf, falselyEnded, unheardOf } from './judgement.ts';
import { Random } from './random.ts';
import { SiteRecord, type SeenSession } from './site-record.ts';

function anna(record = new SiteRecord()): SeenSession {
  return record.open('journal', 'Anna Testsson', 'a cookie');
}

const end = { at: 1, reason: 'card-removed' } as const;
const event = { id: 'an event', document: 'a document', reason: 'card-removed', at: 1 };

describe('the judge of removals', () => {
  it('finds nothing wrong with a session that was ended once and whose page heard so once', () => {
    const session = anna();
    session.ends.push(end);
    session.heard.push(event);
    assert.deepEqual(doubledOf([session]), []);
  });

  it('finds a session that was ended twice', () => {
    const session = anna();
    session.ends.push(end, end);
    assert.match(doubledOf([session]).join(), /session 1 .* ended 2 times/);
  });

  it('finds a page that heard of it twice', () => {
    const session = anna();
    session.heard.push(event, event);
    assert.match(doubledOf([session]).join(), /heard 2 events/);
  });

  it('finds a session of which no page was told', () => {
    const [told, untold] = [anna(), anna()];
    told.heard.push(event);
    assert.deepEqual(unheardOf([told, untold]), ['no page of session 1 at journal was told']);
  });

  it('takes a request that the browser has sent again for one event', () => {
    const record = new SiteRecord();
    const session = anna(record);
    record.hear(session.number, event);
    record.hear(session.number, { ...event });
    assert.equal(session.heard.length, 1);
  });

  it('finds a session that should be open, or a page that was told otherwise', () => {
    const [ended, told] = [anna(), anna()];
    ended.ends.push(end);
    told.heard.push(event);
    assert.equal(falselyEnded([ended, told, anna()]).length, 2);
  });

  it('finds a later request that carries an earlier session, and no earlier one', () => {
    const record = new SiteRecord();
    const session = anna(record);
    for (const at of [10, 20]) record.requests.push({ at, site: 'journal', path: '/', carried: [session.number] });
    record.requests.push({ at: 30, site: 'journal', path: '/', carried: [session.number + 1] });
    assert.deepEqual(carriedOver({ record }, [session], 15), ['/ at journal carried session 1']);
  });
});

describe('chance in the long runs', () => {
  it('is told again by its seed', () => {
    const deal = (seed: number) => [...new Random(seed).deal(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], 24)].join('');
    assert.equal(deal(7), deal(7));
    assert.notEqual(deal(7), deal(8));
  });

  it('deals everything once before anything twice', () => {
    const dealt = [...new Random(1).deal(['a', 'b', 'c'], 6)];
    for (const hand of [dealt.slice(0, 3), dealt.slice(3)]) assert.deepEqual(hand.sort(), ['a', 'b', 'c']);
  });
});

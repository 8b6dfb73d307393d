// Whether the holder is there: what must hold for every sequence of sights.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isAbsence,
  nextPresence,
  type CardSight,
  type Presence,
  type ReaderSight,
} from '../../../agent/cards/holder-presence.ts';
import {
  anna,
  bertil,
  cardOf,
  cardWith,
  empty,
  identifyTime,
  mute,
  namelessCard,
  noService,
  see,
  short,
  unread,
  unreadable,
} from './presence-world.ts';

const atStart: Presence = { state: 'present', spot: { reader: 'A', generation: '1/A/1' } };

/** What is known of Anna after these sights, a millisecond apart. */
function after(...sights: CardSight[]): Presence {
  return sights.reduce((before, sight, index) => nextPresence(before, anna, sight, index, identifyTime), atStart);
}

describe('A holder, whatever is seen', () => {
  const reader = (name: string) =>
    fc.oneof(
      fc.constant(undefined),
      fc.constant(empty(name)),
      fc.constant(mute(name)),
      fc.nat(3).map((counter) => unread(counter, name)),
      fc.nat(3).map((counter) => unreadable(counter, name)),
      fc.nat(3).map((counter) => cardOf(anna, counter, name)),
      fc.nat(3).map((counter) => cardOf(bertil, counter, name)),
      fc
        .tuple(fc.nat(3), fc.subarray([...anna.beside, bertil.certificate, anna.certificate]), fc.boolean())
        .map(([counter, certificates, isNameless]) => {
          const card = isNameless
            ? namelessCard('0001', certificates, counter)
            : cardWith([anna.card], certificates, counter);
          return { ...card, name, generation: `1/${name}/${counter}` };
        }),
    );
  const sight: fc.Arbitrary<CardSight> = fc
    .record({
      a: reader('A'),
      b: reader('B'),
      session: fc.constantFrom('active' as const, 'locked' as const, 'away' as const),
      isRunning: fc.boolean(),
    })
    .map(({ a, b, session, isRunning }) =>
      isRunning ? { ...see(...[a, b].filter((one) => one !== undefined)), session } : { ...noService, session },
    );
  const isHers = ({ tokens }: ReaderSight) =>
    tokens.some(({ names, certificates }) => names.includes(anna.card) && certificates.includes(anna.certificate));
  const holds = (one: CardSight) => one.readers.some(isHers);

  it('never goes unless the live reader is empty or holds another card', () => {
    fc.assert(
      fc.property(fc.array(sight, { maxLength: 30 }), (sights) => {
        let before: Presence = atStart;
        for (const [index, next] of sights.entries()) {
          const now = nextPresence(before, anna, next, index, identifyTime);
          if (now.state === 'gone' && before.state !== 'gone') {
            const live = next.readers.find(({ name }) => name === before.spot.reader);
            assert.equal(next.service, 'running');
            assert.ok(live !== undefined && (live.card === 'empty' || live.card === 'read'), short(now));
            assert.ok(live.tokens.every(({ names, isNameless }) => !names.includes(anna.card) && !isNameless));
          }
          before = now;
        }
      }),
    );
  });

  it('goes at once when the live reader is empty, whatever came before but an absence, which it outlasts by a second', () => {
    fc.assert(
      fc.property(fc.array(sight, { maxLength: 30 }), sight, (sights, last) => {
        const before = after(...sights);
        const pulled = { ...last, service: 'running' as const, readers: [empty(before.spot.reader)] };
        const now = nextPresence(before, anna, pulled, 99, identifyTime);
        const isBack = before.state === 'doubtful' && before.spot.generation === '' && before.readBy === undefined;
        assert.equal(isBack ? short(now) : now.state, isBack ? 'doubtful mute' : 'gone');
      }),
    );
  });

  it('is there as soon as the card is seen, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(sight, { maxLength: 30 }), fc.constantFrom('A', 'B'), (sights, name) => {
        assert.equal(short(after(...sights, see(cardOf(anna, 7, name)))), `present ${name}`);
      }),
    );
  });

  it('is never there without a sign of the card in a reader that was in sight all the time', () => {
    fc.assert(
      fc.property(fc.array(sight, { maxLength: 30 }), (sights) => {
        let before: Presence = atStart;
        let seen = '1/A/1';
        for (const [index, next] of sights.entries()) {
          const now = nextPresence(before, anna, next, index, identifyTime);
          const spots = next.readers.filter(isHers);
          if (!next.readers.some(({ name }) => name === before.spot.reader)) seen = '';
          if (holds(next)) seen = spots[0]?.generation ?? '';
          if (now.state === 'present') {
            assert.notEqual(seen, '');
            assert.ok(next.readers.some(({ generation }) => generation === seen));
          }
          before = now;
        }
      }),
    );
  });

  it('is not there after another certificate was seen in the place of hers, until hers is seen', () => {
    fc.assert(
      fc.property(fc.array(sight, { maxLength: 30 }), (sights) => {
        let before: Presence = atStart;
        let isRefuted = false;
        for (const [index, next] of sights.entries()) {
          const live = next.readers.find(({ name }) => name === before.spot.reader);
          const now = nextPresence(before, anna, next, index, identifyTime);
          const seen = live?.tokens.flatMap(({ certificates }) => certificates) ?? [];
          isRefuted =
            !holds(next) && (isRefuted || (seen.includes(bertil.certificate) && !seen.includes(anna.certificate)));
          if (isRefuted) assert.notEqual(now.state, 'present');
          before = now;
        }
      }),
    );
  });

  it('has doubts that never begin in the future, and keep what they began with', () => {
    fc.assert(
      fc.property(fc.array(sight, { maxLength: 30 }), (sights) => {
        let before: Presence = atStart;
        for (const [index, next] of sights.entries()) {
          const now = nextPresence(before, anna, next, index, identifyTime);
          if (now.state === 'doubtful') {
            assert.ok(now.since <= index);
            if (before.state === 'doubtful' && before.why === now.why) assert.equal(now.since, before.since);
            if (before.state === 'present') assert.equal(now.since, index);
            assert.equal(isAbsence(now.why), ['reader', 'service', 'session'].includes(now.why));
          }
          before = now;
        }
      }),
    );
  });
});

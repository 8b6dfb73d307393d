// Holders who come after others, and those whom the agent before this one knew.
import assert from 'node:assert/strict';
import { type Holders } from '../../../agent/cards/holders.ts';
import { type CardSight } from '../../../agent/cards/holder-presence.ts';
import { type FakeClock } from '../fake-clock.ts';
import { HoldersWorld, journal, prescriptions } from './holders-world.ts';
import {
  anna,
  bertil,
  cardOf,
  empty,
  locked,
  mute,
  noService,
  see,
  short,
  unread,
  unreadable,
} from './presence-world.ts';

describe('Holders', () => {
  let world: HoldersWorld;
  let clock: FakeClock;
  let holders: Holders;
  let told: string[];
  beforeEach(() => {
    world = new HoldersWorld();
    ({ clock, holders, told } = world);
  });
  const look = (next: CardSight) => world.look(next);
  const wait = (milliseconds: number) => clock.advance(milliseconds);
  const enterAnna = (site?: string) => world.enterAnna(site);
  const enterBertil = (site?: string) => world.enterBertil(site);

  describe('when somebody else logs in', () => {
    beforeEach(() => enterAnna());

    for (const [name, next] of [
      ['whose reader is gone', see(cardOf(bertil, 1, 'B'))],
      ['behind whose reader nobody could look', see(unreadable(2), cardOf(bertil, 1, 'B'))],
    ] as const) {
      it(`take one for gone ${name}`, () => {
        if (name.startsWith('behind')) look(see(cardOf(bertil, 1, 'B')));
        look(next);
        told.length = 0;
        holders.supersede(bertil);
        assert.deepEqual(told, [`Anna gone superseded ${journal}`]);
        holders.supersede(bertil);
        assert.equal(told.length, 1);
      });
    }

    for (const [name, card] of [
      ['present', cardOf(anna)],
      ['mute for a moment', mute()],
      ['being read', unread(2)],
    ] as const) {
      it(`leave one whose card is ${name}`, () => {
        look(see(card, cardOf(bertil, 1, 'B')));
        told.length = 0;
        enterBertil();
        assert.deepEqual(told, []);
        look(see(cardOf(anna, 2), cardOf(bertil, 1, 'B')));
        assert.equal(short(holders.presence(anna)), 'present A');
      });
    }

    it('do not supersede the one who logs in', () => {
      look(see());
      holders.supersede(anna);
      assert.equal(short(holders.presence(anna)), 'doubtful reader');
    });

    it('forget whoever had left, and nobody else', () => {
      look(see(empty(), cardOf(bertil, 1, 'B')));
      enterBertil();
      assert.equal(holders.presence(anna), undefined);
      look(see(cardOf(anna, 3), cardOf(bertil, 1, 'B')));
      enterAnna();
      assert.deepEqual([short(holders.presence(anna)), short(holders.presence(bertil))], ['present A', 'present B']);
    });

    it('do not grow with the holders that come and go', () => {
      const identityOf = (person: number) => ({ card: `card of ${person}`, certificate: `${person}`, beside: [] });
      for (let person = 0; person < 200; person++) {
        const identity = identityOf(person);
        world.sight = see(cardOf(identity, person));
        holders.supersede(identity);
        holders.entered(identity, journal, { reader: 'A', generation: '1/A/1' });
        look(see(empty()));
      }
      const known = Array.from({ length: 200 }, (_, person) => holders.presence(identityOf(person))).filter(
        (presence) => presence !== undefined,
      );
      assert.equal(known.length, 1);
    });
  });

  describe('of an agent that was restarted', () => {
    beforeEach(() => holders.restore(anna, journal, 'A'));

    const cases: [string, CardSight[], string][] = [
      ['nothing has been seen yet', [noService], 'doubtful service'],
      ['the card is being read', [see(unread())], 'doubtful service'],
      ['the card is in', [see(unread()), see(cardOf(anna))], 'present A'],
      ['the card is in the other reader', [see(empty('A'), cardOf(anna, 1, 'B'))], 'present B'],
      ['the card was pulled meanwhile', [see(empty())], 'gone removed'],
      ['the card was exchanged meanwhile', [see(unread()), see(cardOf(bertil))], 'gone exchanged'],
      ['the card cannot be read', [see(unread()), see(unreadable())], 'doubtful service'],
      ['the reader is not there', [see()], 'doubtful reader'],
      ['the screen is locked', [locked(unread())], 'doubtful session'],
    ];
    for (const [name, sights, expected] of cases) {
      it(`are ${expected}: ${name}`, () => {
        for (const next of sights) look(next);
        wait(60_000);
        assert.equal(short(holders.presence(anna)), expected);
      });
    }

    it('keep every site of a holder', () => {
      holders.restore(anna, prescriptions, 'A');
      look(see(empty()));
      wait(1_000);
      assert.equal(told.at(-1), `Anna gone removed ${journal} ${prescriptions}`);
    });
  });
});

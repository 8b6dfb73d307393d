// The holders who have logged in, with a clock that the test plays: each change told once, doubts that come to their end.
import assert from 'node:assert/strict';
import { type Holders } from '../../../agent/cards/holders.ts';
import { type CardSight } from '../../../agent/cards/holder-presence.ts';
import { limits } from '../../../shared/limits.ts';
import { type FakeClock } from '../fake-clock.ts';
import { HoldersWorld, journal, prescriptions } from './holders-world.ts';
import {
  anna,
  bertil,
  cardOf,
  empty,
  identifyTime,
  locked,
  mute,
  noService,
  see,
  short,
  tokenOf,
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

  it('know nobody who has not logged in', () => {
    look(see(empty()));
    assert.deepEqual([told, holders.presence(anna), holders.cardAt(journal)], [[], undefined, undefined]);
  });

  it('tell each change once, with the sites of that holder', () => {
    enterAnna();
    enterAnna(prescriptions);
    for (let i = 0; i < 3; i++) look(see(cardOf(anna)));
    for (let i = 0; i < 3; i++) look(see(empty()));
    for (let i = 0; i < 3; i++) look(see(cardOf(anna, 3)));
    assert.deepEqual(told, [
      `Anna gone removed ${journal} ${prescriptions}`,
      `Anna present A ${journal} ${prescriptions}`,
    ]);
  });

  it('tell of a card that was pulled while its login was made', () => {
    world.sight = see(empty());
    enterAnna();
    assert.deepEqual(told, [`Anna gone removed ${journal}`]);
  });

  it('know one person with two certificates of one card as two, who leave together', () => {
    const other = { ...anna, certificate: 'another' };
    const card = { ...cardOf(anna, 1), tokens: [tokenOf(anna, 'another')] };
    world.sight = see(card);
    enterAnna();
    holders.entered(other, prescriptions, { reader: 'A', generation: '1/A/1' });
    // What follows from the first must find the second gone as well.
    world.hear = () =>
      assert.deepEqual([short(holders.presence(anna)), short(holders.presence(other))], Array(2).fill('gone removed'));
    look(see(empty()));
    assert.deepEqual(told, [`Anna gone removed ${journal}`, `Anna gone removed ${prescriptions}`]);
  });

  it('say at a site whether the card of anybody who logged in there is in', () => {
    enterAnna();
    assert.deepEqual([holders.cardAt(journal), holders.cardAt(prescriptions)], ['present', undefined]);
    look(see(mute()));
    assert.equal(holders.cardAt(journal), 'absent');
    look(see(cardOf(anna), cardOf(bertil, 1, 'B')));
    enterBertil();
    look(see(empty(), cardOf(bertil, 1, 'B')));
    assert.equal(holders.cardAt(journal), 'present');
  });

  it('do not tell a site of one who left while another\u2019s card is in for it', () => {
    enterAnna();
    enterAnna(prescriptions);
    look(see(cardOf(anna), cardOf(bertil, 1, 'B')));
    enterBertil();
    look(see(empty(), cardOf(bertil, 1, 'B')));
    assert.deepEqual(told, [`Anna gone removed ${prescriptions}`]);
  });

  describe('in doubt', () => {
    beforeEach(() => enterAnna());

    it('give a mute card its second, and no more', () => {
      look(see(mute()));
      wait(limits.muteCardGrace - 1);
      look(see(mute()));
      assert.equal(short(holders.presence(anna)), 'doubtful mute');
      wait(1);
      assert.deepEqual(told, [`Anna doubtful mute ${journal}`, `Anna gone removed ${journal}`]);
      assert.equal(clock.pending, 0);
    });

    it('forget a glitch of 300 ms, a hundred times in a row', () => {
      for (let round = 1; round <= 100; round++) {
        look(see(mute()));
        wait(300);
        look(see(unread(round + 1)));
        wait(300);
        look(see(cardOf(anna, round + 1)));
      }
      wait(60_000);
      assert.equal(told.filter((text) => text.includes('gone')).length, 0);
      assert.equal(clock.pending, 0);
    });

    it('give an unknown card the time of a reading, and no more', () => {
      look(see(unread(2)));
      wait(identifyTime - 1);
      assert.equal(short(holders.presence(anna)), 'doubtful unidentified');
      wait(1);
      assert.equal(short(holders.presence(anna)), 'gone exchanged');
    });

    it('give it longer where cards are slow', () => {
      world.patience = 40_000;
      look(see(unread(2)));
      wait(39_999);
      assert.equal(short(holders.presence(anna)), 'doubtful unidentified');
      look(see(cardOf(anna, 2)));
      wait(40_000);
      assert.equal(short(holders.presence(anna)), 'present A');
    });

    it('do not let a card that is never identified go on for ever by falling silent again and again', () => {
      for (let round = 2; round <= 20; round++) {
        look(see(unread(round)));
        wait(400);
        look(see(mute()));
        wait(400);
      }
      assert.equal(told.at(-1), `Anna gone exchanged ${journal}`);
    });

    const forEver: [string, CardSight][] = [
      ['the service is gone', noService],
      ['the reader is gone', see()],
      ['nobody may look', locked(unread(2))],
      ['the card that was in cannot be read', see(unreadable(1))],
    ];
    for (const [name, next] of forEver) {
      it(`wait for ever while ${name}`, () => {
        look(next);
        wait(30 * 86_400_000);
        assert.notEqual(holders.presence(anna)?.state, 'gone');
        look(see(cardOf(anna, 4)));
        assert.equal(short(holders.presence(anna)), 'present A');
        assert.equal(clock.pending, 0);
      });
    }

    it('leave one timer at most, whatever happens', () => {
      world.sight = see(cardOf(anna), cardOf(bertil, 1, 'B'));
      enterBertil(prescriptions);
      for (let round = 0; round < 50; round++) {
        look(see(mute(), unread(round + 2, 'B')));
        assert.equal(clock.pending, 1);
        look(see(cardOf(anna, round), cardOf(bertil, round, 'B')));
        assert.equal(clock.pending, 0);
      }
    });
  });
});

// Whether the holder is there: every case as a table, and what must hold for every sequence of sights.
import assert from 'node:assert/strict';
import { nextPresence, type CardSight, type Presence, type ReaderSight } from '../../../agent/cards/holder-presence.ts';
import {
  anna,
  away,
  bertil,
  cardOf,
  cardWith,
  empty,
  identifyTime,
  locked,
  mute,
  namelessCard,
  noService,
  see,
  short,
  tokenOf,
  unread,
  unreadable,
} from './presence-world.ts';

const atStart: Presence = { state: 'present', spot: { reader: 'A', generation: '1/A/1' } };

/** What is known of Anna after these sights, a millisecond apart. */
function after(...sights: CardSight[]): Presence {
  return sights.reduce(
    (before, sight, index) => nextPresence(before, anna, sight, 1_000 + index, identifyTime),
    atStart,
  );
}

const annasTwoTokens: ReaderSight = {
  ...cardOf(anna, 5),
  tokens: [{ names: ['her signature token'], isNameless: false, certificates: [] }, tokenOf(anna, 'another')],
};
/** Called as hers is, with a certificate that hers does not have. */
const strange = (counter = 1) => cardWith([anna.card], [bertil.certificate], counter);
/** Hers, but for the certificate that she has used. */
const partly = (counter = 1) => cardWith([anna.card], anna.beside, counter);
/** Hers, by a driver that calls it otherwise, when its chip does not say a name. */
const byAnotherDriver = (counter = 1) => namelessCard('0001', [anna.certificate], counter);

describe('A holder', () => {
  const cases: [string, string, ...CardSight[]][] = [
    ['present A', 'her card is in', see(cardOf(anna))],
    ['present A', 'her card is in, on one of two tokens', see(annasTwoTokens)],
    ['present A', 'her card is being read anew, and was not moved', see(unread())],
    ['present A', 'her card cannot be read, and was not moved', see(unreadable())],
    ['present A', 'the screen is locked, and nothing was moved', locked(unread())],
    ['present A', 'another card is put into another reader', see(cardOf(anna), cardOf(bertil, 1, 'B'))],
    ['present A', 'another card is pulled from another reader', see(cardOf(anna), empty('B'))],
    ['present A', 'another reader is mute', see(cardOf(anna), mute('B'))],
    ['present B', 'her card is in the other reader', see(empty(), cardOf(anna, 1, 'B'))],
    ['present A', 'her card has come back between two looks', see(unread(2)), see(cardOf(anna, 2))],
    ['present A', 'the contact was lost for a moment', see(mute()), see(unread(2)), see(cardOf(anna, 2))],
    ['present A', 'the contact was lost and nothing was counted', see(mute()), see(unread())],
    ['present A', 'the service was restarted', noService, see(), see(unread(9)), see(cardOf(anna, 9))],
    ['present A', 'the reader was pulled with her card', see(), see(unread()), see(cardOf(anna))],
    ['present A', 'she had been disconnected', away(), away(unread(3)), see(unread(3)), see(cardOf(anna, 3))],
    ['present A', 'she had been disconnected with the reader in sight', away(unread()), see(unread())],
    ['present A', 'her card comes back after it was pulled', see(empty()), see(cardOf(anna, 3))],
    ['present B', 'her card comes back in the other reader', see(empty()), see(empty(), cardOf(anna, 1, 'B'))],

    ['present A', 'her certificate could not be read, and nothing was moved', see(partly())],
    ['present A', 'no certificate could be read, and nothing was moved', see(cardWith([anna.card], []))],
    [
      'present A',
      'the chip says that it is hers, whatever its driver does',
      see(cardWith([anna.card, '0001'], [anna.certificate])),
    ],
    ['present A', 'the chip names itself for the first time', see(cardWith(['chip', anna.card], [anna.certificate]))],
    ['present A', 'another driver has read it, the chip said no name, and nothing was moved', see(byAnotherDriver())],
    ['present A', 'it is known for hers at the second look', see(strange()), see(unread()), see(cardOf(anna))],
    ['present A', 'it was read in part at first', see(partly(2)), see(unread(2)), see(cardOf(anna, 2))],

    ['gone removed', 'the reader is empty', see(empty())],
    ['gone removed', 'it is empty when a strange card was in', see(strange()), see(empty())],
    ['gone removed', 'the reader is empty while the screen is locked', locked(empty())],
    ['gone removed', 'the reader is empty while another session has the screen', away(empty())],
    ['gone removed', 'it is empty after a moment of silence', see(mute()), see(empty())],
    ['gone removed', 'it is empty while something was being read', see(unread(2)), see(empty())],
    ['gone removed', 'it stays gone while another card is in', see(empty()), see(cardOf(bertil, 3))],
    ['gone removed', 'it stays gone without a service', see(empty()), noService],
    ['gone exchanged', 'another card is in its place', see(cardOf(bertil, 3))],
    ['gone exchanged', 'another card is in its place, and nothing was counted', see(cardOf(bertil, 1))],
    ['gone exchanged', 'another card is there when the service comes back', noService, see(cardOf(bertil, 1))],
    ['gone exchanged', 'another card is there when the reader comes back', see(), see(cardOf(bertil))],
    ['gone exchanged', 'another card is there when she is back', locked(unread(2)), see(cardOf(bertil, 2))],

    ['doubtful mute', 'the reader is empty when the service comes back', noService, see(empty())],
    ['doubtful mute', 'the reader is empty when it comes back itself', see(), see(empty())],
    ['present A', 'it was empty at first when the service came back', noService, see(empty()), see(cardOf(anna, 1))],
    ['doubtful mute', 'the card is mute', see(mute())],
    ['doubtful mute', 'the card is mute when the service comes back', noService, see(mute())],
    ['doubtful unidentified', 'something was put in', see(unread(2))],
    ['doubtful unidentified', 'something was put in that cannot be read', see(unreadable(2))],
    ['doubtful unidentified', 'another certificate is on her card, which was moved', see(strange(2))],
    ['doubtful unidentified', 'another certificate is on her card, and nothing was counted', see(strange())],
    ['doubtful unidentified', 'a strange card is read once more', see(strange()), see(unread())],
    [
      'doubtful unidentified',
      'a strange card cannot be read any more',
      see(strange()),
      see(unread()),
      see(unreadable()),
    ],
    ['doubtful unidentified', 'a strange card shows nothing any more', see(strange()), see(cardWith([anna.card], []))],
    ['doubtful unidentified', 'a strange card was mute for a moment', see(strange()), see(mute()), see(unread())],
    ['doubtful unidentified', 'a strange card is in when the reader is back', see(), see(strange())],
    [
      'doubtful unidentified',
      'a strange card is in when the service is back',
      noService,
      see(strange()),
      see(unread()),
    ],
    [
      'doubtful unidentified',
      'a strange card is there when she is back',
      see(strange()),
      locked(unread()),
      see(unread()),
    ],
    ['doubtful unidentified', 'her certificate could not be read on a card that was moved', see(partly(2))],
    [
      'doubtful unidentified',
      'another driver has read what was moved, and the chip said no name',
      see(byAnotherDriver(2)),
    ],
    ['doubtful unidentified', 'a nameless card has another certificate', see(namelessCard('0001', ['another']))],
    ['doubtful unidentified', 'the contact was lost and something is there', see(mute()), see(unread(2))],
    ['doubtful unidentified', 'something was put in behind the locked screen', locked(unread(2)), see(unread(2))],
    ['doubtful reader', 'the reader is gone', see()],
    ['doubtful reader', 'the reader is gone while the screen is locked', locked()],
    ['doubtful reader', 'the reader is not there yet when the service is', noService, see()],
    ['doubtful reader', 'the reader is back, and who is in it cannot be told', see(), see(unreadable())],
    ['doubtful reader', 'it is back, and her certificate cannot be read', see(), see(partly())],
    ['doubtful reader', 'it is gone with a strange card', see(strange()), see()],
    ['doubtful reader', 'it is back, was mute and is being read', see(), see(mute()), see(unread())],
    ['doubtful service', 'the service is gone', noService],
    ['doubtful service', 'the service is back and the card is being read', noService, see(unread(1))],
    ['doubtful session', 'another session has the screen', away(unread())],
    ['doubtful session', 'a strange card is in behind the locked screen', see(strange()), locked(unread())],
    ['doubtful session', 'a strange card is seen when the screen is locked', locked(strange())],
    ['doubtful session', 'the session was disconnected and took the readers along', away()],
    ['doubtful session', 'something was put in behind the locked screen', locked(unread(2))],
    ['doubtful session', 'the service came back behind the locked screen', noService, locked(unread(1))],
  ];
  for (const [expected, name, ...sights] of cases) {
    it(`is ${expected}: ${name}`, () => assert.equal(short(after(...sights)), expected));
  }

  it('is not taken for present because a reader that was away counts from the beginning again', () => {
    // The same reader, the same counter, and perhaps another card.
    assert.equal(short(after(see(), see(unread(1)))), 'doubtful reader');
    assert.equal(short(after(noService, see(unread(1)))), 'doubtful service');
  });

  describe('of whom nothing is certain', () => {
    const since = (presence: Presence) => (presence.state === 'doubtful' ? presence.since : undefined);

    it('has been so since it began, however often it is looked', () => {
      for (const sight of [see(mute()), see(unread(2)), see(), noService, away()]) {
        assert.equal(since(after(sight, sight, sight)), 1_000);
      }
    });

    it('is held to the grace of a reader only from when the service was back without it', () => {
      const presence = after(noService, noService, see());
      assert.deepEqual([short(presence), since(presence)], ['doubtful reader', 1_002]);
    });

    it('gains nothing from a service that comes and goes', () => {
      assert.equal(since(after(noService, see(), noService, see(), noService)), 1_000);
      assert.equal(since(after(noService, see(), noService, see())), 1_001);
    });

    it('gets the whole second for each glitch, but must be identified from the first card on', () => {
      assert.equal(since(after(see(mute()), see(unread(2)), see(mute()))), 1_002);
      assert.equal(since(after(see(unread(2)), see(mute()), see(unread(3)))), 1_000);
    });

    it('has the time of a reading from when the reader is back, once', () => {
      const readBy = (presence: Presence) => (presence.state === 'doubtful' ? presence.readBy : undefined);
      assert.equal(readBy(after(noService)), undefined);
      assert.equal(readBy(after(noService, see(unread(1)))), 1_001 + identifyTime);
      assert.equal(
        readBy(after(noService, see(unread(1)), see(unread(1)), see(), see(unread(1)))),
        1_001 + identifyTime,
      );
      assert.equal(readBy(after(noService, locked(unread(1)))), undefined);
    });

    it('may take as long to be read after a locked screen as at any time', () => {
      const presence = after(see(unread(2)), locked(unread(2)), locked(unread(2)), see(unread(2)));
      assert.deepEqual([short(presence), since(presence)], ['doubtful unidentified', 1_003]);
    });
  });
});

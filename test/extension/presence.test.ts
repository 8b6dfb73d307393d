import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  afterAnswer,
  afterEvent,
  afterLogout,
  afterSnapshot,
  emptyLedger,
  lastNumber,
  missedNotices,
  type Ledger,
  type Notice,
} from '../../extension/background/presence.ts';
import { type AgentState, type ReaderState } from '../../shared/messages.ts';
import { agentState, emptyReader, reader, readerName, token } from './agent-states.ts';

const journal = 'https://journal.example';
const other = 'https://other.example';
const stay = (key: string, sites: string[] = [journal]): AgentState =>
  agentState([reader({ tokens: [token({ key, sites })] })]);
const readerWith = (card: ReaderState['card']): AgentState => agentState([{ name: readerName, card, tokens: [] }]);
const told = (notices: readonly Notice[]): string[] => notices.map(({ name, origin }) => `${name} ${origin}`);

/** A ledger that has worked in a snapshot, sequence 10, with one card in that the journal may use. */
const known: Ledger = afterSnapshot(emptyLedger, 10, stay('a')).ledger;

describe('what pages are told of cards', () => {
  describe('by a snapshot', () => {
    it('is nothing at the very first', () => {
      const { ledger, notices } = afterSnapshot(emptyLedger, 10, stay('a'));
      assert.deepEqual(notices, []);
      assert.deepEqual(ledger.stays, [{ key: 'a', reader: readerName, origins: [journal] }]);
      assert.equal(ledger.sequence, 10);
    });

    it('is nothing when nothing has changed', () => {
      assert.deepEqual(afterSnapshot(known, 14, stay('a')).notices, []);
    });

    it('is a removal that was missed, to the origins that knew of the card', () => {
      assert.deepEqual(told(afterSnapshot(known, 14, agentState()).notices), [`cardremoved ${journal}`]);
      assert.deepEqual(told(afterSnapshot(known, 14, readerWith('unsupported')).notices), [`cardremoved ${journal}`]);
    });

    it('is removal and insertion when another card, or the same one anew, is in', () => {
      assert.deepEqual(told(afterSnapshot(known, 14, stay('b')).notices), [
        `cardremoved ${journal}`,
        `cardinserted ${journal}`,
      ]);
      assert.deepEqual(told(afterSnapshot(known, 14, stay('b', [other])).notices), [
        `cardremoved ${journal}`,
        `cardinserted ${other}`,
      ]);
    });

    it('is nothing, though the card is not listed, while nobody can know whether it has left', () => {
      for (const [words, state] of [
        ['reader gone', agentState([])],
        ['another reader only', agentState([{ ...emptyReader, name: 'Another' }])],
        ['service stopped', agentState([], { service: 'stopped' })],
        ['session suspended', agentState([emptyReader], { session: 'suspended' })],
        ['being read', readerWith('reading')],
        ['mute', readerWith('mute')],
      ] as const) {
        const { ledger, notices } = afterSnapshot(known, 14, state);
        assert.deepEqual(notices, [], words);
        assert.deepEqual(told(afterSnapshot(ledger, 15, stay('a')).notices), [], words);
        assert.deepEqual(told(afterSnapshot(ledger, 15, agentState()).notices), [`cardremoved ${journal}`], words);
      }
    });
  });

  describe('by an event', () => {
    const event = (
      sequence: number,
      name: 'card-removed' | 'card-inserted' | 'pin-sso-ended' | 'changed',
      state: AgentState,
      origins = [journal],
    ) => afterEvent(known, { sequence, name, origins, state });

    it('is what the agent says, to the origins that it names', () => {
      assert.deepEqual(told(event(11, 'card-removed', agentState(), [journal, other, journal]).notices), [
        `cardremoved ${journal}`,
        `cardremoved ${other}`,
      ]);
      assert.deepEqual(told(event(11, 'card-inserted', stay('b')).notices), [`cardinserted ${journal}`]);
    });

    it('is nothing when PIN-SSO starts or ends', () => {
      assert.deepEqual(event(11, 'pin-sso-ended', stay('a')).notices, []);
      assert.deepEqual(event(11, 'changed', stay('a')).notices, []);
    });

    it('is nothing when it was worked in before', () => {
      const { ledger, notices } = event(10, 'card-removed', agentState());
      assert.deepEqual(notices, []);
      assert.equal(ledger, known);
    });

    it('is also what was missed, after a gap', () => {
      assert.deepEqual(told(event(13, 'changed', agentState()).notices), [`cardremoved ${journal}`]);
      assert.deepEqual(told(event(13, 'card-inserted', stay('b'), []).notices), [
        `cardremoved ${journal}`,
        `cardinserted ${journal}`,
      ]);
    });

    it('is told once: a removal by event is not found again by the next snapshot', () => {
      const { ledger } = event(11, 'card-removed', agentState([]));
      assert.deepEqual(afterSnapshot(ledger, 12, agentState()).notices, []);
    });

    it('works without a snapshot before it', () => {
      const state = agentState();
      const { ledger, notices } = afterEvent(emptyLedger, {
        sequence: 5,
        name: 'card-removed',
        origins: [journal],
        state,
      });
      assert.deepEqual(told(notices), [`cardremoved ${journal}`]);
      assert.equal(ledger.sequence, 5);
    });
  });

  describe('when a document comes late', () => {
    it('is what it has not seen, oldest first, at most one of each name', () => {
      let ledger = known;
      let sequence = 10;
      for (const [name, state] of [
        ['card-removed', agentState()],
        ['card-inserted', stay('b')],
        ['card-removed', agentState()],
        ['card-inserted', stay('c')],
      ] as const) {
        ({ ledger } = afterEvent(ledger, { sequence: ++sequence, name, origins: [journal], state }));
      }
      assert.equal(lastNumber(ledger, journal), 4);
      assert.deepEqual(
        missedNotices(ledger, journal, 0).map(({ name, number }) => [name, number]),
        [
          ['cardremoved', 3],
          ['cardinserted', 4],
        ],
      );
      assert.deepEqual(
        missedNotices(ledger, journal, 3).map(({ name }) => name),
        ['cardinserted'],
      );
      assert.deepEqual(missedNotices(ledger, journal, 4), []);
      assert.deepEqual(missedNotices(ledger, other, 0), []);
      assert.equal(lastNumber(ledger, other), 0);
    });

    it('is bounded: the oldest origins are forgotten', () => {
      const origins = Array.from({ length: 500 }, (_, index) => `https://s${index}.example`);
      let { ledger } = afterEvent(known, {
        sequence: 11,
        name: 'card-removed',
        origins: [journal],
        state: agentState(),
      });
      ({ ledger } = afterEvent(ledger, { sequence: 12, name: 'card-removed', origins, state: agentState() }));
      assert.equal(Object.keys(ledger.notices).length, 500);
      assert.equal(lastNumber(ledger, journal), 0);
      assert.equal(lastNumber(ledger, 'https://s499.example'), 1);
    });
  });

  describe('by an answer', () => {
    it('is remembered: an origin that logged in hears of a removal that was missed', () => {
      const ledger = afterAnswer(known, other);
      assert.deepEqual(told(afterSnapshot(ledger, 14, agentState()).notices), [
        `cardremoved ${journal}`,
        `cardremoved ${other}`,
      ]);
      assert.equal(afterAnswer(ledger, other), ledger);
    });

    it('is remembered when its PIN session has ended while the card stayed in', () => {
      const { ledger } = afterEvent(known, {
        sequence: 11,
        name: 'pin-sso-ended',
        origins: [journal],
        state: stay('a', []),
      });
      assert.deepEqual(told(afterSnapshot(ledger, 14, agentState()).notices), [`cardremoved ${journal}`]);
    });

    it('is left to the agent where several cards are in: the wrong one would be a false alarm', () => {
      const two = agentState([
        reader({ tokens: [token({ key: 'a', sites: [] })] }),
        reader({ name: 'Second', tokens: [token({ key: 'b', sites: [] })] }),
      ]);
      const { ledger } = afterSnapshot(emptyLedger, 1, two);
      assert.equal(afterAnswer(ledger, journal), ledger);
      assert.equal(afterAnswer(emptyLedger, journal), emptyLedger);
    });
  });

  it('remembers that a card was pulled until the next one comes in', () => {
    const { ledger } = afterEvent(known, { sequence: 11, name: 'card-removed', origins: [], state: agentState() });
    assert.ok(ledger.pulled);
    assert.ok(afterSnapshot(ledger, 12, agentState()).ledger.pulled);
    assert.ok(!afterSnapshot(ledger, 12, readerWith('reading')).ledger.pulled);
    assert.ok(!afterSnapshot(known, 12, agentState([])).ledger.pulled);
  });

  it('tells every removal exactly once, whichever messages are lost on the way', () => {
    const steps = fc.array(fc.record({ isIn: fc.boolean(), isLost: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (script) => {
        let ledger = afterSnapshot(emptyLedger, 0, agentState()).ledger;
        let [sequence, key] = [0, 0];
        let isIn = false;
        let knowsIn = false;
        for (const step of script) {
          if (step.isIn === isIn) continue;
          isIn = step.isIn;
          sequence++;
          const state = isIn ? stay(`stay-${++key}`) : agentState();
          if (step.isLost) continue;
          const name = isIn ? 'card-inserted' : 'card-removed';
          const next = afterEvent(ledger, { sequence, name, origins: [journal], state });
          ({ ledger } = next);
          for (const notice of next.notices) {
            assert.equal(notice.name, knowsIn ? 'cardremoved' : notice.name);
            knowsIn = notice.name === 'cardinserted';
          }
          assert.equal(knowsIn, isIn);
        }
      }),
    );
  });

  describe('by a logout', () => {
    it('is the reason, in the same count as the other notices', () => {
      const removed = afterSnapshot(known, 14, agentState()).ledger;
      const { ledger, notice } = afterLogout(removed, 'visit-1', journal, 'card-removed');
      assert.deepEqual(notice, { name: 'loggedout', origin: journal, number: 2, reason: 'card-removed' });
      assert.equal(lastNumber(ledger, journal), 2);
      assert.deepEqual(missedNotices(ledger, journal, 1), [{ name: 'loggedout', number: 2, reason: 'card-removed' }]);
      assert.deepEqual(missedNotices(ledger, journal, 2), []);
    });

    it('is the same notice when the visit is logged out once more, and a new one for another visit', () => {
      const first = afterLogout(known, 'visit-1', journal, 'card-removed');
      const again = afterLogout(first.ledger, 'visit-1', journal, 'card-removed');
      assert.deepEqual(again, { ledger: first.ledger, notice: first.notice });
      assert.equal(afterLogout(first.ledger, 'visit-2', journal, 'unknown').notice.number, 2);
    });
  });
});

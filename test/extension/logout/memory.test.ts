import assert from 'node:assert/strict';
import {
  afterLogout,
  afterVisits,
  emptyMemory,
  guardedOrigins,
  memorySchema,
  type Memory,
  type VisitsMessage,
} from '../../../extension/background/logout/memory.ts';
import { type OwedVisit } from '../../../shared/messages.ts';

const journal = 'https://journal.example';
const other = 'https://other.example';
const open = (id: string, origin = journal, guarded = false) => ({ id, origin, guarded });
const owed = (id: string, changes: Partial<OwedVisit> = {}): OwedVisit => ({
  ...open(id),
  reason: 'card-removed',
  actions: ['event', 'call', 'clear', 'navigate'],
  cleared: false,
  ...changes,
});
const list = (changes: Partial<VisitsMessage> = {}): VisitsMessage => ({
  type: 'visits',
  open: [],
  owed: [],
  guarded: [],
  ...changes,
});
const remembering = (...ids: string[]): Memory => ({ ...emptyMemory, visits: ids.map((id) => open(id)) });

describe('what the extension remembers of logins', () => {
  it('is every visit that the agent lists, and the sites that policy guards', () => {
    const { memory, logouts } = afterVisits(emptyMemory, list({ open: [open('a')], guarded: [other] }));
    assert.deepEqual(memory, { visits: [open('a')], done: [], guarded: [other] });
    assert.deepEqual(logouts, []);
    assert.ok(memorySchema.safeParse(memory).success);
  });

  it('makes a logout of what is owed and not cleared, with what the agent says of it', () => {
    const { logouts } = afterVisits(
      emptyMemory,
      list({ owed: [owed('a', { url: `${journal}/bye`, page: `${journal}/out` }), owed('b', { cleared: true })] }),
    );
    assert.deepEqual(logouts, [
      {
        visit: 'a',
        origin: journal,
        reason: 'card-removed',
        actions: ['event', 'call', 'clear', 'navigate'],
        url: `${journal}/bye`,
        page: `${journal}/out`,
        isLost: false,
      },
    ]);
  });

  it('makes a logout of what the agent has forgotten, by the default actions', () => {
    const { memory, logouts, acknowledge } = afterVisits(remembering('a', 'b'), list({ open: [open('b')] }));
    assert.deepEqual(logouts, [
      { visit: 'a', origin: journal, reason: 'unknown', actions: ['event', 'clear', 'navigate'], isLost: true },
    ]);
    assert.deepEqual(acknowledge, []);
    assert.deepEqual(
      memory.visits.map(({ id }) => id),
      ['b', 'a'],
      'it is remembered until it is done',
    );
    assert.deepEqual(afterLogout(memory, logouts[0]!).visits, [open('b')]);
  });

  it('acknowledges what is done already, and does it no second time', () => {
    const first = afterVisits(remembering('a'), list({ owed: [owed('a')] }));
    const memory = afterLogout(first.memory, first.logouts[0]!);
    const again = afterVisits(memory, list({ owed: [owed('a')] }));
    assert.deepEqual([again.logouts, again.acknowledge], [[], ['a']]);
    const gone = afterVisits(memory, list());
    assert.deepEqual([gone.logouts, gone.acknowledge, gone.memory.visits], [[], [], []]);
  });

  it("takes the agent's word that a visit is cleared: it is not lost when it goes", () => {
    const { memory } = afterVisits(remembering('a'), list({ owed: [owed('a', { cleared: true })] }));
    assert.deepEqual(afterVisits(memory, list()).logouts, []);
  });

  it('is bounded', () => {
    let memory = emptyMemory;
    for (let i = 0; i < 1_500; i++) {
      const { memory: next, logouts } = afterVisits(memory, list({ owed: [owed(`v${i}`)] }));
      memory = afterLogout(next, logouts[0]!);
    }
    assert.equal(memory.done.length, 1_000);
    assert.equal(memory.done.at(-1), 'v1499');
    assert.ok(memorySchema.safeParse(memory).success);
  });

  it('guards the sites of policy and those of guarded visits, open or owed', () => {
    const { memory } = afterVisits(
      emptyMemory,
      list({
        open: [open('a', 'https://a.example', true), open('b', 'https://b.example')],
        owed: [owed('c', { origin: 'https://c.example', guarded: true, cleared: true })],
        guarded: [other],
      }),
    );
    assert.deepEqual([...guardedOrigins(memory)].sort(), ['https://a.example', 'https://c.example', other].sort());
  });

  it('is refused whole where it was changed on disk', () => {
    assert.ok(!memorySchema.safeParse({ ...emptyMemory, more: 1 }).success);
    assert.ok(!memorySchema.safeParse({ ...emptyMemory, visits: [{ id: 'a', origin: journal }] }).success);
  });
});

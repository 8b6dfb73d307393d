import assert from 'node:assert/strict';
import { Leases } from '../../../agent/logout/leases.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { ScriptedCalls, done, failed, over } from './scripted-calls.ts';

describe('The presence leases', () => {
  let clock: FakeClock;
  let calls: ScriptedCalls;
  let present: Set<string>;
  let ended: string[];
  let leases: Leases;
  const start = (id: string, leaseSeconds = 60, host = 'journal'): void => {
    present.add(id);
    leases.start({ id, url: `https://${host}.example.se/${id}`, token: 'T'.repeat(22), leaseSeconds });
  };
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await settle();
  };

  beforeEach(() => {
    clock = new FakeClock();
    calls = new ScriptedCalls();
    present = new Set();
    ended = [];
    leases = new Leases({
      clock,
      call: calls.call,
      isPresent: (id) => present.has(id),
      over: (id) => ended.push(id),
    });
  });

  it('are renewed at once and at every third', async () => {
    start('a');
    await settle();
    assert.deepEqual(calls.pending[0]?.call, {
      url: 'https://journal.example.se/a',
      body: { token: 'T'.repeat(22), event: 'renew', seconds: 60 },
    });
    for (let count = 1; count <= 4; count++) {
      await calls.answer(done);
      await pass(19_999);
      assert.equal(calls.made.length, count);
      await pass(1);
      assert.equal(calls.made.length, count + 1);
    }
  });

  it('are renewed by the time at which the last renewal began', async () => {
    start('a');
    await settle();
    await pass(4_000);
    await calls.answer(done);
    await pass(15_999);
    assert.equal(calls.made.length, 1);
    await pass(1);
    assert.equal(calls.made.length, 2);
  });

  it('are counted from when the renewal was sent, not from when it began to wait its turn', async () => {
    for (const id of ['1', '2', 'a']) start(id);
    await settle();
    clock.advance(4_000);
    await calls.answer(done);
    await calls.answer(done);
    assert.equal(calls.made.length, 3);
    for (const id of ['1', '2']) leases.stop(id);
    await pass(19_999);
    assert.equal(calls.made.length, 3);
    await pass(1);
    assert.equal(calls.made.length, 4);
  });

  it('are renewed at once when a renewal has taken longer than a third', async () => {
    start('a', 10);
    await settle();
    await pass(4_500);
    await calls.answer(done);
    await pass(0);
    assert.equal(calls.made.length, 2);
  });

  it('have one renewal under way at a time', async () => {
    start('a', 10);
    await settle();
    await pass(60_000);
    assert.deepEqual(calls.open, ['https://journal.example.se/a']);
  });

  for (const [what, outcome] of [
    ['fails', failed],
    ['is refused', { outcome: 'refused', status: 403 }],
  ] as const) {
    it(`are tried again within ten seconds when a renewal ${what}`, async () => {
      start('a', 3_600);
      await calls.answer(outcome);
      await pass(9_999);
      assert.equal(calls.made.length, 1);
      await pass(1);
      assert.equal(calls.made.length, 2);
      await calls.answer(done);
      await pass(1_199_999);
      assert.equal(calls.made.length, 2);
      await pass(1);
      assert.equal(calls.made.length, 3);
      assert.deepEqual(ended, []);
    });
  }

  it('are tried again within a third when that is shorter', async () => {
    start('a', 12);
    await calls.answer(failed);
    await pass(3_999);
    assert.equal(calls.made.length, 1);
    await pass(1);
    assert.equal(calls.made.length, 2);
  });

  it('are over when the server says so: told once, and not renewed again', async () => {
    start('a');
    start('b', 60, 'recept');
    await calls.answer(over, (url) => url.endsWith('a'));
    await calls.answer(done);
    assert.deepEqual(ended, ['a']);
    await pass(20_000);
    assert.deepEqual(calls.open, ['https://recept.example.se/b']);
  });

  it('are not renewed for a holder who is not there, and again when he is', async () => {
    start('a');
    await calls.answer(done);
    present.delete('a');
    await pass(20_000);
    await pass(9_000);
    assert.equal(calls.made.length, 1);
    present.add('a');
    await pass(1_000);
    assert.equal(calls.made.length, 2, 'soon after he has come back');
  });

  it('are not renewed at the start either for a holder who is not there', async () => {
    leases.start({ id: 'a', url: 'https://journal.example.se/a', token: 'T'.repeat(22), leaseSeconds: 60 });
    await settle();
    assert.deepEqual(calls.made, []);
  });

  it('are not renewed for a holder who has left while the renewal waited its turn', async () => {
    start('hanging 1');
    start('hanging 2');
    start('a');
    await settle();
    assert.equal(calls.open.length, 2);
    present.delete('a');
    await calls.answer(done);
    assert.equal(calls.made.length, 2);
  });

  it('are not renewed once they are stopped, and what is under way ends', async () => {
    start('a');
    await settle();
    const { signal } = calls.pending[0]!;
    leases.stop('a');
    assert.equal(signal.aborted, true);
    await calls.answer(over);
    await pass(3_600_000);
    assert.deepEqual([calls.made.length, ended, clock.pending], [1, [], 0]);
    leases.stop('unknown');
  });

  it('are not renewed once they are stopped between two renewals', async () => {
    start('a');
    await calls.answer(done);
    assert.equal(clock.pending, 1);
    leases.stop('a');
    assert.equal(clock.pending, 0);
  });

  it('are all stopped together', async () => {
    for (const id of ['a', 'b', 'c', 'd']) start(id);
    await settle();
    leases.stopAll();
    await calls.answer(done);
    await pass(3_600_000);
    assert.deepEqual([calls.made.length, clock.pending], [2, 0]);
  });

  it('are begun anew by another start, as after the sleep of the system', async () => {
    start('a');
    await calls.answer(done);
    await pass(5_000);
    start('a');
    await settle();
    assert.equal(calls.made.length, 2);
    await calls.answer(done);
    await pass(19_999);
    assert.equal(calls.made.length, 2);
    await pass(1);
    assert.equal(calls.made.length, 3);
  });

  it('are renewed once, and at once, by a timer that comes late', async () => {
    start('a');
    await calls.answer(done);
    await pass(8 * 3_600_000);
    assert.equal(calls.open.length, 1);
    await calls.answer(done);
    await pass(20_000);
    assert.equal(calls.open.length, 1);
  });

  it('of a host that hangs hold up no other', async () => {
    for (let count = 0; count < 20; count++) start(String(count), 60, 'hanging');
    start('a', 60, 'recept');
    await settle();
    assert.equal(calls.open.length, 3);
    assert.equal(calls.open.at(-1), 'https://recept.example.se/a');
  });
});

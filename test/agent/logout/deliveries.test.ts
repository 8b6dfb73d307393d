import assert from 'node:assert/strict';
import { Deliveries, type Settlement } from '../../../agent/logout/deliveries.ts';
import { limits } from '../../../shared/limits.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { ScriptedCalls, done, failed } from './scripted-calls.ts';

const epoch = 1_772_000_000_000;

describe('The deliveries of logouts', () => {
  let clock: FakeClock;
  let calls: ScriptedCalls;
  let settled: [id: string, settlement: Settlement][];
  let deliveries: Deliveries;
  const now = (): number => epoch + clock.now();
  const order = (id: string, host = 'journal', since = now()): void =>
    deliveries.deliver({ id, url: `https://${host}.example.se/${id}`, token: 'T'.repeat(22) }, 'card-removed', since);

  beforeEach(() => {
    clock = new FakeClock();
    calls = new ScriptedCalls();
    settled = [];
    deliveries = new Deliveries({
      clock,
      now,
      call: calls.call,
      settled: (id, settlement) => settled.push([id, settlement]),
    });
  });

  it('call the site at once, with token and reason', async () => {
    order('1');
    await settle();
    const body = { token: 'T'.repeat(22), event: 'logout', reason: 'card-removed' };
    assert.deepEqual(
      calls.pending.map(({ call }) => call),
      [{ url: 'https://journal.example.se/1', body }],
    );
    await calls.answer(done);
    assert.deepEqual(settled, [['1', { outcome: 'done' }]]);
    assert.equal(clock.pending, 0);
  });

  it('are settled by a refusal', async () => {
    order('1');
    await calls.answer({ outcome: 'refused', status: 403 });
    clock.advance(limits.callPatience);
    await settle();
    assert.deepEqual(settled, [['1', { outcome: 'refused', status: 403 }]]);
    assert.equal(calls.made.length, 1);
  });

  it('are tried again after a failure, later and later', async () => {
    order('1');
    for (const pause of [500, 1_000, 2_000, 4_000]) {
      await calls.answer(failed);
      clock.advance(pause - 1);
      await settle();
      assert.deepEqual(calls.open, []);
      clock.advance(1);
      await settle();
      assert.equal(calls.open.length, 1);
    }
    await calls.answer(done);
    assert.deepEqual(settled, [['1', { outcome: 'done' }]]);
  });

  it('are given up a day after the order, whichever agent was running when it was given', async () => {
    order('old', 'journal', now() - limits.callPatience + 700);
    await calls.answer(failed);
    clock.advance(500);
    await calls.answer(failed);
    clock.advance(199);
    await settle();
    assert.deepEqual(settled, []);
    clock.advance(1);
    await calls.answer(failed);
    assert.deepEqual(settled, [['old', { outcome: 'given-up' }]]);
    assert.equal(calls.made.length, 3);
    assert.equal(clock.pending, 0);
  });

  it('try even an order that is older than that once', async () => {
    order('ancient', 'journal', 0);
    await calls.answer(done);
    order('ancient, and its site is gone', 'journal', 0);
    await calls.answer(failed);
    assert.deepEqual(settled, [
      ['ancient', { outcome: 'done' }],
      ['ancient, and its site is gone', { outcome: 'given-up' }],
    ]);
  });

  it('give up about 1 450 attempts after an order to a site that never answers', async () => {
    order('1');
    while (settled.length === 0) {
      await calls.answer(failed);
      clock.advance(limits.callPauseCap);
    }
    assert.deepEqual(settled, [['1', { outcome: 'given-up' }]]);
    assert.ok(calls.made.length > 1_400 && calls.made.length < 1_460, String(calls.made.length));
  });

  it('settle each order once, however often it is given while it is under way', async () => {
    order('1');
    order('1');
    await calls.answer(failed);
    order('1');
    clock.advance(500);
    order('1');
    await calls.answer(done);
    assert.deepEqual(settled, [['1', { outcome: 'done' }]]);
    assert.equal(calls.made.length, 2);
  });

  it('to one host that hangs hold up no other', async () => {
    for (let count = 0; count < 20; count++) order(String(count), 'hanging');
    order('other', 'recept');
    await settle();
    assert.deepEqual(calls.open, [
      'https://hanging.example.se/0',
      'https://hanging.example.se/1',
      'https://recept.example.se/other',
    ]);
  });

  it('are eight at a time, and those that have failed wait for those that have not been tried', async () => {
    for (let count = 0; count < 16; count++) order(String(count), `hanging${count}`);
    await settle();
    assert.equal(calls.open.length, 8);
    await calls.answer(failed, (url) => /\/[0-7]$/.test(url));
    clock.advance(500);
    order('new', 'recept');
    await calls.answer(failed, (url) => url.endsWith('/8'));
    assert.equal(calls.made.at(-1), 'https://recept.example.se/new');
  });

  it('call nobody any more once they are stopped', async () => {
    order('calling');
    order('pausing');
    await calls.answer(failed, (url) => url.endsWith('pausing'));
    for (let count = 0; count < 5; count++) order(`waiting${count}`);
    await settle();
    const { signal } = calls.pending[0]!;
    const made = calls.made.length;
    deliveries.stop();
    assert.equal(signal.aborted, true);
    assert.equal(clock.pending, 0);
    await calls.answer(done);
    clock.advance(limits.callPatience);
    order('late');
    await deliveries.drain(2_000);
    assert.equal(clock.pending, 0);
    assert.deepEqual(settled, []);
    assert.equal(calls.made.length, made);
  });
});

describe('The last deliveries before the session ends', () => {
  let clock: FakeClock;
  let calls: ScriptedCalls;
  let settled: string[];
  let deliveries: Deliveries;
  const order = (id: string, host = 'journal'): void =>
    deliveries.deliver({ id, url: `https://${host}.example.se/${id}`, token: 'T'.repeat(22) }, 'session-gone', epoch);

  beforeEach(() => {
    clock = new FakeClock();
    calls = new ScriptedCalls();
    settled = [];
    deliveries = new Deliveries({ clock, now: () => epoch, call: calls.call, settled: (id) => settled.push(id) });
  });
  const drained = async (milliseconds: number): Promise<() => boolean> => {
    let ended = false;
    void deliveries.drain(milliseconds).then(() => (ended = true));
    await settle();
    return () => ended;
  };

  it('are over at once when there is nothing to deliver', async () => {
    assert.equal((await drained(2_000))(), true);
    assert.equal(clock.pending, 0);
  });

  it('wait for no pause, and end when everything is settled', async () => {
    for (const id of ['a', 'b', 'c']) order(id, id);
    for (let failures = 0; failures < 6; failures++) {
      await calls.answer(failed);
      clock.advance(20_000);
    }
    await calls.answer(failed);
    assert.deepEqual(calls.open, []);
    const ended = await drained(2_000);
    assert.equal(calls.open.length, 3);
    await calls.answer(done, (url) => !url.endsWith('c'));
    assert.equal(ended(), false);
    await calls.answer(failed);
    clock.advance(500);
    await calls.answer(done);
    assert.equal(ended(), true);
    assert.deepEqual(settled, ['a', 'b', 'c']);
    assert.equal(clock.pending, 0);
  });

  it('are tried no second time while a call is under way', async () => {
    order('a');
    await calls.answer(failed);
    clock.advance(500);
    await settle();
    await drained(2_000);
    assert.equal(calls.open.length, 1);
  });

  it('wait no longer than they are given, and leave the rest to the next agent', async () => {
    order('hanging');
    const ended = await drained(2_000);
    clock.advance(1_999);
    await settle();
    assert.equal(ended(), false);
    clock.advance(1);
    await settle();
    assert.equal(ended(), true);
    deliveries.stop();
    await calls.answer(done);
    assert.deepEqual(settled, []);
  });

  it('go almost all at once', async () => {
    for (let count = 0; count < 40; count++) order(String(count), `host${count % 20}`);
    await settle();
    assert.equal(calls.open.length, 8);
    await drained(2_000);
    assert.equal(calls.open.length, 40);
  });

  it('are bounded even then', async () => {
    for (let count = 0; count < 500; count++) order(String(count), `host${count % 5}`);
    await drained(2_000);
    assert.equal(calls.open.length, 64);
  });

  it('end with a stop', async () => {
    order('hanging');
    const ended = await drained(2_000);
    deliveries.stop();
    await settle();
    assert.equal(ended(), true);
    assert.equal(clock.pending, 0);
  });
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  PendingRequests,
  waitForAgent,
  waitWhenGone,
  type Outcome,
  type Question,
} from '../../extension/background/pending.ts';
import { type ClientMessage } from '../../shared/messages.ts';
import { FakeClock } from './fake-clock.ts';

const question: Question = {
  type: 'request',
  verb: 'status',
  language: 'sv',
  caller: { kind: 'page', origin: 'https://journal.example' },
};

function table() {
  const clock = new FakeClock();
  const sent: ClientMessage[] = [];
  let number = 0;
  const pending = new PendingRequests({
    post: (message) => sent.push(message),
    newId: () => `r${++number}`,
    later: clock.later,
  });
  const outcomes: Outcome[] = [];
  const ask = (): string => pending.ask(question, (outcome) => outcomes.push(outcome));
  return { clock, sent, pending, outcomes, ask };
}

describe('requests on their way to the agent', () => {
  it('are sent at once to an agent that is there, with an id of our own', () => {
    const { pending, sent, ask } = table();
    pending.connected();
    ask();
    assert.deepEqual(sent, [{ ...question, id: 'r1' }]);
  });

  it('wait for the agent in the order in which they were asked', () => {
    const { pending, sent, ask } = table();
    ask();
    ask();
    assert.equal(sent.length, 0);
    pending.connected();
    assert.deepEqual(
      sent.map((message) => 'id' in message && message.id),
      ['r1', 'r2'],
    );
  });

  it('fail when no agent comes in time, and are not sent afterwards', () => {
    const { clock, pending, sent, outcomes, ask } = table();
    ask();
    clock.advance(waitForAgent - 1);
    assert.deepEqual(outcomes, []);
    clock.advance(1);
    assert.deepEqual(outcomes, [{ error: { code: 'ERR_AGENT_NOT_RUNNING' } }]);
    pending.connected();
    assert.equal(sent.length, 0);
    assert.ok(clock.now() < 5_000);
  });

  it('have no time limit once they are sent: the holder may take his time', () => {
    const { clock, pending, outcomes, ask } = table();
    ask();
    pending.connected();
    clock.advance(3_600_000);
    assert.deepEqual(outcomes, []);
    assert.equal(clock.waiting, 0);
  });

  it('are told sooner why there is no agent, where the host has said it', () => {
    const { clock, pending, outcomes, ask } = table();
    pending.lost('ERR_AGENT_PROOF');
    ask();
    clock.advance(waitWhenGone);
    assert.deepEqual(outcomes, [{ error: { code: 'ERR_AGENT_PROOF' } }]);
  });

  it('wait in full for an agent that only restarts', () => {
    const { clock, pending, outcomes, ask } = table();
    pending.lost('ERR_AGENT_STOPPED');
    ask();
    clock.advance(waitWhenGone);
    assert.deepEqual(outcomes, []);
  });

  it('all fail with the connection, and nothing is sent again', () => {
    const { pending, sent, outcomes, ask } = table();
    pending.connected();
    ask();
    ask();
    pending.lost(undefined);
    assert.deepEqual(outcomes, [{ error: { code: 'ERR_AGENT_STOPPED' } }, { error: { code: 'ERR_AGENT_STOPPED' } }]);
    pending.connected();
    assert.equal(sent.length, 2);
    assert.equal(pending.size, 0);
  });

  it('are cancelled at the agent only where it knows of them', () => {
    const { pending, sent, outcomes, ask } = table();
    pending.cancel(ask());
    pending.connected();
    assert.equal(sent.length, 0);
    pending.cancel(ask());
    assert.deepEqual(sent.at(-1), { type: 'cancel', id: 'r2' });
    pending.cancel('r2');
    assert.equal(sent.length, 2);
    assert.deepEqual(outcomes, []);
  });

  it('take no answer after they were cancelled, and none twice', () => {
    const { pending, outcomes, ask } = table();
    pending.connected();
    const cancelled = ask();
    pending.cancel(cancelled);
    pending.settle(cancelled, { result: 1 });
    const answered = ask();
    pending.settle(answered, { result: 2 });
    pending.settle(answered, { result: 3 });
    pending.lost(undefined);
    assert.deepEqual(outcomes, [{ result: 2 }]);
  });

  it('end exactly once each, whatever happens in whatever order', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('ask', 'connect', 'lose', 'answer', 'wait'), fc.nat(5)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (script) => {
        const { clock, pending, sent } = table();
        const ends: number[] = [];
        const ids: string[] = [];
        for (const [step, number] of script) {
          if (step === 'ask') {
            const index = ids.length;
            ends[index] = 0;
            ids.push(pending.ask(question, () => void (ends[index] = (ends[index] ?? 0) + 1)));
          } else if (step === 'connect') pending.connected();
          else if (step === 'lose') pending.lost(undefined);
          else if (step === 'answer') pending.settle(ids[number] ?? '', { result: number });
          else clock.advance(number * 1_000);
        }
        pending.lost(undefined);
        assert.deepEqual(
          ends,
          ends.map(() => 1),
        );
        assert.equal(pending.size, 0);
        assert.equal(clock.waiting, 0);
        const requests = sent.filter(({ type }) => type === 'request').map((message) => 'id' in message && message.id);
        assert.equal(new Set(requests).size, requests.length);
      }),
    );
  });
});

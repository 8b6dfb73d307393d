// Who waits at a module host, who gives up, and that nothing is left of either.
import assert from 'node:assert/strict';
import { ask, type HostQuestion, type Job } from '../../../agent/tokens/host-job.ts';
import { HostQueue } from '../../../agent/tokens/host-queue.ts';
import { TokenError } from '../../../agent/tokens/token.ts';
import { failsWith } from './simulated-world.ts';

const status = (handle: string): HostQuestion => ({ call: 'pinStatus', handle });
const enough = new Error('enough');

describe('The queue at a module host', () => {
  let queue: HostQueue;
  const add = (handle: string, signal?: AbortSignal, bytes = Buffer.alloc(0)): Promise<unknown> => {
    const answer = ask(
      status(handle),
      bytes,
      true,
      (result) => result,
      (job) => queue.add(job, signal),
    );
    answer.catch(() => undefined);
    return answer;
  };
  const handleOf = (job: Job | undefined): unknown => job?.question.call === 'pinStatus' && job.question.handle;
  beforeEach(() => {
    queue = new HostQueue();
  });

  it('is first come, first served', () => {
    void add('a');
    void add('b');
    assert.deepEqual([handleOf(queue.next()), handleOf(queue.next()), queue.next()], ['a', 'b', undefined]);
  });

  it('is left by whoever gives up, with his own reason, and his bytes are zeroed', async () => {
    const asker = new AbortController();
    const pin = Buffer.from('246810');
    void add('a');
    const given = add('b', asker.signal, pin);
    void add('c');
    asker.abort(enough);
    await assert.rejects(given, (error) => error === enough);
    assert.deepEqual([...pin], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual([handleOf(queue.next()), handleOf(queue.next()), queue.next()], ['a', 'c', undefined]);
  });

  it('is not entered by whoever had given up before', async () => {
    const pin = Buffer.from('246810');
    await assert.rejects(add('a', AbortSignal.abort(enough), pin), (error) => error === enough);
    assert.deepEqual([...pin], [0, 0, 0, 0, 0, 0]);
    assert.equal(queue.next(), undefined);
  });

  it('has nothing more to say of a job whose turn has come', async () => {
    const asker = new AbortController();
    const answer = add('a', asker.signal);
    const job = queue.next();
    void add('b');
    asker.abort(enough);
    assert.equal(handleOf(queue.next()), 'b');
    job?.settle({ id: 1, result: 'answer' }, Buffer.alloc(0));
    assert.equal(await answer, 'answer');
  });

  it('lets several calls of one request go at once', async () => {
    const asker = new AbortController();
    const answers = ['a', 'b', 'c'].map((handle) => add(handle, asker.signal));
    asker.abort(enough);
    for (const answer of answers) await assert.rejects(answer, (error) => error === enough);
    assert.equal(queue.next(), undefined);
  });

  it('fails everybody when the host is over, once', async () => {
    const asker = new AbortController();
    const answers = [add('a', asker.signal), add('b')];
    queue.failAll(new TokenError('ERR_AGENT_STOPPED'));
    asker.abort(enough);
    for (const answer of answers) await assert.rejects(answer, failsWith('ERR_AGENT_STOPPED'));
    assert.equal(queue.next(), undefined);
  });

  it('is full with 64 calls, until one of them is gone', () => {
    const asker = new AbortController();
    for (let n = 1; n < 64; n += 1) void add('a');
    assert.equal(queue.isFull, false);
    void add('b', asker.signal);
    assert.equal(queue.isFull, true);
    asker.abort(enough);
    assert.equal(queue.isFull, false);
  });
});

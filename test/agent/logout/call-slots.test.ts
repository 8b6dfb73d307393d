import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CallSlots, hostOf } from '../../../agent/logout/call-slots.ts';
import { settle } from '../fake-clock.ts';

/** Tasks that run until the test ends them. */
function tasks(slots: CallSlots) {
  const running: { name: string; host: string; end: (how?: Error) => void }[] = [];
  const start = (name: string, host: string, rank = 0): Promise<string> =>
    slots.run(host, rank, () => {
      return new Promise((resolve, reject) => {
        const end = (error?: Error) => {
          running.splice(
            running.findIndex((task) => task.name === name),
            1,
          );
          if (error === undefined) resolve(name);
          else reject(error);
        };
        running.push({ name, host, end });
      });
    });
  const names = async (): Promise<string[]> => {
    await settle();
    return running.map(({ name }) => name);
  };
  return { running, start, names };
}

describe('The slots for calls', () => {
  it('let so many run at a time, and so many to one host, and the others pass by', async () => {
    const { running, start, names } = tasks(new CallSlots({ total: 3, perHost: 2 }));
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']) void start(name, name.charAt(0));
    assert.deepEqual(await names(), ['a1', 'a2', 'b1']);
    running[0]?.end();
    assert.deepEqual(await names(), ['a2', 'b1', 'a3']);
    running[1]?.end();
    assert.deepEqual(await names(), ['a2', 'a3', 'b2']);
  });

  it('take the lowest rank first, then the oldest', async () => {
    const { running, start, names } = tasks(new CallSlots({ total: 1, perHost: 1 }));
    void start('first', 'a', 5);
    for (const [name, rank] of [
      ['late', 7],
      ['x', 3],
      ['y', 0],
      ['z', 3],
      ['w', 0],
    ] as const)
      void start(name, name, rank);
    const order: string[] = [];
    for (let [name] = await names(); name !== undefined; [name] = await names()) {
      order.push(name);
      running[0]?.end();
    }
    assert.deepEqual(order, ['first', 'y', 'w', 'x', 'z', 'late']);
  });

  it('are given back by a task that fails', async () => {
    const { running, start, names } = tasks(new CallSlots({ total: 1, perHost: 1 }));
    const first = start('first', 'a');
    const second = start('second', 'a');
    await settle();
    running[0]?.end(new Error('broken'));
    await assert.rejects(first, /broken/);
    assert.deepEqual(await names(), ['second']);
    running[0]?.end();
    assert.equal(await second, 'second');
  });

  it('can be made more while calls wait', async () => {
    const slots = new CallSlots({ total: 1, perHost: 1 });
    const { start, names } = tasks(slots);
    for (const name of ['a1', 'a2', 'a3', 'b1']) void start(name, name.charAt(0));
    slots.setLimits({ total: 3, perHost: 2 });
    assert.deepEqual(await names(), ['a1', 'a2', 'b1']);
  });

  it('never pass their limits and leave nobody waiting, whatever comes and goes', async () => {
    const step = fc.record({ host: fc.constantFrom('a', 'b', 'c'), rank: fc.nat(3), ends: fc.nat(10) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { running, start } = tasks(new CallSlots({ total: 4, perHost: 2 }));
        const all: Promise<string>[] = [];
        const look = async () => {
          await settle();
          assert.ok(running.length <= 4);
          for (const host of ['a', 'b', 'c']) assert.ok(running.filter((task) => task.host === host).length <= 2);
        };
        for (const [index, { host, rank, ends }] of steps.entries()) {
          all.push(start(String(index), host, rank));
          running[ends]?.end();
          await look();
        }
        while (running.length > 0) {
          running[0]?.end();
          await look();
        }
        assert.equal((await Promise.all(all)).length, steps.length);
      }),
      { numRuns: 50 },
    );
  });

  it('count by the host of an address, ports aside', () => {
    assert.equal(hostOf('https://journal.example.se:8443/ut'), 'journal.example.se');
    assert.equal(hostOf('no address'), '');
  });
});

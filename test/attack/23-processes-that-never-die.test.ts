// 23: whoever ends, and however, nobody is left over: no native host without its browser, no module host and no dialog without
// their agent, no zombie. And the user has a definite answer in five seconds, and the next login works.
import assert from 'node:assert/strict';
import { isAlive, until } from '../../demo/demo-agent.ts';
import { pause } from '../native-host/within.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { type Answer, codeOf, type HostClient } from '../support/host-client.ts';
import { childrenOf, descendantsOf } from '../support/processes.ts';
import { honestLogin, journal, newNonce, startTarget, type Target, withoutKeyUse } from './target.ts';

/** From the end of stdin to the end of the native host, in milliseconds. */
const hostEndTime = 2_000;
const answerTime = 5_000;

describe('23 host processes that never die', function () {
  this.timeout(40_000);
  let target: Target;

  before(async () => {
    target = await startTarget();
  });
  after(async () => target.agent.stop());

  /** The processes of these parts that run, waited for until there are `count` of them. */
  async function settleAt(
    count: number,
    part: 'native-host' | 'module-host' | 'pinentry' | 'agent',
    agent = target.agent,
  ): Promise<void> {
    const counted = () => agent.processesNamed(part).length === count;
    await until(counted, 5_000, `not ${count} ${part}`).catch(() =>
      assert.equal(agent.processesNamed(part).length, count, part),
    );
  }

  /** A login whose dialog is open. */
  async function openDialog(host: HostClient): Promise<{ answer: Promise<Answer> }> {
    target.agent.pinentry.reset();
    const { answer } = host.authenticate('https://first.example', newNonce());
    answer.catch(() => undefined);
    await target.agent.pinentry.waitForDialog();
    return { answer };
  }

  /** A login whose driver hangs. */
  async function openHang(host: HostClient): Promise<{ answer: Promise<Answer> }> {
    await honestLogin(target, host);
    await target.agent.simulator.hangAt('sign');
    const { answer } = host.authenticate(journal, newNonce());
    answer.catch(() => undefined);
    await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
    return { answer };
  }

  /** The next login of a new native host, which starts an agent if there is none; then everything is as before. */
  async function loginAfterwards(): Promise<void> {
    const next = await target.agent.host();
    await honestLogin(target, next);
    await forgetPin(next);
    await next.end();
  }

  /** Nothing is left of an agent that has ended, and no child of ours waits to be asked how it ended. */
  async function assertNothingLeft(): Promise<void> {
    for (const part of ['agent', 'module-host', 'pinentry'] as const) await settleAt(0, part);
  }

  async function forgetPin(host: HostClient): Promise<void> {
    await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
  }

  describe('a native host ends within two seconds of its stdin', () => {
    const states: readonly (readonly [string, () => Promise<HostClient>, (() => void)?])[] = [
      ['just started', () => Promise.resolve(target.agent.rawHost())],
      ['connected', () => target.agent.host()],
      [
        'with a dialog open',
        async () => {
          const host = await target.agent.host();
          await forgetPin(host);
          await openDialog(host);
          return host;
        },
      ],
      [
        'with half a message in',
        async () => {
          const host = await target.agent.host();
          host.sendBytes(Buffer.from([200, 0, 0, 0, 0x7b]));
          return host;
        },
      ],
      [
        'with a browser that reads nothing',
        async () => {
          const host = await target.agent.host();
          host.child.stdout.pause();
          for (let i = 0; i < 150; i++)
            host.send({ type: 'request', id: `r${i}`, language: 'en', verb: 'certificates', caller: { kind: 'user' } });
          return host;
        },
      ],
      [
        'with an agent that stands still',
        async () => {
          const host = await target.agent.host();
          process.kill(target.agent.processId ?? 0, 'SIGSTOP');
          host.send({ type: 'request', id: 'x', language: 'en', verb: 'status', caller: { kind: 'user' } });
          return host;
        },
        () => process.kill(target.agent.processId ?? 0, 'SIGCONT'),
      ],
    ];
    for (const [what, bring, undo] of states) {
      it(what, async () => {
        await withoutKeyUse(target, async () => {
          const host = await bring();
          try {
            const { took } = await host.end();
            assert.ok(took < hostEndTime, `${Math.round(took)} ms`);
          } finally {
            undo?.();
          }
        });
        await settleAt(0, 'native-host');
        await settleAt(0, 'pinentry');
        await loginAfterwards();
      });
    }

    it('with no agent to be had, and in the pause before the next attempt', async () => {
      // A program that cannot run an agent: every attempt fails, and none leaves a process behind.
      const lonely = AgentUnderTest.make({ environment: { XDG_RUNTIME_DIR: '/proc/none' } });
      try {
        const host = lonely.rawHost();
        await host.until((message) => message.type === 'agent' && message.state === 'gone');
        await pause(1_000);
        const { took } = await host.end();
        assert.ok(took < hostEndTime, `${Math.round(took)} ms`);
        await until(() => lonely.processes.length === 0, 5_000, 'left over').catch(() =>
          assert.deepEqual(lonely.processes, []),
        );
      } finally {
        await lonely.stop();
      }
    });

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      it(`and at once by ${signal}`, async () => {
        const host = await target.agent.host();
        const since = performance.now();
        host.child.kill(signal);
        assert.ok((await host.exit).at - since < hostEndTime);
      });
    }
  });

  it('a native host that is killed takes its dialog with it, and spends nothing', async () => {
    await withoutKeyUse(target, async () => {
      const host = await target.agent.host();
      await openDialog(host);
      host.child.kill('SIGKILL');
      await settleAt(0, 'pinentry');
    });
    await loginAfterwards();
  });

  describe('an agent that ends takes module host and dialog with it, and whoever waited is told', () => {
    const works: readonly (readonly [
      string,
      (host: HostClient) => Promise<{ answer: Promise<Answer> } | undefined>,
    ])[] = [
      ['idle', () => Promise.resolve(undefined)],
      ['with a dialog open', openDialog],
      ['with a driver that hangs', openHang],
    ];
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      for (const [what, begin] of works) {
        it(`${signal}, ${what}`, async () => {
          const host = await target.agent.host();
          const work = await begin(host);
          const since = performance.now();
          // No native host may start the next agent while we count.
          const parts = target.agent.processes.filter(({ part }) => part !== 'native-host');
          assert.ok(parts.some(({ part }) => part === 'module-host'));
          const answered = work?.answer.then((answer) => [codeOf(answer), performance.now() - since] as const);
          await target.agent.kill(signal);
          if (answered !== undefined) {
            const [code, took] = await answered;
            assert.equal(code, 'ERR_AGENT_STOPPED');
            assert.ok(took < answerTime, `${Math.round(took)} ms`);
          }
          const left = () => parts.filter(({ processId }) => isAlive(processId));
          await until(() => left().length === 0, 5_000, 'left over').catch(() => assert.deepEqual(left(), []));
          await host.end();
          await loginAfterwards();
        });
      }
    }
  });

  it('a module host that is killed in the middle of a signature: told as it is, not repeated, started again', async () => {
    const host = await target.agent.host();
    const { answer } = await openHang(host);
    const [moduleHost = 0] = target.agent.processesNamed('module-host');
    const since = performance.now();
    process.kill(moduleHost, 'SIGKILL');
    assert.equal(codeOf(await answer), 'ERR_AGENT_DRIVER_CRASHED');
    assert.ok(performance.now() - since < answerTime);
    await until(() => target.agent.processesNamed('module-host').length === 1, 5_000, 'no new module host');
    assert.equal((await target.agent.keyUse('anna')).signatures, 0, 'the signature was repeated by itself');
    await host.end();
    await loginAfterwards();
  });

  it('ten native hosts that start at once without an agent make one agent', async () => {
    await target.agent.kill('SIGTERM');
    await assertNothingLeft();
    const hosts = await Promise.all(Array.from({ length: 10 }, () => target.agent.host()));
    await settleAt(1, 'agent');
    await settleAt(1, 'module-host');
    for (const host of hosts)
      assert.equal(codeOf(await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer), undefined);
    const ends = await Promise.all(hosts.map((host) => host.end()));
    for (const { took } of ends) assert.ok(took < hostEndTime, `${Math.round(took)} ms`);
    await settleAt(1, 'agent');
    await loginAfterwards();
  });

  it('dialogs and drivers that have ended leave no zombie', async () => {
    const host = await target.agent.host();
    for (const answer of ['crash', 'garbage', 'timeout', 'not-ok', 'ok'] as const) {
      const { answer: outcome } = await openDialog(host);
      target.agent.pinentry.answer(answer);
      await outcome;
    }
    await target.agent.simulator.crashAt('login');
    const { answer } = await openDialog(host);
    target.agent.pinentry.answer(`pin ${target.anna.pin}`);
    assert.equal(codeOf(await answer), 'ERR_AGENT_DRIVER_CRASHED');
    await host.end();
    await loginAfterwards();
    const { processId = 0 } = target.agent;
    await until(() => childrenOf(processId).length === 1, 5_000, 'more than the module host').catch(() => undefined);
    assert.deepEqual(
      childrenOf(processId).map(({ state, command }) => [state === 'Z', command.includes('module-host')]),
      [[false, true]],
    );
    assert.deepEqual(
      descendantsOf(process.pid).filter(({ state }) => state === 'Z'),
      [],
    );
  });
});

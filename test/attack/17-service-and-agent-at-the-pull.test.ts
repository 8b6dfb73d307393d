// 17: what else may break in the very moment in which the card is pulled or exchanged: the smart-card service restarts, the driver's
// process is killed, the agent is killed, and the next one too. The site is called once for the session, and whoever comes next is
// asked for his own PIN. The same with browsers, many times and at random, stands in test/removal.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, until } from '../../demo/demo-agent.ts';
import { type HostClient } from '../support/host-client.ts';
import { attempt, nameOf, RegisteredSite } from './registered-site.ts';
import { honestLogin, startTarget, type Target } from './target.ts';

describe('17 service and agent at the pull', function () {
  this.timeout(60_000);
  let site: RegisteredSite;
  let target: Target;
  let host: HostClient;

  before(async () => {
    site = await RegisteredSite.start();
    target = await startTarget({
      policy: { sites: [{ origin: site.origin, access: 'silent' }], logout: { authorities: site.authorities } },
    });
    host = await target.agent.host();
  });
  after(async () => {
    await target.agent.stop();
    await site.stop();
  });
  afterEach(async () => {
    const { simulator } = target.agent;
    await simulator.startService();
    await simulator.remove();
    await simulator.insert('anna');
    host = await target.agent.host();
    await honestLogin(target, host, site.origin);
  });

  /** How often PINs were sent and signatures made: of every card, since the simulator started. */
  async function use(): Promise<number> {
    const { cards } = await target.agent.simulator.state();
    return Object.values(cards).reduce((sum, { logins, signatures }) => sum + logins + signatures, 0);
  }

  /** The reader holds his card: the next request asks him, and nobody else, and his login works. Her session is over, once. */
  async function assertNextIsHis(hers: string, reasons: readonly string[]): Promise<void> {
    const { anna, bertil } = target;
    const before = await use();
    const outcome = await attempt(target, host, site.origin);
    assert.ok('dialog' in outcome && outcome.dialog.kind === 'pin', JSON.stringify(outcome));
    assert.ok(outcome.dialog.description.includes(nameOf(bertil)), outcome.dialog.description);
    assert.ok(!outcome.dialog.description.includes(nameOf(anna)), outcome.dialog.description);
    assert.equal(await use(), before);
    const his = await site.logIn(target, host, bertil);
    await site.ended(hers);
    const [reason, ...more] = site.endings(hers);
    assert.ok(reason !== undefined && reasons.includes(reason), reason);
    assert.deepEqual(more, [], 'the site is called again');
    assert.deepEqual(site.endings(his), [], 'the next holder is logged out');
  }

  const restarts: readonly (readonly [string, (target: Target) => Promise<unknown>])[] = [
    [
      'right after',
      async ({ agent: { simulator } }) => {
        await simulator.remove();
        await simulator.stopService();
        await simulator.startService();
      },
    ],
    [
      'around',
      async ({ agent: { simulator } }) => {
        await simulator.stopService();
        await simulator.remove();
        await simulator.startService();
      },
    ],
    [
      'right before, and again and again after',
      async ({ agent: { simulator } }) => {
        await simulator.stopService();
        await simulator.startService();
        await simulator.remove();
        for (let again = 0; again < 4; again++) {
          await simulator.stopService();
          await simulator.startService();
        }
      },
    ],
  ];
  for (const [when, pull] of restarts) {
    it(`a smart-card service that restarts ${when} the pull hides it from nobody`, async () => {
      const hers = await site.logIn(target, host, target.anna);
      const before = await use();
      await pull(target);
      await site.ended(hers);
      assert.equal(await use(), before);
      await target.agent.simulator.insert('bertil');
      await assertNextIsHis(hers, ['card-removed']);
    });
  }

  it('a card that is exchanged while the service is away is another one when it is back', async () => {
    const { simulator } = target.agent;
    const hers = await site.logIn(target, host, target.anna);
    const before = await use();
    await simulator.stopService();
    await simulator.swap('bertil', { unseen: true, verified: true });
    await simulator.startService();
    await site.ended(hers);
    assert.equal(await use(), before);
    await assertNextIsHis(hers, ['card-exchanged']);
  });

  const kills: readonly (readonly [string, () => Promise<void>, () => Promise<void>])[] = [
    ['the agent is killed', killAgent, newAgent],
    [
      'the agent is killed, and the next two as soon as they are there',
      killAgent,
      async () => {
        for (let next = 0; next < 2; next++) {
          await newAgent();
          await killAgent();
        }
        await newAgent();
      },
    ],
    ["the driver's process is killed", killDriver, () => Promise.resolve()],
  ];
  for (const [what, kill, recover] of kills) {
    it(`${what}, and the card is gone before another is there to look`, async () => {
      const { agent, anna } = target;
      const hers = await site.logIn(target, host, anna);
      await kill();
      pullBehindItsBack();
      await recover();
      await site.ended(hers);
      // A simulator that was killed counts from zero.
      assert.equal(await use(), 0);
      await agent.simulator.insert('bertil');
      host = await agent.host();
      await assertNextIsHis(hers, ['card-removed']);
    });
  }

  /** While nobody plays the card: what is in the readers stands in a file, so that it stays in when the simulator ends. */
  function pullBehindItsBack(): void {
    const path = join(target.agent.simulatorDirectory, 'readers.json');
    const { connection, readers } = JSON.parse(readFileSync(path, 'utf8')) as { connection: number; readers: object[] };
    writeFileSync(path, JSON.stringify({ connection, readers: readers.map(() => ({ card: null, events: 100 })) }));
  }

  async function killAgent(): Promise<void> {
    await target.agent.kill('SIGKILL');
  }

  /** One that a native host has started. */
  async function newAgent(): Promise<void> {
    await until(() => target.agent.processId !== undefined, 15_000, 'no new agent is started');
  }

  async function killDriver(): Promise<void> {
    const [driver] = target.agent.processesNamed('module-host');
    assert.ok(driver !== undefined);
    process.kill(driver, 'SIGKILL');
    await until(() => !isAlive(driver), 5_000, 'the driver does not end');
  }
});

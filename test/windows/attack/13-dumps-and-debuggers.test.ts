// 13: another program of the same user, with nothing but that user's rights, at the processes that have seen a PIN: their memory, their
// handles, a debugger, Node's own inspector, the switches that open it, and what a crash leaves behind.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../demo/demo-agent.ts';
import { type HostClient } from '../../support/host-client.ts';
import { type WineProcess } from '../lane/wine.ts';
import { attackDesk, type AttackDesk, describeAtDesk, hostile, installed } from './attack-desk.ts';
import { layTraps, type Traps } from './traps.ts';

const accessDenied = 5;

/** SYNCHRONIZE, PROCESS_TERMINATE and the two that query. */
const allowed = 0x101401;
/** DELETE, READ_CONTROL, WRITE_DAC, WRITE_OWNER: Wine gives them to the owner and to administrators whatever the list says. */
const givenByWine = 0xf0000;
const askedOfWine = ['changeList', 'changeOwner'];

describeAtDesk('13 dumps and debuggers on Windows', function () {
  this.timeout(60_000);
  let desk: AttackDesk;
  let host: HostClient;
  let victim: WineProcess;
  let unprotected: number;

  before(async () => {
    desk = await attackDesk();
    // What every attack here does to a program that has not closed itself: the attacks work.
    victim = desk.desk.wine.start(desk.node('-e', 'setInterval(() => undefined, 1000)'));
    let found: number[] = [];
    await until(async () => (found = await desk.processes('node.exe')).length === 1, 10_000, 'no Node to attack');
    [unprotected = -1] = found;
    host = await desk.host().ready();
    await desk.honestLogin(host);
  });
  after(async () => {
    await victim.kill();
    await host.end();
    await desk.kortbro(['forget-pin']);
  });

  async function intrude(processId: number): Promise<Record<string, number>> {
    const { output } = await desk.run([desk.tool('intruder.exe'), String(processId), 'C:\\memory.dmp']);
    return JSON.parse(output) as Record<string, number>;
  }

  /** What `process._debugProcess` comes to. */
  async function knock(processId: number): Promise<string> {
    const code = `try { process._debugProcess(${processId}); console.log('opened'); } catch (error) { console.log(error.syscall, error.errno); }`;
    return (await desk.run(desk.node('-e', code))).output.trim();
  }

  it('a program that has not closed itself gives everything away: memory, handles, a dump, a debugger, a thread', async () => {
    const report = await intrude(unprotected);
    const { maximum, ...outcomes } = report;
    assert.equal(maximum, 0x1fffff);
    assert.deepEqual(
      Object.entries(outcomes).filter(([, outcome]) => outcome !== 0),
      [],
    );
    const dump = desk.disk('C:\\memory.dmp');
    assert.ok(statSync(dump).size > 0);
  });

  it('agent and module host, a PIN-SSO under way, let nobody read, write, copy, start a thread, debug or dump', async () => {
    const processes = await desk.processes('kortbro-agent.exe');
    assert.equal(processes.length, 2, 'agent and module host');
    await desk.withoutKeyUse(async () => {
      for (const processId of processes) {
        const { maximum = -1, dump, ...outcomes } = await intrude(processId);
        for (const [what, outcome] of Object.entries(outcomes))
          if (!askedOfWine.includes(what)) assert.equal(outcome, accessDenied, what);
        assert.equal((maximum & ~givenByWine) >>> 0, allowed, maximum.toString(16));
        assert.notEqual(dump, 0);
        assert.equal(statSync(desk.disk('C:\\memory.dmp')).size, 0);
      }
    });
    await desk.honest();
  });

  it("Node's door for debuggers is shut in agent, module host, native host and command", async () => {
    assert.equal(await knock(unprotected), 'opened');
    await until(() => desk.listeners().length === 1, 5_000, 'no inspector in the program that has not closed itself');
    await victim.kill();
    await until(() => desk.listeners().length === 0, 5_000, 'an inspector is left');

    const [agent = -1] = desk.ownProcesses('kortbro-agent.exe');
    for (const processId of await desk.processes('kortbro-agent.exe'))
      assert.equal(await knock(processId), 'OpenProcess 5');
    const browsers = await desk.processes('kortbro.exe');
    assert.equal(browsers.length, 1);
    // A command waits for an agent that does not answer.
    process.kill(agent, 'SIGSTOP');
    const status = desk.desk.wine.start([`${installed}\\kortbro.exe`, 'status']);
    try {
      let others: number[] = [];
      const isThere = async () => (others = await desk.processes('kortbro.exe')).length === 3;
      await until(isThere, 5_000, 'no command with a native host of its own');
      const outcomes = await Promise.all(others.map(knock));
      // What a second program would write the address of its inspector into is not there.
      assert.deepEqual(outcomes, ['OpenFileMappingW 2', 'OpenFileMappingW 2', 'OpenFileMappingW 2']);
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await status.ended;
    assert.deepEqual(desk.listeners(), []);
    await desk.honest();
  });

  it('a crash of the agent leaves no dump, no report and no debugger that waits, and the next agent works', async () => {
    const before = leftBehind(desk);
    const [agent = -1] = desk.ownProcesses('kortbro-agent.exe');
    await desk.withoutKeyUse(async () => {
      process.kill(agent, 'SIGSEGV');
      await until(() => !desk.ownProcesses('').includes(agent), 10_000, 'the agent lives on');
    });
    assert.deepEqual(leftBehind(desk), before);
    assert.deepEqual(await desk.processes('winedbg.exe'), []);
    await desk.honest();
  });

  describe('switches of Node', () => {
    let traps: Traps;
    before(async () => {
      traps = layTraps(desk);
      await host.end();
      await desk.endAll();
    });
    after(() => desk.endAll());
    beforeEach(() => traps.reset());

    it("work on Windows's own Node", async () => {
      await desk.run(desk.node('-e', '0'), traps.environment);
      assert.ok(
        traps.sprung().some((line) => /node\.exe .*mark\.cjs$/.test(line)),
        traps.sprung().join('\n'),
      );
      for (const written of ['compiled', 'coverage']) assert.ok(traps.sprung().includes(written), written);
      traps.reset();
      await desk.run([desk.tool('node.exe'), ...traps.switches, '-e', '0']);
      assert.ok(traps.sprung().some((line) => /node\.exe .*mark\.cjs$/.test(line)));
    });

    it('have no effect by the environment, in any of the four', async () => {
      const agent = desk.desk.wine.start([`${installed}\\kortbro-agent.exe`], { environment: traps.environment });
      await desk.withoutKeyUse(async () => {
        await desk.moduleHostThere();
        const own = await desk.host(traps.environment).ready();
        const { status, output } = await desk.kortbro(['status', '--language', 'en'], traps.environment);
        assert.equal(status, 0, output);
        assert.deepEqual(desk.listeners(), []);
        await own.end();
        await desk.endAll();
        await agent.ended;
        assert.deepEqual(traps.sprung(), []);
      });
      await desk.honest();
      await desk.endAll();
    });

    it('a configuration of OpenSSL that names a library is not read, and stops nobody', async () => {
      const lines = ['nodejs_conf = init', '[init]', 'providers = list', '[list]', 'planted = planted', '[planted]'];
      const library = ['module = C:\\\\Hostile\\\\planted.dll', 'activate = 1', ''];
      writeFileSync(desk.disk('C:\\openssl.cnf'), [...lines, ...library].join('\n'));
      const environment = { OPENSSL_CONF: 'C:\\openssl.cnf', OPENSSL_MODULES: hostile };
      await desk.run(desk.node('-e', '0'), environment);
      assert.match(traps.sprung().join('\n'), /node\.exe .*planted\.dll$/i, 'the trap does not work');
      traps.reset();
      const agent = desk.desk.wine.start([`${installed}\\kortbro-agent.exe`], { environment });
      const { status, output } = await desk.kortbro(['status'], environment);
      await desk.endAll();
      await agent.ended;
      assert.deepEqual(traps.sprung(), []);
      assert.equal(status, 0, output);
    });

    it('a module that Node would load beside its own is refused by a program that does not start', async () => {
      const environment = { NODE_REPL_EXTERNAL_MODULE: 'C:\\Hostile\\external.js' };
      await desk.withoutKeyUse(async () => {
        for (const program of ['kortbro-agent.exe', 'kortbro.exe']) {
          const { status, output } = await desk.run([`${installed}\\${program}`, 'status'], environment);
          assert.equal(status, 9);
          assert.match(output, /NODE_REPL_EXTERNAL_MODULE can't be used/);
        }
        assert.deepEqual(traps.sprung(), []);
      });
      await desk.honest();
      await desk.endAll();
    });

    it('have no effect on the command line, in any of the four', async () => {
      const agent = desk.desk.wine.start([`${installed}\\kortbro-agent.exe`, ...traps.switches]);
      await desk.withoutKeyUse(async () => {
        await desk.moduleHostThere();
        const { status } = await desk.kortbro([...traps.switches, 'status']);
        assert.equal(status, 2);
        assert.equal((await desk.kortbro(['-e', 'process.exit(9)'])).status, 2);
        const relayed = [desk.tool('relay.exe'), `${installed}\\kortbro.exe`, '--command', ...traps.switches];
        assert.equal((await desk.run(relayed)).status, 0);
        // Nobody's child ends at once.
        const module = [`${installed}\\kortbro-agent.exe`, '--module-host', '1', ...traps.switches];
        assert.equal((await desk.run(module)).status, 0);
        assert.deepEqual(desk.listeners(), []);
        await desk.endAll();
        await agent.ended;
        assert.deepEqual(traps.sprung(), []);
      });
      await desk.honest();
    });
  });
});

/** Files on drive C: that could hold a process's memory, outside the attacker's own folder. */
function leftBehind(desk: AttackDesk): string[] {
  const root = desk.disk('C:\\');
  const folders = ['users', 'ProgramData', 'Program Files', 'windows/temp', 'CrashDumps'].filter((name) =>
    existsSync(join(root, name)),
  );
  const files = folders.flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((path) => join(name, path)),
  );
  const top = readdirSync(root).filter((name) => name !== hostile.slice(3));
  return [...top, ...files].filter((path) => /dmp$|report|core|heapsnapshot|cpuprofile|\.wer$/i.test(path)).sort();
}

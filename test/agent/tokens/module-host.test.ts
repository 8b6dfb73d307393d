// The module host's life: what becomes of calls when the child hangs, crashes, is killed, refuses its source, or loses its agent.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { type HostExit, ModuleHost } from '../../../agent/tokens/module-host.ts';
import {
  bindOne,
  failsWith,
  firstReader,
  hostOf,
  makeWorld,
  rightPin,
  type SimulatedWorld,
} from './simulated-world.ts';

const digest = new Uint8Array(32);
const noAtr = new Uint8Array();

function nextExit(host: ModuleHost): Promise<HostExit> {
  return new Promise((resolve) => {
    const stop = host.onExit((exit) => {
      stop();
      resolve(exit);
    });
  });
}

function nextStart(host: ModuleHost): Promise<void> {
  return new Promise((resolve) => {
    const stop = host.onStart(() => {
      stop();
      resolve();
    });
  });
}

describe('the module host', () => {
  let world: SimulatedWorld;
  let host: ModuleHost;
  const open = async (options: Parameters<typeof hostOf>[1] = {}): Promise<void> => {
    host = hostOf(world, options);
    await host.start();
    await world.control.insert('anna');
  };

  beforeEach(() => {
    world = makeWorld();
  });

  afterEach(async () => {
    await host.stop();
    world.remove();
  });

  it('ends a child that hangs, fails that call as hung and the waiting ones as crashed, and starts another', async () => {
    await open({ operationMilliseconds: 4_000 });
    const { handle } = await bindOne(host);
    await host.login(handle, Buffer.from(rightPin), false);
    const before = host.processId;
    await world.control.hangAt('sign');
    const [signing, waiting] = [host.sign(handle, '01', 'ES256', digest), host.pinStatus(handle)];
    const exit = nextExit(host);
    const start = nextStart(host);
    await Promise.all([
      assert.rejects(signing, failsWith('ERR_AGENT_DRIVER_HUNG')),
      assert.rejects(waiting, failsWith('ERR_AGENT_DRIVER_CRASHED')),
    ]);
    assert.deepEqual(await exit, { reason: 'hung', code: null, signal: 'SIGKILL', restartIn: 0 });
    await start;
    assert.notEqual(host.processId, before);
    await assert.rejects(host.pinStatus(handle), failsWith('ERR_CARD_REMOVED'));
    const { cards } = await world.control.state();
    assert.deepEqual([cards['anna']?.verified, cards['anna']?.signatures], [false, 0]);
    await host.login((await bindOne(host)).handle, Buffer.from(rightPin), false);
  });

  it('fails what is in flight when the child crashes, retries nothing, and goes on with the next child', async () => {
    await open();
    const { handle } = await bindOne(host);
    await world.control.crashAt('login');
    const pin = Buffer.from(rightPin);
    const exit = nextExit(host);
    await assert.rejects(host.login(handle, pin, false), failsWith('ERR_AGENT_DRIVER_CRASHED'));
    assert.deepEqual([...pin], [0, 0, 0, 0, 0, 0]);
    assert.equal((await exit).reason, 'crashed');
    const { handle: fresh } = await bindOne(host);
    assert.notEqual(fresh, handle);
    assert.equal((await world.control.state()).cards['anna']?.logins, 0);
  });

  it('finds the card still in after a kill, with another connection number', async () => {
    await open();
    const pictures: number[] = [];
    host.onReaders(({ connection, readers }) => pictures.push(connection, (readers[0]?.eventState ?? 0) & 0x30));
    const start = nextStart(host);
    process.kill(host.processId ?? 0, 'SIGKILL');
    await start;
    assert.deepEqual(pictures, [1, 0x20, 2, 0x20]);
  });

  it('fails a PIN that waits in the queue when the child dies, and zeroes it', async () => {
    await open();
    const { handle } = await bindOne(host);
    await world.control.crashAt('pinStatus');
    const status = host.pinStatus(handle);
    const pin = Buffer.from(rightPin);
    const login = host.login(handle, pin, false);
    await assert.rejects(status, failsWith('ERR_AGENT_DRIVER_CRASHED'));
    await assert.rejects(login, failsWith('ERR_AGENT_DRIVER_CRASHED'));
    assert.deepEqual([...pin], [0, 0, 0, 0, 0, 0]);
  });

  it('fails calls at once while a long pause runs, and lets them wait in a short one', async () => {
    await open({ restartPause: (failures) => (failures === 1 ? 50 : 3_600_000) });
    await world.control.crashAt('bind');
    await assert.rejects(bindOne(host), failsWith('ERR_AGENT_DRIVER_CRASHED'));
    await bindOne(host);
    await world.control.crashAt('bind');
    const exit = nextExit(host);
    await assert.rejects(bindOne(host), failsWith('ERR_AGENT_DRIVER_CRASHED'));
    assert.equal((await exit).restartIn, 3_600_000);
    await assert.rejects(bindOne(host), failsWith('ERR_AGENT_DRIVER_CRASHED'));
  });

  it('takes no more calls than it can hold', async () => {
    await open();
    const calls = Array.from({ length: 80 }, () => host.release(firstReader));
    const outcomes = await Promise.allSettled(calls);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 15);
    for (const { reason } of refused as PromiseRejectedResult[]) failsWith('ERR_AGENT_BUSY')(reason);
  });

  it('does not start again what cannot be loaded, and says why', async () => {
    for (const [module, failure] of [
      ['/usr/lib/no-such-module.so', 'ERR_AGENT_DRIVER_MISSING'],
      ['/etc/passwd', 'ERR_AGENT_DRIVER_MISSING'],
    ] as const) {
      host = new ModuleHost({ source: { type: 'pkcs11', module }, operationMilliseconds: 20_000 });
      const exit = nextExit(host);
      await assert.rejects(host.start(), failsWith(failure));
      assert.deepEqual(await exit, { reason: 'stopped', code: 0, signal: null, restartIn: undefined });
      await assert.rejects(host.bind('Reader', noAtr, false), failsWith(failure));
      assert.equal(host.processId, undefined);
    }
  });

  it('fails what is in flight when it is stopped, leaves no process, and can be started again', async () => {
    await open();
    const { handle } = await bindOne(host);
    const pid = host.processId ?? 0;
    const call = host.pinStatus(handle);
    await Promise.all([host.stop(), assert.rejects(call, failsWith('ERR_AGENT_STOPPED'))]);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await assert.rejects(host.pinStatus(handle), failsWith('ERR_AGENT_STOPPED'));
    await host.start();
    await bindOne(host);
  });

  it('gives the child an environment in which nothing can be slipped in', async function () {
    // A module host hides its memory and its environment from other processes, root's excepted.
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip();
    const slipped = { LD_PRELOAD: '', NODE_OPTIONS: '--no-warnings', PKCS11SPY: '/tmp/x.so', SSLKEYLOGFILE: '/tmp/x' };
    Object.assign(process.env, slipped);
    try {
      await open();
    } finally {
      for (const name of Object.keys(slipped)) Reflect.deleteProperty(process.env, name);
    }
    const environment = readFileSync(`/proc/${host.processId ?? 0}/environ`, 'utf8').split('\0');
    const names = environment.map((line) => line.split('=')[0] ?? '');
    assert.deepEqual(
      names.filter((name) => name in slipped),
      [],
    );
    assert.ok(names.includes('OPENSC_CONF'));
  });

  for (const state of ['idle', 'hanging'] as const) {
    it(`is gone within a second when its agent is killed, ${state}`, async () => {
      const agent = spawn(
        process.execPath,
        [
          '--import',
          createRequire(import.meta.url).resolve('tsx'),
          new URL('orphan-maker.ts', import.meta.url).pathname,
          world.directory,
          state,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const [line] = (await once(createInterface({ input: agent.stdout }), 'line')) as [string];
      const pid = Number(line);
      process.kill(pid, 0);
      agent.kill('SIGKILL');
      await once(agent, 'exit');
      const deadline = performance.now() + 1_000;
      const isAlive = (): boolean => {
        try {
          // A killed child whose parent is gone may stay a zombie where nothing reaps.
          return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        } catch {
          return false;
        }
      };
      while (isAlive() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(isAlive(), false);
    });
  }
});

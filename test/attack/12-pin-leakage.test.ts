// 12: after every way in which a login can end, the PIN is nowhere: not in the memory of agent, native host or (in front of the
// virtual card, where the card is not played inside it) module host, not in files, environments, command lines or on the wire to
// the browser. PINs are random, so a find is no coincidence. The simulator holds its cards' PINs by nature and is left out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { scanBytes, scanFiles, scanProcess, type Sighting } from '../support/memory-scan.ts';
import { randomPin } from '../support/test-cards.ts';
import { honestLogin, newNonce, startTarget, type Target } from './target.ts';
import { startVirtualTarget, virtualUnavailable } from './virtual-target.ts';

/** A place to log in, and a way to pull its card. */
interface LeakWorld {
  readonly target: Target;
  readonly examined: readonly ('agent' | 'native-host' | 'module-host')[];
  pull(): Promise<void>;
  insert(): Promise<void>;
  setTries(tries: number): Promise<void>;
  stop(): Promise<void>;
}

async function simulatedWorld(): Promise<LeakWorld> {
  const target = await startTarget();
  const { simulator } = target.agent;
  return {
    target,
    examined: ['agent', 'native-host'],
    pull: async () => {
      await simulator.remove();
    },
    insert: async () => {
      await simulator.insert('anna');
    },
    setTries: async (tries) => {
      await simulator.setTriesLeft('anna', tries);
    },
    stop: () => target.agent.stop(),
  };
}

async function virtualWorld(): Promise<LeakWorld> {
  const target = await startVirtualTarget();
  const { stack } = target;
  return {
    target,
    examined: ['agent', 'native-host', 'module-host'],
    pull: () => stack.remove(),
    insert: async () => {
      // The reader must have been seen empty, or pcscd takes the card for the one that was in.
      while (!(await stack.readerState()).empty);
      await stack.insert('anna');
    },
    setTries: (tries) => stack.setTriesLeft('anna', tries),
    stop: () => target.agent.stop(),
  };
}

/** Every place where one of `secrets` was found. */
function findLeaks(agent: AgentUnderTest, examined: LeakWorld['examined'], secrets: readonly string[]): Sighting[] {
  const processes = agent.processes.filter(({ part }) => (examined as readonly string[]).includes(part));
  const inProcesses = processes.flatMap(({ processId, part }) => [
    ...scanProcess(processId, secrets, part),
    ...scanBytes(readFileSync(`/proc/${processId}/environ`), secrets, `environment of ${part}`),
    ...scanBytes(readFileSync(`/proc/${processId}/cmdline`), secrets, `command line of ${part}`),
  ]);
  const onTheWire = agent.hosts.flatMap((host) => [
    ...scanBytes(host.traffic, secrets, 'stdout of the native host'),
    ...scanBytes(Buffer.from(host.stderr), secrets, 'stderr of the native host'),
  ]);
  return [
    ...inProcesses,
    ...onTheWire,
    ...scanBytes(Buffer.from(agent.stderr), secrets, 'stderr of the agent'),
    ...scanFiles(agent.directory, secrets, ['dist', 'node_modules', 'cards/cards']),
  ];
}

for (const [name, start, obstacle] of [
  ['on the simulator', simulatedWorld, undefined],
  ['on the virtual IDPrime 940', virtualWorld, virtualUnavailable()],
] as const) {
  const why = obstacle ?? (process.getuid?.() === 0 ? undefined : "reading other processes' memory needs root");
  const title = `12 PIN leakage, ${name}`;
  (why === undefined ? describe : describe.skip)(why === undefined ? title : `${title} (not run: ${why})`, function () {
    this.timeout(40_000);
    let world: LeakWorld;
    let target: Target;
    let host: HostClient;
    const secrets: string[] = [];

    before(async () => {
      world = await start();
      ({ target } = world);
      secrets.push(target.anna.pin);
      host = await target.agent.host();
    });
    after(async () => world.stop());

    afterEach(async () => {
      await world.setTries(3);
      await forget();
    });

    function assertNoLeak(): void {
      const { agent } = target;
      for (const part of world.examined) assert.notEqual(agent.processesNamed(part).length, 0, `no ${part} to examine`);
      assert.deepEqual(findLeaks(agent, world.examined, secrets), []);
    }

    function wrongPin(): `pin ${string}` {
      const pin = randomPin();
      secrets.push(pin);
      return `pin ${pin}`;
    }

    async function forget(): Promise<void> {
      target.agent.pinentry.reset();
      await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    }

    /** A login of a new site, with a dialog open. */
    async function askAndWait() {
      target.agent.pinentry.reset();
      const { id, answer } = host.authenticate(`https://${randomPin()}.example`, newNonce());
      await target.agent.pinentry.waitForDialog();
      return { id, answer };
    }

    it('before any login', () => assertNoLeak());

    it('after the right PIN, in PIN-SSO, and after it was forgotten', async () => {
      await honestLogin(target, host);
      assertNoLeak();
      await honestLogin(target, host);
      await forget();
      assertNoLeak();
    });

    it('after a wrong PIN', async () => {
      const { answer } = await askAndWait();
      target.agent.pinentry.answer(wrongPin());
      assert.equal(codeOf(await answer), 'ERR_PIN_WRONG');
      assertNoLeak();
    });

    it('after a cancelled dialog, by the holder or by the page as the PIN is typed', async () => {
      const first = await askAndWait();
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await first.answer), 'ERR_USER_CANCELLED');
      const second = await askAndWait();
      target.agent.pinentry.answer(wrongPin());
      host.cancel(second.id);
      await second.answer;
      await forget();
      assertNoLeak();
    });

    it('after what cannot be a PIN: too short, too long, or a dialog program that misbehaves', async () => {
      for (const pin of [randomPin().slice(0, 3), `${randomPin()}${randomPin()}`]) {
        const { answer } = await askAndWait();
        target.agent.pinentry.answer(`pin ${pin}`);
        assert.equal(codeOf(await answer), 'ERR_PIN_FORMAT');
        if (pin.length > 8) secrets.push(pin);
      }
      assertNoLeak();
    });

    it('after the PIN that locks the card', async () => {
      await world.setTries(1);
      await forget();
      const { answer } = await askAndWait();
      target.agent.pinentry.answer('ok', wrongPin());
      assert.equal(codeOf(await answer), 'ERR_PIN_LOCKED');
      assertNoLeak();
    });

    it('after the card was pulled while the dialog was open', async () => {
      const { answer } = await askAndWait();
      await world.pull();
      target.agent.pinentry.answer(`pin ${target.anna.pin}`);
      assert.equal(codeOf(await answer), 'ERR_CARD_REMOVED');
      assertNoLeak();
      target.agent.pinentry.reset();
      await world.insert();
      await honestLogin(target, host);
      await forget();
      assertNoLeak();
    });

    it('after the agent was ended with a dialog open, and after its next start', async () => {
      const { answer } = await askAndWait();
      await target.agent.kill('SIGTERM');
      assert.equal(codeOf(await answer), 'ERR_AGENT_STOPPED');
      assert.deepEqual(findLeaks(target.agent, world.examined, secrets), []);
      target.agent.pinentry.reset();
      // The native host starts the next one.
      await host.until(({ type }) => type === 'agent', host.messages.length - 1);
      host = await target.agent.host();
      await honestLogin(target, host);
      await forget();
      assertNoLeak();
    });
  });
}

describe('12 the search for PINs', () => {
  it('finds what is there: a PIN that this process holds, in memory and in UTF-16', () => {
    const pin = randomPin();
    const held = Buffer.from(`a PIN: ${pin}`);
    assert.notDeepEqual(scanProcess(process.pid, [pin], 'this process'), [], `not found in ${held.length} bytes`);
    assert.deepEqual(
      scanBytes(Buffer.from(`x${pin}x`, 'utf16le'), [pin], 'y').map(({ form }) => form),
      ['utf-16le'],
    );
  });
});

// A native host must never outlive its browser, and never hang, whatever it is doing at that moment.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { limits } from '../../shared/limits.ts';
import { FakeAgent, sessionDirectory } from './fake-agent.ts';
import { frame, hostBundle, HostProcess, newRuntimeDirectory } from './host-process.ts';
import { pause, waitUntil } from './within.ts';

describe('the end of the native host', () => {
  let runtime: string;
  let agent: FakeAgent;
  let host: HostProcess;

  before(async () => {
    await hostBundle();
  });
  beforeEach(() => {
    runtime = newRuntimeDirectory();
    agent = new FakeAgent(runtime);
  });
  afterEach(async () => {
    await host.clear();
    await agent.die();
  });

  const connect = async () => {
    await agent.open();
    host = await HostProcess.start({ runtime });
    await host.untilPresence('connected');
  };
  const states: Record<string, () => Promise<void>> = {
    'it has just been started': async () => {
      host = await HostProcess.start({ runtime });
    },
    'it waits for an agent to start': async () => {
      host = await HostProcess.start({ runtime, agent: 'hang' });
      await host.presence('connecting');
      await waitUntil(() => host.agents().length === 1, 'the agent');
    },
    'it is connected': connect,
    'a request is open': async () => {
      await connect();
      host.send({ type: 'request', id: 'r1' });
    },
    'the agent hangs in the upgrade': async () => {
      agent = await new FakeAgent(runtime, { silentAt: 'upgrade' }).open();
      host = await HostProcess.start({ runtime });
      await host.presence('connecting');
    },
    'the agent hangs in the proof': async () => {
      agent = await new FakeAgent(runtime, { silentAt: 'greeting' }).open();
      host = await HostProcess.start({ runtime });
      await waitUntil(() => agent.heard.length === 1, 'the greeting');
    },
    'the agent reads nothing': async () => {
      await connect();
      (await agent.peer()).pause();
      for (let i = 0; i < 20; i++) host.child.stdin.write(frame('m'.repeat(limits.messageToHost)));
    },
    'the browser has not read what it was sent': async () => {
      await agent.open();
      host = await HostProcess.startUnread({ runtime });
      const peer = await agent.peer();
      for (let i = 0; i < 10; i++) peer.send('x'.repeat(500_000));
      await pause(100);
    },
    'it pauses between attempts': async () => {
      host = await HostProcess.start({ runtime });
      for (let i = 0; i < 4; i++) await host.untilPresence('gone');
    },
    'the endpoint is unsafe': async () => {
      mkdirSync(sessionDirectory(runtime), { recursive: true, mode: 0o700 });
      chmodSync(sessionDirectory(runtime), 0o777);
      host = await HostProcess.start({ runtime });
      await host.presence('gone');
    },
  };

  for (const [state, reach] of Object.entries(states)) {
    it(`comes within 2 s of stdin's end when ${state}`, async () => {
      await reach();
      const { took, exit } = await host.endInput();
      assert.ok(took < 2_000, `took ${took} ms`);
      assert.equal(exit.code, 0);
      assert.equal(host.stderr, '');
    });
  }

  it('leaves an agent that it has started running, in a session of its own', async () => {
    host = await HostProcess.start({
      runtime,
      agent: 'serve',
      environment: {
        ...{ NODE_OPTIONS: '--no-warnings', PKCS11SPY: '/x', PKCS11SPY_OUTPUT: '/y', KEPT: '1' },
        ...{ NODE_TLS_REJECT_UNAUTHORIZED: '0', OPENSSL_MODULES: '/z', SSL_CERT_FILE: '/z', UV_THREADPOOL_SIZE: '1' },
      },
    });
    await host.untilPresence('connected');
    await host.endInput();
    const [record, ...more] = host.agents();
    assert.ok(record !== undefined && more.length === 0);
    assert.ok(existsSync(`/proc/${record.processId}`));
    assert.equal(record.session, record.processId);
    assert.equal(record.directory, '/');
    assert.ok(record.environment.includes('KEPT') && record.environment.includes('XDG_RUNTIME_DIR'));
    assert.deepEqual(
      record.environment.filter((name) => /^(NODE|OPENSSL|SSL|UV|PKCS11SPY)/.test(name)),
      [],
    );
    for (const fd of [0, 1, 2]) {
      assert.equal(
        execFileSync('readlink', [`/proc/${record.processId}/fd/${fd}`])
          .toString()
          .trim(),
        '/dev/null',
      );
    }
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`comes with ${signal}, silently`, async () => {
      await connect();
      host.child.kill(signal);
      const exit = await host.ended(2_000);
      assert.deepEqual([exit.code, exit.signal, host.stderr], [143, null, '']);
    });
  }

  it('does not come with SIGUSR1, which opens no debugger either', async () => {
    await connect();
    host.child.kill('SIGUSR1');
    await pause(300);
    host.send({ still: 'there' });
    await waitUntil(() => agent.heard.length === 3, 'the message');
    assert.equal(host.stderr, '');
  });

  for (const [what, bytes, code, word] of [
    ['a length above the limit', frame('x'.repeat(limits.messageToHost + 1)), 4, 'too-large'],
    ['a length of four gigabytes', Buffer.from([255, 255, 255, 255]), 4, 'too-large'],
    ['a length of zero', frame(''), 5, 'empty'],
    ['invalid UTF-8', frame(Buffer.from([0x22, 0xff, 0x22])), 6, 'encoding'],
    ['an encoded surrogate', frame(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 6, 'encoding'],
  ] as const) {
    it(`comes with ${what}, by code and word, and nothing of it reaches the agent`, async () => {
      await connect();
      host.child.stdin.write(frame('{"good":1}'));
      await waitUntil(() => agent.heard.length === 3, 'the good message');
      host.child.stdin.write(bytes);
      const exit = await host.ended(2_000);
      assert.deepEqual([exit.code, host.stderr], [code, `${word}\n`]);
      assert.equal(await host.presence('gone'), word === 'too-large' ? 'ERR_REQUEST_TOO_LARGE' : 'ERR_REQUEST_INVALID');
      assert.equal(agent.heard.length, 3);
    });
  }

  for (const size of [1, 3, 4, 5]) {
    it(`comes with a stream that is cut off after ${size} bytes of a message`, async () => {
      await connect();
      host.child.stdin.write(frame('{"cut":1}').subarray(0, size));
      const { exit, took } = await host.endInput();
      assert.deepEqual([exit.code, host.stderr], [7, 'truncated\n']);
      assert.ok(took < 2_000);
      assert.equal(agent.heard.length, 2);
    });
  }

  it('comes when a message is not completed in time', async () => {
    await connect();
    host.child.stdin.write(frame('{"slow":1}').subarray(0, 6));
    const since = performance.now();
    const exit = await host.ended(limits.frameTime + 2_000);
    assert.deepEqual([exit.code, host.stderr], [8, 'slow\n']);
    assert.ok(exit.at - since > limits.frameTime - 200);
  });

  it('comes when the browser has closed its end of stdout', async () => {
    await connect();
    host.child.stdout.destroy();
    (await agent.peer()).send('{"to":"nobody"}');
    const exit = await host.ended(2_000);
    assert.deepEqual([exit.code, host.stderr], [9, 'unwritable\n']);
  });

  it('comes when the browser does not read, and its memory does not grow until then', async () => {
    await agent.open();
    host = await HostProcess.startUnread({ runtime });
    const peer = await agent.peer();
    const message = 'x'.repeat(limits.messageToBrowser);
    for (let i = 0; i < 60; i++) peer.send(message);
    await pause(2_000);
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))?.[1]);
    assert.ok(resident < 80_000, `${resident} kB`);
    assert.ok(peer.bufferedAmount > 30 * message.length, 'the agent is made to wait');
    const exit = await host.ended(limits.frameTime + 2_000);
    assert.deepEqual([exit.code, host.stderr], [10, 'unread\n']);
  });

  it('comes when the browser floods it and does not read the refusals', async () => {
    host = await HostProcess.startUnread({ runtime });
    const request = frame(JSON.stringify({ type: 'request', id: 'r' }));
    const flood = Buffer.concat(Array.from({ length: 500 }, () => request));
    const timer = setInterval(() => host.child.stdin.write(flood), 20);
    const exit = await host.ended(8_000).finally(() => clearInterval(timer));
    assert.deepEqual([exit.code, host.stderr], [10, 'unread\n']);
  });

  it('comes at once for a caller that has no business here', async () => {
    for (const argument of ['chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/', '--inspect', '']) {
      host = await HostProcess.start({ runtime, argument, agent: 'serve' });
      const exit = await host.ended(2_000);
      assert.deepEqual([exit.code, host.stderr, host.inbox.length], [2, 'caller\n', 0]);
      assert.deepEqual(host.agents(), []);
    }
  });
});

// 15: two users of one host, and two sessions of one user. Another user learns nothing and reaches nothing, with the address, with
// the secret, even where every file is open to him; another session has an agent, a PIN-SSO and a card of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endpointDirectories } from '../../shared/endpoint.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf, HostClient } from '../support/host-client.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { simulatedCard } from '../support/test-cards.ts';
import { honestLogin, journal, newNonce, sites, startTarget, type Target, withoutKeyUse } from './target.ts';

const run = promisify(execFile);
const [first, second] = [
  { uid: 65_534, gid: 65_534 },
  { uid: 65_533, gid: 65_533 },
] as const;
const why = process.getuid?.() === 0 ? undefined : 'becoming another user needs root';

interface Report {
  user: number;
  knock: string;
  directories: string[];
  files: string[];
  writes: string[];
  memory: string;
  maps: string;
  signal: string;
}

(why === undefined ? describe : describe.skip)(
  `15 two users of one host${why === undefined ? '' : ` (not run: ${why})`}`,
  function () {
    this.timeout(30_000);
    let target: Target;
    let honest: HostClient;
    let place: string;

    before(async () => {
      target = await startTarget({ user: first });
      honest = await target.agent.host();
      await honestLogin(target, honest);
      place = mkdtempSync(join(tmpdir(), 'kortbro-intruder-'));
      chmodSync(place, 0o755);
      copyFileSync(fileURLToPath(new URL('intruder.cjs', import.meta.url)), join(place, 'intruder.cjs'));
    });
    after(async () => {
      rmSync(place, { recursive: true, force: true });
      await target.agent.stop();
    });
    afterEach(async () => {
      await honestLogin(target, honest);
    });

    /** What another user can do, with everything told to him that a file could tell. */
    async function intrude(user: { uid: number; gid: number } = second): Promise<Report> {
      const harmless = user === first;
      const { agent } = target;
      const { endpointDirectory, stateDirectory, policyPath, processId } = agent;
      const { socket, secret } = agent.endpoint;
      const knowledge = {
        socket,
        secret: Buffer.from(secret).toString('base64'),
        directories: [
          dirname(dirname(endpointDirectory)),
          dirname(endpointDirectory),
          endpointDirectory,
          stateDirectory,
        ],
        files: [join(endpointDirectory, 'endpoint.json'), join(stateDirectory, 'audit.jsonl'), policyPath],
        processId,
        harmless,
      };
      const words = [join(place, 'intruder.cjs'), JSON.stringify(knowledge)];
      const { stdout } = await run(process.execPath, words, { ...user, cwd: '/', env: {} });
      return JSON.parse(stdout) as Report;
    }

    it('another user finds every door shut', async () => {
      await withoutKeyUse(target, async () => {
        const report = await intrude();
        assert.equal(report.user, second.uid);
        assert.equal(report.knock, 'EACCES');
        for (const outcome of [...report.directories, ...report.files, ...report.writes, report.memory, report.maps])
          assert.equal(outcome, 'EACCES');
        assert.equal(report.signal, 'EPERM');
      });
    });

    it('where somebody has opened every file and directory to everybody, the agent still hears its own user only', async () => {
      const { agent } = target;
      const { endpointDirectory } = agent;
      const opened = [
        agent.directory,
        dirname(dirname(endpointDirectory)),
        dirname(endpointDirectory),
        endpointDirectory,
        agent.endpoint.socket,
      ];
      const modes = opened.map((path) => statSync(path).mode & 0o777);
      for (const path of opened) chmodSync(path, 0o777);
      try {
        await withoutKeyUse(target, async () => {
          const { knock } = await intrude();
          assert.match(knock, /^(closed without a word|ECONNRESET|EPIPE)$/);
        });
      } finally {
        for (const [index, path] of opened.entries()) chmodSync(path, modes[index] ?? 0o700);
      }
      assert.deepEqual(
        agent
          .audit()
          .filter(({ event }) => event === 'peer-refused')
          .map(({ code }) => code),
        ['ERR_AGENT_PROOF'],
      );
    });

    it('not even its own user reads its memory or environment: it is not dumpable', async () => {
      const report = await intrude(first);
      assert.match(report.knock, /"type":"response"/, 'its own user, with the secret, is served');
      assert.equal(report.memory, 'EACCES');
      assert.match(report.maps, /^E(ACCES|PERM)$/);
    });

    it("a native host of another user that is led to the first user's directory refuses it, and starts no agent there", async () => {
      const { agent } = target;
      const before = agent.processesNamed('agent');
      chmodSync(agent.directory, 0o711);
      try {
        await withoutKeyUse(target, async () => {
          const host = new HostClient({
            program: join(agent.dist, 'native-host/main.js'),
            environment: { ...agent.environment },
            user: second,
          });
          try {
            const gone = await host.until((message) => message.type === 'agent' && message.state === 'gone');
            assert.ok(gone.type === 'agent' && gone.error?.code === 'ERR_AGENT_ENDPOINT', JSON.stringify(gone));
            assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), 'ERR_AGENT_ENDPOINT');
          } finally {
            await host.end();
          }
        });
      } finally {
        chmodSync(agent.directory, 0o700);
      }
      assert.deepEqual(agent.processesNamed('agent'), before);
    });

    it('two users in one temporary folder have directories of their own', () => {
      const [mine, his] = [first, second].map(({ uid }) =>
        endpointDirectories({ environment: {}, userId: uid, temporaryDirectory: '/tmp' }),
      );
      assert.deepEqual(
        mine?.filter((path) => his?.includes(path)),
        [],
      );
    });
  },
);

describe('15 two sessions of one user', function () {
  this.timeout(30_000);
  let target: Target;
  let other: AgentUnderTest;

  before(async () => {
    // One runtime directory, as a user has; what tells the sessions apart is the display.
    target = await startTarget({ environment: { DISPLAY: ':1' } });
    other = await AgentUnderTest.start({
      cards: { anna: simulatedCard(target.anna) },
      policy: { sites },
      environment: { DISPLAY: ':2', XDG_RUNTIME_DIR: target.agent.environment['XDG_RUNTIME_DIR'] ?? '' },
    });
    await other.simulator.insert('anna');
  });
  after(async () => {
    await other.stop();
    await target.agent.stop();
  });

  it('have an agent each, with a directory, a socket and a secret of its own', () => {
    assert.equal(dirname(other.endpointDirectory), dirname(target.agent.endpointDirectory));
    const [one, two] = [target.agent.endpoint, other.endpoint];
    assert.notEqual(one.processId, two.processId);
    assert.notEqual(one.socket, two.socket);
    assert.notDeepEqual(one.secret, two.secret);
    for (const path of [target.agent.endpointDirectory, other.endpointDirectory])
      assert.equal(statSync(path).mode & 0o777, 0o700);
  });

  it('share no PIN-SSO: a login in one is none in the other, and a card that leaves one leaves the other alone', async () => {
    const [here, there] = [await target.agent.host(), await other.host()];
    await honestLogin(target, here);
    other.pinentry.reset();
    other.pinentry.answer('cancel');
    assert.equal(codeOf(await there.authenticate(journal, newNonce()).answer), 'ERR_USER_CANCELLED');
    assert.deepEqual(await other.keyUse('anna'), { logins: 0, signatures: 0 });
    await other.simulator.remove();
    assert.equal(codeOf(await there.authenticate(journal, newNonce()).answer), 'ERR_CARD_ABSENT');
    target.agent.pinentry.reset();
    const silent = await here.authenticate(journal, newNonce()).answer;
    assert.equal(codeOf(silent), undefined);
    assert.equal(target.agent.pinentry.unawaited().length, 0);
    assert.ok(
      !there.messages.some((message) => message.type === 'event' && message.origins.length > 0),
      'told of the other session',
    );
  });

  it('cannot use the secret of one another: a proof with it is refused', async () => {
    const swapped = { ...target.agent.endpoint, secret: other.endpoint.secret };
    const peer = await new RawPeer(swapped).prove(swapped.secret);
    assert.equal((await peer.ended()).reason, 'ERR_AGENT_PROOF');
  });

  it('are told apart by what every program of a session knows', () => {
    const place = (environment: Record<string, string>) =>
      endpointDirectories({
        environment: { XDG_RUNTIME_DIR: '/run/user/1', ...environment },
        userId: 1,
        temporaryDirectory: '/tmp',
      }).at(-1);
    assert.equal(place({ DISPLAY: ':1' }), place({ DISPLAY: ':1.0' }));
    assert.notEqual(place({ DISPLAY: ':1' }), place({ DISPLAY: ':2' }));
    assert.notEqual(place({ WAYLAND_DISPLAY: 'wayland-0' }), place({ WAYLAND_DISPLAY: 'wayland-1' }));
    for (const hostile of ['../../x', '/etc', '..', '.', 'a/b', ' '])
      assert.match(place({ DISPLAY: hostile }) ?? '', /^\/run\/user\/1\/kortbro\/[\w-]+$/, hostile);
  });
});

// 14, before an agent starts: somebody has been where its endpoint will be, or an agent that died has left one behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { codeOf } from '../support/host-client.ts';
import { honestLogin, journal, newNonce, startTarget, type Target } from './target.ts';

const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;
const asRoot = isRoot ? '' : ' (not run: making files of another user needs root)';

describe('14 the endpoint of a new agent', function () {
  this.timeout(30_000);
  let target: Target;
  let file: string;

  before(async () => {
    target = await startTarget();
    file = join(target.agent.endpointDirectory, 'endpoint.json');
  });
  after(async () => target.agent.stop());

  async function honest(): Promise<void> {
    const host = await target.agent.host();
    await honestLogin(target, host);
    await host.end();
  }

  describe('an agent does not start', () => {
    /** A new agent where somebody has been before it; its exit code. */
    async function startIn(prepare: (runtime: string) => void): Promise<{ code: unknown; agent: AgentUnderTest }> {
      const agent = AgentUnderTest.make();
      prepare(agent.environment['XDG_RUNTIME_DIR'] ?? '');
      const child = agent.spawnAgent();
      const code = await new Promise((resolve) => child.once('exit', resolve));
      return { code, agent };
    }

    for (const [what, needsRoot, prepare] of [
      [
        'where the product directory is open to others',
        false,
        (runtime: string) => mkdirSync(join(runtime, 'kortbro'), { mode: 0o755 }),
      ],
      [
        'where the product directory is a link',
        false,
        (runtime: string) => {
          mkdirSync(join(runtime, 'elsewhere'), { mode: 0o700 });
          symlinkSync(join(runtime, 'elsewhere'), join(runtime, 'kortbro'));
        },
      ],
      [
        'where the product directory is a file',
        false,
        (runtime: string) => writeFileSync(join(runtime, 'kortbro'), ''),
      ],
      [
        "where the product directory is another user's",
        true,
        (runtime: string) => {
          mkdirSync(join(runtime, 'kortbro'), { mode: 0o700 });
          chownSync(join(runtime, 'kortbro'), nobody.uid, nobody.gid);
        },
      ],
      [
        'where its lock is a link',
        false,
        (runtime: string) => {
          mkdirSync(join(runtime, 'kortbro/default'), { recursive: true, mode: 0o700 });
          writeFileSync(join(runtime, 'victim'), 'untouched', { mode: 0o600 });
          symlinkSync(join(runtime, 'victim'), join(runtime, 'kortbro/default/instance.lock'));
        },
      ],
    ] as const) {
      (needsRoot ? itAsRoot : it)(`${what}${needsRoot ? asRoot : ''}`, async () => {
        const { code, agent } = await startIn(prepare);
        try {
          assert.notEqual(code, 0);
          assert.throws(() => agent.endpoint);
          const victim = join(agent.environment['XDG_RUNTIME_DIR'] ?? '', 'victim');
          if (existsSync(victim)) assert.equal(readFileSync(victim, 'utf8'), 'untouched');
          const host = agent.rawHost();
          const gone = await host.until((message) => message.type === 'agent' && message.state === 'gone');
          assert.match((gone.type === 'agent' && gone.error?.code) || '', /^ERR_AGENT_(ENDPOINT|NOT_RUNNING)$/);
        } finally {
          await agent.stop();
        }
      });
    }

    itAsRoot(`in a shared temporary folder where another user was first${asRoot}`, async () => {
      const agent = AgentUnderTest.make();
      const shared = join(agent.directory, 'shared');
      mkdirSync(shared);
      chmodSync(shared, 0o1777);
      chmodSync(agent.directory, 0o711);
      const trap = join(shared, 'kortbro-0');
      assert.equal(spawnSync('mkdir', ['-m', '777', trap], nobody).status, 0);
      const environment = { ...agent.environment, TMPDIR: shared, XDG_RUNTIME_DIR: '' };
      try {
        const child = agent.spawnAgent(environment);
        assert.notEqual(await new Promise((resolve) => child.once('exit', resolve)), 0);
        const host = agent.rawHost({ environment });
        const gone = await host.until((message) => message.type === 'agent' && message.state === 'gone');
        assert.ok(gone.type === 'agent' && gone.error?.code === 'ERR_AGENT_ENDPOINT');
        assert.equal(existsSync(join(trap, 'kortbro')), false);
        rmSync(trap, { recursive: true });
        // Without the trap the same folder will do.
        const works = await agent.host({ environment });
        assert.equal(codeOf(await works.authenticate(journal, newNonce()).answer), 'ERR_CARD_ABSENT');
        await works.end();
      } finally {
        for (const processId of agent.processesNamed('agent')) process.kill(processId, 'SIGTERM');
        await agent.stop();
      }
    });
  });

  describe('what was left behind', () => {
    it('an endpoint file that an agent left behind when it was killed, and garbage in its place, are mended by a new agent', async () => {
      const { processId } = target.agent;
      await target.agent.kill('SIGKILL');
      assert.ok(existsSync(file) && lstatSync(target.agent.endpoint.socket).isSocket());
      await honest();
      assert.notEqual(target.agent.processId, processId);
      await target.agent.kill('SIGKILL');
      writeFileSync(file, 'garbage', { mode: 0o600 });
      await honest();
    });

    it('a second agent does not take the place of the first', async () => {
      const { processId } = target.agent;
      const text = readFileSync(file, 'utf8');
      const second = target.agent.spawnAgent();
      assert.equal(await new Promise((resolve) => second.once('exit', resolve)), 0);
      assert.equal(readFileSync(file, 'utf8'), text);
      assert.equal(target.agent.processId, processId);
      await honest();
    });
  });
});

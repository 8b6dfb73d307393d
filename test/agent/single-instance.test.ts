// One agent for each OS session, with the real program: the second one leaves at once, and what a dead one left is cleared.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEndpoint } from '../../shared/endpoint.ts';
import { waitUntil, within } from '../native-host/within.ts';
import { RawPeer } from '../support/raw-peer.ts';

describe('The agent', () => {
  let scratch: string;
  let directory: string;
  let children: ChildProcess[];
  const start = (environment: Record<string, string> = {}) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'agent/main.ts'], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: scratch,
        XDG_RUNTIME_DIR: scratch,
        XDG_STATE_HOME: join(scratch, 'state'),
        XDG_SESSION_ID: 'test',
        KORTBRO_DEVELOPMENT_POLICY: join(scratch, 'policy.json'),
        ...environment,
      },
    });
    children.push(child);
    return child;
  };
  const file = () => join(directory, 'endpoint.json');
  const endpoint = () => parseEndpoint(readFileSync(file(), 'utf8'));
  /** Waits until the agent listens; one that lets a peer in has started everything. */
  const running = async (child: ChildProcess) => {
    await waitUntil(() => existsSync(file()) && endpoint().processId === child.pid, 'the endpoint', 15_000);
    const peer = await new RawPeer(endpoint()).prove(endpoint().secret);
    peer.say(JSON.stringify({ type: 'hello', protocol: 1, version: '0.1.0' }));
    await peer.heard(1);
    peer.close();
  };
  const exit = async (child: ChildProcess): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) await within(15_000, once(child, 'exit'), 'the end');
    return child.exitCode;
  };
  const log = () => readFileSync(join(scratch, 'state/kortbro/audit.jsonl'), 'utf8');

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kortbro-agent-'));
    directory = join(scratch, 'kortbro', 'test');
    mkdirSync(join(scratch, 'cards'));
    const tokens = [{ type: 'simulator', directory: join(scratch, 'cards') }];
    writeFileSync(join(scratch, 'policy.json'), JSON.stringify({ tokens }));
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(exit));
    rmSync(scratch, { recursive: true, force: true });
  });

  it('is one: the second exits with 0 and changes nothing; after a crash the next one clears up; its end leaves nothing', async () => {
    const first = start();
    await running(first);
    const before = endpoint();
    assert.equal(await exit(start()), 0);
    assert.deepEqual(endpoint(), before);
    assert.equal(log().match(/agent-started/g)?.length, 1);

    first.kill('SIGKILL');
    await exit(first);
    assert.ok(existsSync(before.socket));
    const next = start();
    await running(next);
    assert.ok(!existsSync(before.socket));
    assert.notDeepEqual(endpoint().secret, before.secret);

    next.kill('SIGTERM');
    assert.equal(await exit(next), 0);
    assert.deepEqual(readdirSync(directory), ['instance.lock']);
    assert.match(log(), /agent-stopped/);
  });

  it('does not start where others could be in its directory, and says nothing there', async () => {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o777);
    assert.notEqual(await exit(start()), 0);
    assert.deepEqual(readdirSync(directory), []);
  });
});

// On a real file system; the cases with another owner need root and say so when they cannot run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discoverEndpoint } from '../../native-host/discovery.ts';
import { sessionDirectory, writeEndpoint } from './fake-agent.ts';

const userId = process.getuid?.() ?? 0;
const isRoot = userId === 0;
const otherUser = 65_534;

describe('discovery', () => {
  let runtime: string;
  let server: Server;
  let socket: string;
  let file: string;

  const discover = (environment: Record<string, string> = { XDG_RUNTIME_DIR: runtime }) =>
    discoverEndpoint({ environment, userId, temporaryDirectory: runtime }, new Set());
  const outcome = () => {
    const found = discover();
    return found.kind === 'endpoint' ? found.kind : `${found.kind} ${found.error.code}`;
  };
  const fields = () => ({
    protocol: 1,
    processId: process.pid,
    secret: Buffer.alloc(32, 7).toString('base64'),
    socket,
  });

  beforeEach(async () => {
    runtime = mkdtempSync(join(tmpdir(), 'kortbro-discovery-'));
    socket = join(sessionDirectory(runtime), 'agent-1.sock');
    file = writeEndpoint(runtime, fields());
    server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(socket, resolve);
    });
    chmodSync(socket, 0o600);
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(runtime, { recursive: true, force: true });
  });

  it('finds an endpoint that only this user can touch', () => {
    const found = discover();
    assert.ok(found.kind === 'endpoint');
    assert.deepEqual(found.endpoint, { socket, secret: new Uint8Array(32).fill(7), processId: process.pid });
  });

  it('finds it below the temporary folder when there is no XDG_RUNTIME_DIR', () => {
    const home = join(runtime, `kortbro-${userId}`);
    mkdirSync(home, { mode: 0o700 });
    renameSync(join(runtime, 'kortbro'), join(home, 'kortbro'));
    writeFileSync(
      join(home, 'kortbro/default/endpoint.json'),
      JSON.stringify({ ...fields(), socket: join(home, 'kortbro/default/agent-1.sock') }),
    );
    assert.equal(discover({}).kind, 'endpoint');
    chmodSync(home, 0o750);
    assert.equal(discover({}).kind, 'unsafe');
  });

  it('says that no agent runs when the directory, the file or the socket is missing', async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(socket, { force: true });
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
    rmSync(file);
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
    rmSync(join(runtime, 'kortbro'), { recursive: true });
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
  });

  for (const mode of [0o710, 0o701, 0o770, 0o755, 0o777, 0o1777]) {
    for (const depth of ['product', 'session'] as const) {
      it(`refuses mode ${mode.toString(8)} of the ${depth}'s directory`, () => {
        chmodSync(depth === 'session' ? dirname(file) : dirname(dirname(file)), mode);
        assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
      });
    }
  }

  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666]) {
    it(`refuses mode ${mode.toString(8)} of the file`, () => {
      chmodSync(file, mode);
      assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
    });
    it(`refuses mode ${mode.toString(8)} of the socket`, () => {
      chmodSync(socket, mode);
      assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
    });
  }

  it('refuses a symbolic link in the place of the file, of a directory or of the socket', () => {
    const places = [file, dirname(file), dirname(dirname(file)), socket];
    for (const place of places) {
      renameSync(place, `${place}-moved`);
      symlinkSync(`${place}-moved`, place);
      assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT', place);
      rmSync(place);
      renameSync(`${place}-moved`, place);
      assert.equal(outcome(), 'endpoint');
    }
  });

  it('refuses a directory or a named pipe in the place of the file, without waiting for it', () => {
    rmSync(file);
    mkdirSync(file, { mode: 0o700 });
    assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
    rmSync(file, { recursive: true });
    execFileSync('mkfifo', ['-m', '600', file]);
    assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
  });

  it('refuses a file in the place of the socket or of a directory', () => {
    writeEndpoint(runtime, { ...fields(), socket: file });
    assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
    rmSync(dirname(file), { recursive: true });
    writeFileSync(dirname(file), '', { mode: 0o600 });
    assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
  });

  for (const which of ['product directory', 'session directory', 'file', 'socket'] as const) {
    it(`refuses a ${which} of another user`, function () {
      if (!isRoot) {
        process.stdout.write('      not run: giving a file to another user needs root\n');
        this.skip();
      }
      const paths = {
        'product directory': dirname(dirname(file)),
        'session directory': dirname(file),
        file,
        socket,
      };
      chownSync(paths[which], otherUser, otherUser);
      assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT');
    });
  }

  for (const [what, content, code] of [
    ['an empty file', '', 'ERR_AGENT_ENDPOINT'],
    ['a half-written file', '{"protocol":1,"socket":"/run', 'ERR_AGENT_ENDPOINT'],
    ['no JSON', 'socket=/run/x', 'ERR_AGENT_ENDPOINT'],
    ['a file of 64 KiB', ' '.repeat(65_536), 'ERR_AGENT_ENDPOINT'],
    [
      'an unknown key',
      JSON.stringify({ protocol: 1, processId: 1, secret: '', socket: '/x', extra: 1 }),
      'ERR_AGENT_ENDPOINT',
    ],
  ] as const) {
    it(`calls ${what} outdated`, () => {
      writeEndpoint(runtime, content);
      assert.equal(outcome(), `outdated ${code}`);
    });
  }

  it('calls another protocol version outdated, by its own code', () => {
    writeEndpoint(runtime, { ...fields(), protocol: 2 });
    assert.equal(outcome(), 'outdated ERR_AGENT_VERSION');
  });

  for (const change of [{ secret: 'AAAA' }, { socket: 'agent.sock' }, { processId: '1' }]) {
    it(`calls ${JSON.stringify(change)} outdated`, () => {
      writeEndpoint(runtime, { ...fields(), ...change });
      assert.equal(outcome(), 'outdated ERR_AGENT_ENDPOINT');
    });
  }
});

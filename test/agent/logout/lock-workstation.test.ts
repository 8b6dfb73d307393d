// The real loginctl, on a bus of the test's own where a small program plays logind. loginctl works only where /run says that
// systemd is process 1; elsewhere it is run with a /run that says so, in a namespace of its own, which takes root.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lockArguments, lockWorkstation } from '../../../agent/logout/lock-workstation.ts';
import { type PrivateBus, startPrivateBus } from '../native/private-bus.ts';

describe('The order to lock a session', () => {
  it('names the session, and nothing that could be an option', () => {
    for (const id of ['c1', '3', 'a_b-c', 'x'.repeat(64)])
      assert.deepEqual(lockArguments({ XDG_SESSION_ID: id }), ['--no-ask-password', 'lock-session', id]);
    for (const id of ['-H', '--host=x', 'a b', '../c1', 'c1\n', '\0', 'å', ';id', 'x'.repeat(65)])
      assert.equal(lockArguments({ XDG_SESSION_ID: id }), undefined, id);
  });

  it('leaves it to logind to find the session where none is named', () => {
    for (const environment of [{}, { XDG_SESSION_ID: '' }])
      assert.deepEqual(lockArguments(environment), ['--no-ask-password', 'lock-session']);
  });
});

describe('Locking the session', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kortbro-lock-'));
  after(() => rmSync(directory, { recursive: true }));

  it('is left undone without a program, and by a program that fails', async () => {
    const environment = { XDG_SESSION_ID: 'c1' };
    assert.equal(await lockWorkstation(environment, { candidates: [] }), false);
    assert.equal(await lockWorkstation(environment, { candidates: ['/nonexistent/loginctl'] }), false);
    assert.equal(await lockWorkstation(environment, { candidates: [directory] }), false);
    assert.equal(await lockWorkstation(environment, { candidates: ['/bin/false'] }), false);
    assert.equal(await lockWorkstation({ XDG_SESSION_ID: '-x' }, { candidates: ['/bin/true'] }), false);
    assert.equal(await lockWorkstation(environment, { candidates: ['/nonexistent/loginctl', '/bin/true'] }), true);
  });

  it('gives the program no environment but the bus and a language', async () => {
    const program = join(directory, 'loginctl');
    const output = join(directory, 'environment');
    writeFileSync(program, `#!/bin/sh\n/usr/bin/env > ${output}\necho "$@" >> ${output}\n`);
    chmodSync(program, 0o755);
    const environment = {
      ...process.env,
      XDG_SESSION_ID: 'c1',
      DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/bus',
      SECRET: '1',
    };
    assert.equal(await lockWorkstation(environment, { candidates: [program] }), true);
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    const ofTheShell = /^(PWD|SHLVL|OLDPWD|_)=/;
    assert.deepEqual(lines.filter((line) => !ofTheShell.test(line)).sort(), [
      '--no-ask-password lock-session c1',
      'DBUS_SYSTEM_BUS_ADDRESS=unix:path=/bus',
      'LC_ALL=C',
    ]);
  });

  it('ends a program that hangs', async () => {
    const program = join(directory, 'hanging');
    writeFileSync(program, '#!/bin/sh\nexec sleep 60\n');
    chmodSync(program, 0o755);
    assert.equal(await lockWorkstation({ XDG_SESSION_ID: 'c1' }, { candidates: [program], milliseconds: 100 }), false);
  });
});

describe('Locking the session by the real loginctl', () => {
  const orders: string[] = [];
  let bus: PrivateBus | undefined;
  let service: ChildProcess | undefined;
  let next: () => Promise<unknown>;
  let directory: string;

  let candidates: string[];

  /** A loginctl that works here; undefined: there is none. */
  const loginctl = (): string | undefined => {
    if (!existsSync('/usr/bin/loginctl')) return undefined;
    if (existsSync('/run/systemd/system')) return '/usr/bin/loginctl';
    if (process.getuid?.() !== 0) return undefined;
    mkdirSync(join(directory, 'run/systemd/system'), { recursive: true });
    const program = join(directory, 'loginctl');
    const inside = `mount --bind '${join(directory, 'run')}' /run; exec /usr/bin/loginctl "$@"`;
    writeFileSync(program, `#!/bin/sh\nexec unshare --mount sh -ec '${inside.replaceAll("'", "'\\''")}' sh "$@"\n`);
    chmodSync(program, 0o755);
    return spawnSync(program, ['--version']).status === 0 ? program : undefined;
  };

  before(async function () {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-lock-'));
    const program = loginctl();
    if (program === undefined) {
      process.stdout.write('    not run: no loginctl that works here\n');
      this.skip();
    }
    candidates = [program];
    const binary = join(directory, 'lock-service');
    const source = fileURLToPath(new URL('./lock-service.c', import.meta.url));
    execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-O1', '-o', binary, source, '-lsystemd']);
    bus = await startPrivateBus();
    const child = spawn(binary, [bus.address], { stdio: ['ignore', 'pipe', 'inherit'] });
    service = child;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => orders.push(line));
    next = () => once(lines, 'line');
    await next();
    orders.length = 0;
  });
  after(async () => {
    service?.kill('SIGKILL');
    await bus?.end();
    rmSync(directory, { recursive: true });
  });
  afterEach(() => (orders.length = 0));
  const environment = (id?: string): NodeJS.ProcessEnv => ({
    DBUS_SYSTEM_BUS_ADDRESS: bus!.address,
    ...(id === undefined ? {} : { XDG_SESSION_ID: id }),
  });

  it('reaches logind with the session of the environment, and with no other', async () => {
    const heard = next();
    assert.equal(await lockWorkstation(environment('c1'), { candidates }), true);
    await heard;
    assert.deepEqual(orders, ['c1']);
  });

  it('lets logind find the session where the environment names none', async () => {
    const heard = next();
    assert.equal(await lockWorkstation(environment(), { candidates }), true);
    await heard;
    assert.deepEqual(orders, ['(own)']);
  });

  it('says so when logind refuses', async () => {
    assert.equal(await lockWorkstation(environment('denied'), { candidates }), false);
    assert.deepEqual(orders, []);
  });

  it('says so when nobody is there to take the order', async () => {
    assert.equal(
      await lockWorkstation({ ...environment('c1'), DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent' }),
      false,
    );
  });
});

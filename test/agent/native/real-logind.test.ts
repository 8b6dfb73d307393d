// The same watch against the real systemd-logind. Without systemd as process 1 it opens no session by itself, but it takes over
// those that its state files tell of, as it does after a restart: so two sessions on seat0 are written for it. It runs in
// namespaces of its own, with no devices and no virtual terminals to switch. Sleep and the end of a session need process 1 and
// are left to session-events.test.ts.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type SessionSnapshot, type SessionWatch, watchSession } from '../../../agent/native/session-events.ts';
import { EventLog } from './event-log.ts';
import { type PrivateBus, startPrivateBus } from './private-bus.ts';
import { enterSession } from './session-environment.ts';

const LOGIND = '/lib/systemd/systemd-logind';
const MANAGER = 'org.freedesktop.login1.Manager';
const SESSION = 'org.freedesktop.login1.Session';
const namespaces = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--net'];
const enter =
  'mount --bind "$1" /run; mount -t tmpfs none /dev; mknod /dev/null c 1 3; mount -t tmpfs none /sys/class/tty';

const stateOf = (id: string): string =>
  `UID=0\nUSER=root\nACTIVE=1\nSTATE=active\nREMOTE=0\nTYPE=x11\nCLASS=user\nSCOPE=session-${id}.scope\nSEAT=seat0\n`;

function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'logind of its own needs root';
  if (!existsSync(LOGIND)) return `${LOGIND} is missing`;
  const trial = spawnSync('setpriv', [...namespaces, 'sh', '-ec', enter, 'sh', tmpdir()], {
    encoding: 'utf8',
    timeout: 5000,
  });
  return trial.status === 0 ? undefined : `namespaces cannot be made here (${trial.stderr.trim()})`;
}

describe('the session watch with the real systemd-logind', () => {
  const cleanUp: (() => unknown)[] = [];
  let bus: PrivateBus;

  before(async function () {
    const reason = obstacle();
    if (reason !== undefined) {
      process.stdout.write(`    not run: ${reason}\n`);
      this.skip();
    }
    const directory = await mkdtemp(join(tmpdir(), 'kortbro-logind-'));
    cleanUp.push(() => rm(directory, { recursive: true, force: true }));
    await mkdir(join(directory, 'systemd', 'sessions'), { recursive: true });
    await mkdir(join(directory, 'systemd', 'users'));
    await writeFile(join(directory, 'systemd', 'users', '0'), 'NAME=root\nSTATE=active\nRUNTIME=/run/user/0\n');
    for (const id of ['c1', 'c2']) await writeFile(join(directory, 'systemd', 'sessions', id), stateOf(id));
    bus = await startPrivateBus();
    cleanUp.push(() => bus.end());
    const command = ['sh', '-ec', `${enter}; exec ${LOGIND}`, 'sh', directory];
    const logind: ChildProcess = spawn('setpriv', [...namespaces, ...command], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], DBUS_SYSTEM_BUS_ADDRESS: bus.address },
    });
    cleanUp.push(() => logind.kill('SIGKILL'));
    cleanUp.push(enterSession(bus.address, 'c1'));
  });

  after(async () => {
    for (const step of cleanUp.reverse()) await step();
  });

  /** Calls a method as loginctl does. */
  const ask = async (path: string, ...call: string[]): Promise<void> => {
    const target = ['org.freedesktop.login1', `/org/freedesktop/login1${path}`];
    await promisify(execFile)('busctl', [`--address=${bus.address}`, 'call', ...target, ...call]);
  };

  it('hears lock, unlock, the hint of the desktop and a change of the active session', async () => {
    const snapshots = new EventLog<SessionSnapshot>();
    const watch: SessionWatch | undefined = watchSession(snapshots.add);
    cleanUp.push(() => watch?.stop());
    const next = (what: string): Promise<SessionSnapshot> => snapshots.next(what, () => true);
    const first = await snapshots.next('logind is there', ({ connected }) => connected);
    assert.deepEqual(first, { ...first, locked: false, suspending: false, ended: false });

    await ask('', MANAGER, 'LockSession', 's', 'c2');
    await ask('', MANAGER, 'LockSession', 's', 'c1');
    assert.equal((await next('a lock signal came')).locked, true);
    await ask('', MANAGER, 'UnlockSession', 's', 'c1');
    assert.equal((await next('an unlock signal came')).locked, false);

    await ask('/session/c1', SESSION, 'SetLockedHint', 'b', 'true');
    assert.equal((await next('the hint is set')).locked, true);
    await ask('/session/c1', SESSION, 'SetLockedHint', 'b', 'false');
    assert.equal((await next('the hint is cleared')).locked, false);

    await ask('', MANAGER, 'ActivateSession', 's', first.active === true ? 'c2' : 'c1');
    assert.equal((await next('the active session changed')).active, first.active !== true);
  });
});

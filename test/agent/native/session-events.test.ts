// Lock, unlock, sleep, activity and forgeries over a real dbus-daemon. logind itself is played by fake-logind.c: the real one
// knows neither sleep nor the end of a session without systemd as process 1; real-logind.test.ts has what it does know.
import assert from 'node:assert/strict';
import { type SessionSnapshot, type SessionWatch, watchSession } from '../../../agent/native/session-events.ts';
import { EventLog } from './event-log.ts';
import { type BusProgram, type PrivateBus, startPrivateBus } from './private-bus.ts';
import { enterSession } from './session-environment.ts';

const here: SessionSnapshot = { locked: false, active: true, suspending: false, connected: true, ended: false };
const away: SessionSnapshot = {
  locked: undefined,
  active: undefined,
  suspending: false,
  connected: false,
  ended: false,
};

describe('the session watch', () => {
  let bus: PrivateBus;
  let logind: BusProgram;
  let snapshots: EventLog<SessionSnapshot>;
  let watch: SessionWatch | undefined;
  let leaveSession: () => void;

  beforeEach(async () => {
    bus = await startPrivateBus();
    logind = bus.startProgram();
    await logind.obey('own');
    leaveSession = enterSession(bus.address, 'c1');
    snapshots = new EventLog();
  });

  afterEach(async () => {
    watch?.stop();
    leaveSession();
    await bus.end();
  });

  /** Starts the watch and returns its first snapshot. */
  const started = (): Promise<SessionSnapshot> => {
    watch = watchSession(snapshots.add);
    assert.ok(watch, 'there is a session to watch');
    return snapshots.next('it started', () => true);
  };
  const next = (what: string, fits: (snapshot: SessionSnapshot) => boolean): Promise<SessionSnapshot> =>
    snapshots.next(what, fits);

  it('tells the state of the session at its start', async () => {
    assert.deepEqual(await started(), here);
  });

  it('tells at its start that the session is locked and inactive', async () => {
    await logind.obey('hint 1');
    await logind.obey('active 0');
    assert.deepEqual(await started(), { ...here, locked: true, active: false });
  });

  it('tells lock and unlock from the signals', async () => {
    await started();
    await logind.obey('lock');
    assert.deepEqual(await next('it is locked', () => true), { ...here, locked: true });
    await logind.obey('unlock');
    assert.deepEqual(await next('it is unlocked', () => true), here);
  });

  it('tells lock and unlock from the LockedHint property', async () => {
    await started();
    await logind.obey('hint 1');
    assert.deepEqual(await next('it is locked', () => true), { ...here, locked: true });
    await logind.obey('hint 0');
    assert.deepEqual(await next('it is unlocked', () => true), here);
  });

  it('takes a hint that turns false after a lock signal for an unlock', async () => {
    await started();
    await logind.obey('lock');
    await logind.obey('hint 1');
    await logind.obey('hint 0');
    assert.equal((await next('it is locked', () => true)).locked, true);
    assert.equal((await next('it is unlocked', () => true)).locked, false);
  });

  it('tells that the session is no longer the active one, and that it is again', async () => {
    await started();
    await logind.obey('active 0');
    assert.deepEqual(await next('it is inactive', () => true), { ...here, active: false });
    await logind.obey('active 1');
    assert.deepEqual(await next('it is active', () => true), here);
  });

  it('reads a property that is announced without its value', async () => {
    await started();
    await logind.obey('active-without-value 0');
    assert.deepEqual(await next('it is inactive', () => true), { ...here, active: false });
  });

  it('tells that the machine is about to sleep and that it has woken', async () => {
    await started();
    await logind.obey('sleep 1');
    assert.deepEqual(await next('it suspends', () => true), { ...here, suspending: true });
    await logind.obey('sleep 0');
    assert.deepEqual(await next('it has woken', () => true), here);
  });

  it('tells the end of its own session and not that of others', async () => {
    await started();
    await logind.obey('removed c2');
    await logind.obey('removed c1');
    assert.deepEqual(await next('it ended', () => true), { ...here, active: false, ended: true });
    assert.equal(snapshots.all.length, 2);
  });

  it('hears a signal that logind sends to it alone', async () => {
    await started();
    await logind.obey('lock-everyone');
    assert.equal((await next('it is locked', () => true)).locked, true);
  });

  it('ignores look-alike signals from a program that does not own the name', async () => {
    const stranger = bus.startProgram();
    await started();
    for (const line of [
      'lock',
      'hint 1',
      'active 0',
      'active-without-value 0',
      'sleep 1',
      'removed c1',
      'lock-everyone',
    ]) {
      await stranger.obey(line);
    }
    await logind.obey('sleep 1');
    assert.deepEqual(await next('the true signal came', () => true), { ...here, suspending: true });
    assert.equal(snapshots.all.length, 2);
  });

  it('ignores a stranger that tells it the name has a new owner', async () => {
    const stranger = bus.startProgram();
    await started();
    await stranger.obey('claim-the-name-to-everyone');
    await stranger.obey('lock-everyone');
    await logind.obey('sleep 1');
    assert.deepEqual(await next('the true signal came', () => true), { ...here, suspending: true });
    assert.equal(snapshots.all.length, 2);
  });

  it('says that it is not connected while logind is away, and finds the next one', async () => {
    await started();
    await logind.obey('disown');
    assert.deepEqual(await next('it is away', () => true), away);
    const successor = bus.startProgram();
    await successor.obey('hint 1');
    await successor.obey('own');
    assert.deepEqual(await next('it is back', ({ connected }) => connected), { ...here, locked: true });
    await logind.obey('unlock');
    await successor.obey('hint 0');
    assert.deepEqual(await next('it is unlocked', () => true), here);
  });

  it('says that it is not connected while the bus is away, and comes back', async () => {
    await started();
    await bus.stopDaemon();
    assert.deepEqual(await next('it is away', () => true), away);
    await bus.startDaemon();
    const successor = bus.startProgram();
    await successor.obey('own');
    assert.deepEqual(await next('it is back', ({ connected }) => connected), here);
  });

  it('says that it is not connected when no bus is there at its start', async () => {
    await bus.stopDaemon();
    assert.deepEqual(await started(), away);
  });

  it('says that the session has ended when logind knows none of its ids', async () => {
    process.env['XDG_SESSION_ID'] = 'c9';
    assert.deepEqual(await started(), { ...here, locked: undefined, active: false, ended: true });
  });

  it('delivers nothing after stop, which may be called twice', async () => {
    await started();
    watch?.stop();
    watch?.stop();
    const stopped = snapshots;
    snapshots = new EventLog();
    await started();
    await logind.obey('lock');
    await next('the second watch has heard it', ({ locked }) => locked === true);
    assert.equal(stopped.all.length, 1);
  });
});

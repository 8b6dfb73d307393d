// The session's state and events, from a stand-in for wtsapi32.dll that sends to our window what the system would.
import assert from 'node:assert/strict';
import {
  type SessionSnapshot,
  sessionUnavailable,
  type SessionWatch,
  watchSession,
} from '../../../agent/native/session-events.ts';
import { EventLog } from '../../agent/native/event-log.ts';
import { FakeDll } from './fakes/fake-dll.ts';

const here: SessionSnapshot = { locked: false, active: true, suspending: false, connected: true, ended: false };
/** WM_WTSSESSION_CHANGE's, by their numbers in winuser.h. */
const change = {
  consoleConnect: 1,
  consoleDisconnect: 2,
  remoteConnect: 3,
  remoteDisconnect: 4,
  logon: 5,
  logoff: 6,
  lock: 7,
  unlock: 8,
};
/** WM_POWERBROADCAST's. */
const power = { suspend: 4, resumeCritical: 6, resumeSuspend: 7, powerStatus: 10, resumeAutomatic: 18 };

describe('the session watch', () => {
  let session: FakeDll;
  let snapshots: EventLog<SessionSnapshot>;
  let watch: SessionWatch | undefined;

  before(async () => {
    assert.equal(sessionUnavailable(), undefined);
    session = await FakeDll.find('wtsapi32');
  });
  after(() => session.close());

  beforeEach(async () => {
    snapshots = new EventLog();
    await session.obey('state 0');
    await session.obey('lock-flag 1');
  });
  afterEach(async () => {
    watch?.stop();
    while ((await session.obey('registrations')) !== '0') await new Promise((resolve) => setTimeout(resolve, 10));
  });

  const started = (): Promise<SessionSnapshot> => {
    watch = watchSession(snapshots.add);
    assert.ok(watch);
    return snapshots.next('it started', ({ connected }) => connected);
  };
  const next = (what: string): Promise<SessionSnapshot> => snapshots.next(what, () => true);

  it('tells the state of the session at its start', async () => {
    assert.deepEqual(await started(), here);
  });

  it('tells at its start that the session is locked', async () => {
    await session.obey('lock-flag 0');
    assert.deepEqual(await started(), { ...here, locked: true });
  });

  it('tells at its start that the session is disconnected, and does not guess about the lock', async () => {
    await session.obey('state 4');
    await session.obey('lock-flag -1');
    assert.deepEqual(await started(), { ...here, locked: undefined, active: false });
  });

  it('has a window that gets what is broadcast, and that nobody sees', async () => {
    await started();
    assert.equal(await session.obey('window'), 'top-level hidden');
  });

  it('tells lock and unlock', async () => {
    await started();
    await session.obey(`change ${change.lock}`);
    assert.deepEqual(await next('it is locked'), { ...here, locked: true });
    await session.obey(`change ${change.unlock}`);
    assert.deepEqual(await next('it is unlocked'), here);
  });

  it('tells that the session leaves the console and comes back from afar', async () => {
    await started();
    await session.obey(`change ${change.consoleDisconnect}`);
    assert.deepEqual(await next('it is away'), { ...here, active: false });
    await session.obey(`change ${change.remoteConnect}`);
    assert.deepEqual(await next('it is back'), here);
    await session.obey(`change ${change.remoteDisconnect}`);
    assert.deepEqual(await next('it is away again'), { ...here, active: false });
    await session.obey(`change ${change.consoleConnect}`);
    assert.deepEqual(await next('it is back again'), here);
  });

  it('hears nothing of other sessions and of what says nothing', async () => {
    await started();
    await session.obey(`change-elsewhere ${change.lock}`);
    await session.obey(`change ${change.logon}`);
    await session.obey(`power ${power.powerStatus}`);
    await session.obey('close');
    await session.obey(`change ${change.lock}`);
    await next('its own came');
    assert.equal(snapshots.all.length, 2);
  });

  it('tells sleep, and that it is over', async () => {
    await started();
    assert.equal(await session.obey(`power ${power.suspend}`), '1');
    assert.deepEqual(await next('it suspends'), { ...here, suspending: true });
    await session.obey(`power ${power.resumeAutomatic}`);
    assert.deepEqual(await next('it has woken'), here);
    await session.obey(`power ${power.resumeSuspend}`);
    await session.obey(`change ${change.lock}`);
    assert.deepEqual(await next('the lock came next'), { ...here, locked: true });
  });

  it('finds out after sleep that the session was locked meanwhile', async () => {
    await started();
    await session.obey(`power ${power.suspend}`);
    await next('it suspends');
    await session.obey('lock-flag 0');
    await session.obey(`power ${power.resumeAutomatic}`);
    assert.deepEqual(await next('it has woken'), { ...here, locked: true });
  });

  it('tells a logoff', async () => {
    await started();
    await session.obey(`change ${change.logoff}`);
    assert.deepEqual(await next('it ended'), { ...here, active: false, ended: true });
  });

  it('lets the session end, tells it, and holds it up until it is stopped', async () => {
    await started();
    assert.equal(await session.obey('may-end'), '1');
    const held = session.obey('end 1');
    assert.deepEqual(await next('it ended'), { ...here, active: false, ended: true });
    watch?.stop();
    assert.ok(Number(await held) < 3000);
  });

  it('holds the end of the session up for four seconds at most', async () => {
    await started();
    const milliseconds = Number(await session.obey('end 1'));
    assert.ok(milliseconds >= 3900 && milliseconds < 4900, `${milliseconds} ms`);
  });

  it('goes on when the end of the session was called off', async () => {
    await started();
    await session.obey('end 0');
    await session.obey(`change ${change.lock}`);
    assert.deepEqual(await next('it is locked'), { ...here, locked: true });
    assert.equal(snapshots.all.length, 2);
  });

  it('tries again while the system does not announce yet', async () => {
    await session.obey('refuse 1');
    watch = watchSession(snapshots.add);
    const away = { locked: undefined, active: undefined, suspending: false, connected: false, ended: false };
    assert.deepEqual(await next('it waits'), away);
    await session.obey('refuse 0');
    assert.deepEqual(await next('it is connected'), here);
  });

  it('delivers nothing after stop, which may be called twice', async () => {
    await started();
    watch?.stop();
    watch?.stop();
    const before = snapshots.all.length;
    const second = new EventLog<SessionSnapshot>();
    watch = watchSession(second.add);
    await second.next('the second watch has begun', ({ connected }) => connected);
    await session.obey(`change ${change.lock}`);
    await second.next('the second has heard it', ({ locked }) => locked === true);
    assert.equal(snapshots.all.length, before);
  });
});

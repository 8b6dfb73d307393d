// What the system says about the session this program runs in: locked, active, about to sleep, ended. On Linux systemd-logind
// (only signals from the connection that owns org.freedesktop.login1 count; anyone on the bus can send look-alikes), on
// Windows the announcements to a window of our own and wtsapi32.
import { addon } from './addon.ts';
import { type SessionSnapshot } from './session-snapshot.ts';

export { type SessionSnapshot } from './session-snapshot.ts';

/** A watch keeps the event loop alive until it is stopped. */
export interface SessionWatch {
  /** Ends the thread; no snapshot is delivered after this returns. May be called again. */
  stop: () => void;
}

/** Why there is nothing to watch: no libsystemd.so.0 on this machine (Linux), or no session to which the process belongs. */
export type SessionUnavailable = 'no-libsystemd' | 'no-session';

/** The reason for which watchSession would answer undefined; undefined when it would not. */
export function sessionUnavailable(): SessionUnavailable | undefined {
  const reason = addon().sessionUnavailable();
  return reason === 'no-libsystemd' || reason === 'no-session' ? reason : undefined;
}

/**
 * Watches the session of this process in a thread of its own. A snapshot comes at the start and at each change; when the source
 * is away or goes, one with `connected: false` comes and it is tried again after 250 ms, doubling to 5 s.
 *
 * Linux: the session is that of the cgroup, else XDG_SESSION_ID, else the user's display session; the bus is
 * DBUS_SYSTEM_BUS_ADDRESS when set, else the system's. Windows: when the session ends, Windows waits until the watch is stopped, for
 * 4 s at most; so stop it when everything else is done.
 */
export function watchSession(listener: (snapshot: SessionSnapshot) => void): SessionWatch | undefined {
  const watch = addon().watchSession(listener);
  if (watch === undefined) return undefined;
  return {
    stop: () => {
      watch.stop();
    },
  };
}

// Looks after sessions whose end comes by itself: one timer each, which looks again when it is over. What it finds decides
// whether it goes on. The timers keep no process alive.
import { type Clock, type Schedule } from './clock.ts';

export interface SessionWatch {
  /** Looks at `token` when `at` (milliseconds since 1970) has come. One that is watched already is left as it is. */
  start(token: string, at: number): void;
  end(token: string): void;
  /** No timer is left, and none is started any more. */
  stop(): void;
}

export interface SessionWatchOptions {
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** When to look again, if at all. Never rejects. */
  readonly look: (token: string) => Promise<number | undefined>;
}

export function watchSessions({ clock, schedule, look }: SessionWatchOptions): SessionWatch {
  const timers = new Map<string, () => void>();
  let isStopped = false;

  const watch: SessionWatch = {
    start(token, at) {
      if (isStopped || timers.has(token)) return;
      const cancel = schedule(() => {
        timers.delete(token);
        void look(token).then((next) => next !== undefined && watch.start(token, next));
      }, at - clock());
      timers.set(token, cancel);
    },
    end(token) {
      timers.get(token)?.();
      timers.delete(token);
    },
    stop() {
      isStopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
  return watch;
}

// Notices an agent that hangs: while somebody may be waiting for it, it is pinged (RFC 6455 5.5.2), and one that leaves
// several pings unanswered is given up. Nothing ticks while nobody waits.
import { type WebSocket } from 'ws';
import { limits } from '../shared/limits.ts';

/** Watches until told to stop; `silent` is called when the agent is given up. */
export function watchPulse(socket: WebSocket, silent: () => void): { expect(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let ticksLeft = 0;
  let unanswered = 0;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    unanswered = 0;
  };
  const tick = () => {
    if (socket.isPaused) return;
    if (unanswered >= limits.pulsesMissed) {
      stop();
      silent();
    } else if (--ticksLeft < 0) {
      stop();
    } else {
      unanswered += 1;
      socket.ping();
    }
  };
  socket.on('pong', () => (unanswered = 0));
  return {
    /** The agent has been asked something: an answer may take as long as a dialog may be open. */
    expect() {
      ticksLeft = Math.ceil(limits.longestAnswer / limits.pulse);
      timer ??= setInterval(tick, limits.pulse);
    },
    stop,
  };
}

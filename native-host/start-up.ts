// What the process switches off before it does anything else: the debugger's door, lax file modes, words on stderr.
import { end } from './ending.ts';

/** To be called once, first. */
export function hardenProcess(): void {
  // Without a listener Node opens its inspector on this signal.
  process.on('SIGUSR1', () => undefined);
  process.umask(0o077);
  // Node prints warnings and uncaught errors, with stacks, on stderr.
  process.removeAllListeners('warning');
  process.on('uncaughtException', () => end('internal'));
  process.on('unhandledRejection', () => end('internal'));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end('terminated'));
}

// What the process switches off before it does anything else: the debugger's door, foreign variables and libraries, lax file
// modes, words on stderr.
import { forgetForeignVariables } from '../shared/foreign-variables.ts';
import { end } from './ending.ts';
import { windowsNative } from './windows-native.ts';

/** To be called once, first. */
export function hardenProcess(): void {
  // Without a listener Node opens its inspector on this signal.
  process.on('SIGUSR1', () => undefined);
  forgetForeignVariables(process.env);
  process.umask(0o077);
  // Node prints warnings and uncaught errors, with stacks, on stderr.
  process.removeAllListeners('warning');
  process.on('uncaughtException', () => end('internal'));
  process.on('unhandledRejection', () => end('internal'));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end('terminated'));
  if (process.platform === 'win32') windowsNative().restrictLibraries();
}

// What the process asks for itself before it does anything else: no inspector, no core dumps, no inherited switches that
// would let others into it, and files that only its user can read.
import { setFlagsFromString } from 'node:v8';
import { forgetForeignVariables } from '../shared/foreign-variables.ts';
import { smallProcessFlags } from '../shared/v8-flags.ts';
import { disableCoreDumps, restrictLibraries, setDumpable } from './native/process-hardening.ts';

/** Call first. */
export function hardenProcess(): void {
  // Without a handler Node opens its inspector when it gets this signal, to every program of the user.
  process.on('SIGUSR1', () => undefined);
  forgetForeignVariables(process.env);
  Reflect.deleteProperty(process.env, 'LD_PRELOAD');
  process.umask(0o077);
  disableCoreDumps();
  setDumpable(false);
  restrictLibraries();
  for (const flag of smallProcessFlags) setFlagsFromString(flag);
}

// What the process asks for itself before it does anything else: no inspector, no core dumps, no inherited switches that
// would let others into it, and files that only its user can read.
import { setFlagsFromString } from 'node:v8';
import { smallProcessFlags } from '../shared/v8-flags.ts';
import { disableCoreDumps, restrictLibraries, setDumpable } from './native/process-hardening.ts';

/** Environment variables that would change how this process or a child runs, or make a driver write down what it sees. */
const dropped = [
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_DEBUG',
  'LD_PRELOAD',
  'PKCS11SPY',
  'PKCS11SPY_OUTPUT',
  'OPENSC_DEBUG',
];

/** Call first. */
export function hardenProcess(): void {
  // Without a handler Node opens its inspector when it gets this signal, to every program of the user.
  process.on('SIGUSR1', () => undefined);
  for (const name of dropped) Reflect.deleteProperty(process.env, name);
  process.umask(0o077);
  disableCoreDumps();
  setDumpable(false);
  restrictLibraries();
  for (const flag of smallProcessFlags) setFlagsFromString(flag);
}

// Locks the OS session in which the agent runs, by logind: the desktop's own lock screen comes up. Linux.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Absolute, so that no PATH chooses the program. */
const programs = ['/usr/bin/loginctl', '/bin/loginctl'];

/** loginctl asks logind and waits for its answer, which takes some milliseconds. */
const longest = 2_000;

/**
 * The arguments of loginctl that lock the session of `environment`. Where none is named (programs that a desktop starts as user
 * services) logind is left to find it: the caller's, else the user's own on the screen. Undefined for a name that is none. Pure.
 */
export function lockArguments(environment: NodeJS.ProcessEnv): string[] | undefined {
  const session = environment['XDG_SESSION_ID'] ?? '';
  const order = ['--no-ask-password', 'lock-session'];
  if (session === '') return order;
  // No hyphen first: that would be an option.
  return /^\w[\w-]{0,63}$/.test(session) ? [...order, session] : undefined;
}

/** Whether logind has taken the order, within 2 s. That the desktop obeys is seen by the session watch, not here. */
export async function lockWorkstation(
  environment: NodeJS.ProcessEnv,
  { candidates = programs, milliseconds = longest } = {},
): Promise<boolean> {
  const order = lockArguments(environment);
  const program = candidates.find((path) => existsSync(path));
  if (order === undefined || program === undefined) return false;
  const bus = environment['DBUS_SYSTEM_BUS_ADDRESS'];
  const env = { LC_ALL: 'C', ...(bus === undefined ? {} : { DBUS_SYSTEM_BUS_ADDRESS: bus }) };
  const options = { env, cwd: '/', timeout: milliseconds, killSignal: 'SIGKILL' as const, maxBuffer: 4_096 };
  return new Promise((resolve) => {
    const child = execFile(program, order, options, (error) => resolve(error === null));
    child.stdin?.end();
  });
}

// How the process ends: one exit code and at most one word on stderr for each reason. Nothing else is ever written there.
import { writeSync } from 'node:fs';

/** Reasons to end and their exit codes. The two that are no fault say nothing on stderr. */
const endings = {
  /** The browser closed its end. */
  closed: 0,
  /** A signal asked for it. */
  terminated: 143,
  /** Not started by the extension or the command. */
  caller: 2,
  /** stdin or stdout is no pipe or socket. */
  stdio: 3,
  /** A message from the browser was longer than allowed, */
  'too-large': 4,
  /** or empty, */
  empty: 5,
  /** or not UTF-8, */
  encoding: 6,
  /** or cut off by the end of the stream, */
  truncated: 7,
  /** or begun and not completed in time. */
  slow: 8,
  /** The browser's end of stdout is closed. */
  unwritable: 9,
  /** The browser does not read what it is sent. */
  unread: 10,
  /** A fault of our own. */
  internal: 70,
} as const;

export type Ending = keyof typeof endings;

/** Ends the process at once; the operating system closes both connections. */
export function end(ending: Ending): never {
  if (ending !== 'closed' && ending !== 'terminated') {
    try {
      writeSync(2, `${ending}\n`);
    } catch {
      // Nobody listens on stderr: the exit code says the same.
    }
  }
  process.exit(endings[ending]);
}

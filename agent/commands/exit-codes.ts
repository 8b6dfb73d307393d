// The exit codes of `kortbro`, as docs/commands.md promises them to scripts.
import { type ErrorCode, type KortbroError } from '../../shared/errors.ts';

export const exitCodes = {
  /** Done. For `doctor`: no problem was found (there may be warnings). */
  ok: 0,
  /** Kortbro answered no, something could not be done, or `doctor` found a problem. */
  refused: 1,
  /** The command line was not understood. */
  usage: 2,
  /** No answer from the agent. */
  unreachable: 3,
  /** Ctrl-C: 128 + SIGINT, as shells expect it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const unreachable = new Set<ErrorCode>([
  'ERR_AGENT_NOT_RUNNING',
  'ERR_AGENT_STOPPED',
  'ERR_AGENT_ENDPOINT',
  'ERR_AGENT_PROOF',
  'ERR_AGENT_VERSION',
  // A command opens no dialog: what took too long is the agent's answer.
  'ERR_USER_TIMEOUT',
]);

/** The exit code for a request that failed. */
export function exitCodeOf({ code }: KortbroError): ExitCode {
  if (code === 'ERR_REQUEST_CANCELLED') return exitCodes.interrupted;
  return unreachable.has(code) ? exitCodes.unreachable : exitCodes.refused;
}

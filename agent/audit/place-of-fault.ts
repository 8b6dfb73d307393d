// Where in our own code something failed, for whoever reads the log.
import { KortbroError } from '../../shared/errors.ts';

/** The innermost place, and the error's name; never its message, which could hold anything. A KortbroError's cause goes before it. */
export function placeOfFault(error: unknown): string {
  const fault: unknown = error instanceof KortbroError ? (error.cause ?? error) : error;
  if (!(fault instanceof Error)) return typeof fault;
  const line = fault.stack?.split('\n').find((text) => text.includes('.js:') || text.includes('.ts:')) ?? '';
  return `${fault.name} ${/[\w.-]+:\d+:\d+/.exec(line)?.[0] ?? ''}`.trim();
}

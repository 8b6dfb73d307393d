// One question to the agent, by way of the native host, and its one answer: bounded in time, and called off by a signal.
import { randomUUID } from 'node:crypto';
import { type Clock } from '../../shared/clock.ts';
import { KortbroError, type WireError } from '../../shared/errors.ts';
import { parseResult, type AgentState, type Result } from '../../shared/messages.ts';
import { type OpenHost } from './host-process.ts';
import { type Language } from './text.ts';

/** The verbs that a person may ask. */
export type AskedVerb = 'status' | 'certificates' | 'forget-pin';

/** How long an answer is waited for: the native host alone waits 5 s for an agent that starts. Milliseconds. */
export const patience = 10_000;

/** How long the answer to a cancel is waited for, in milliseconds. */
const cancelPatience = 1_000;

export interface AskOptions {
  open: OpenHost;
  clock: Clock;
  language: Language;
  /** Calls the question off. */
  signal: AbortSignal;
}

/**
 * Asks, and parses the answer.
 * @throws KortbroError what the agent refused with; why it cannot be reached; ERR_USER_TIMEOUT; ERR_REQUEST_CANCELLED
 */
export function askAgent<V extends AskedVerb>(verb: V, options: AskOptions): Promise<Result<V>> {
  const { open, clock, language, signal } = options;
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const callsOff: (() => void)[] = [];
    const finish = (settle: () => void) => {
      for (const callOff of callsOff) callOff();
      signal.removeEventListener('abort', cancel);
      host.close();
      settle();
    };
    const fail = (error: KortbroError) => finish(() => reject(error));
    const host = open({
      message: (message) => {
        if (message.type === 'agent' && message.state === 'gone') {
          fail(asError(message.error ?? { code: 'ERR_AGENT_NOT_RUNNING' }));
        } else if (message.type === 'error' && message.id === id) {
          fail(asError(message.error));
        } else if (message.type === 'response' && message.id === id) {
          finish(() => {
            try {
              resolve(parseResult(verb, message.result));
            } catch {
              // An answer of another shape comes from another version.
              reject(new KortbroError('ERR_AGENT_VERSION'));
            }
          });
        }
      },
      ended: () => fail(new KortbroError('ERR_AGENT_NOT_RUNNING')),
    });
    function cancel(): void {
      host.send({ type: 'cancel', id });
      callsOff.push(clock.after(cancelPatience, () => fail(new KortbroError('ERR_REQUEST_CANCELLED'))));
    }
    callsOff.push(
      clock.after(patience, () => {
        host.send({ type: 'cancel', id });
        fail(new KortbroError('ERR_USER_TIMEOUT'));
      }),
    );
    host.send({ type: 'request', id, language, verb, caller: { kind: 'user' } });
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
  });
}

/** `status` as the holder sees it. @throws KortbroError as `askAgent` */
export async function askStatus(options: AskOptions): Promise<AgentState> {
  const state = await askAgent('status', options);
  if (!('readers' in state)) throw new KortbroError('ERR_AGENT_VERSION');
  return state;
}

function asError({ code, triesLeft, incident }: Omit<WireError, 'message'>): KortbroError {
  return new KortbroError(code, {
    ...(triesLeft === undefined ? {} : { triesLeft }),
    ...(incident === undefined ? {} : { incident }),
  });
}

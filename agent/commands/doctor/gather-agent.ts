// The agent's own answer, and the card service's beside it: what the one does not see and the other does is a finding. Bounded in time.
import { KortbroError } from '../../../shared/errors.ts';
import { startReaderWatch, type ReaderPicture, type ReaderWatch } from '../../native/pcsc.ts';
import { askStatus, type AskOptions } from '../ask-agent.ts';
import { type AgentSight } from './picture.ts';

/** How long the first picture of the readers is waited for, in milliseconds. pcscd that is started on demand takes one. */
const readersPatience = 3_000;

/** What an agent that has just started is given to find the readers and read the cards in them, in milliseconds. */
const settlingTime = 1_500;

/** Asks the agent, twice when it is only just finding its cards. */
export async function gatherAgent(ask: AskOptions, ranBefore: boolean): Promise<AgentSight> {
  try {
    let state = await askStatus(ask);
    if (!ranBefore || state.readers.some(({ card }) => card === 'reading')) {
      await new Promise<void>((resolve) => ask.clock.after(settlingTime, resolve));
      state = await askStatus(ask);
    }
    return { ranBefore, answer: { ok: true, state } };
  } catch (error) {
    const code = error instanceof KortbroError ? error.code : 'ERR_AGENT_INTERNAL';
    return { ranBefore, answer: { ok: false, code } };
  }
}

/** What the card service tells first; undefined when that does not come in time. */
export function firstReaderPicture(): Promise<ReaderPicture | undefined> {
  return new Promise((resolve) => {
    let watch: ReaderWatch | undefined;
    const finish = (picture: ReaderPicture | undefined) => {
      clearTimeout(timer);
      watch?.stop();
      resolve(picture);
    };
    const timer = setTimeout(() => finish(undefined), readersPatience);
    try {
      watch = startReaderWatch(finish);
    } catch {
      // The addon is missing, and is among the missing parts.
      finish(undefined);
    }
  });
}

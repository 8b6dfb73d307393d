// Calls that the test answers, in the place of real ones.
import { type CallOutcome, type SiteCall } from '../../../agent/logout/site-call.ts';
import { settle } from '../fake-clock.ts';

/** A call under way. */
export interface Pending {
  call: SiteCall;
  signal: AbortSignal;
  answer: (outcome: CallOutcome) => void;
}

export const done: CallOutcome = { outcome: 'done' };
export const failed: CallOutcome = { outcome: 'failed' };
export const over: CallOutcome = { outcome: 'over' };

export class ScriptedCalls {
  readonly pending: Pending[] = [];
  /** Every call so far, by its address. */
  readonly made: string[] = [];

  readonly call = (call: SiteCall, signal: AbortSignal): Promise<CallOutcome> => {
    this.made.push(call.url);
    return new Promise((answer) => this.pending.push({ call, signal, answer }));
  };

  /** The addresses of the calls under way. */
  get open(): string[] {
    return this.pending.map(({ call }) => call.url);
  }

  /** Answers every call under way that `which` chooses, and lets what follows from it happen. */
  async answer(outcome: CallOutcome, which: (url: string) => boolean = () => true): Promise<void> {
    await settle();
    const chosen = this.pending.filter(({ call }) => which(call.url));
    for (const one of chosen) {
      this.pending.splice(this.pending.indexOf(one), 1);
      one.answer(outcome);
    }
    await settle();
  }
}

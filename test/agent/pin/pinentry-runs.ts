// Runs of scripted pinentry programs for a suite of tests: each test has a program of its own, asked with the same text.
import { askConfirmation, askPin, type DialogOptions } from '../../../agent/pin/pinentry.ts';
import { type DialogText } from '../../../agent/pin/prompt-texts.ts';
import { waitUntil, within } from '../../native-host/within.ts';
import { ScriptedPinentry, type Replies } from './scripted-pinentry.ts';

/** What the programs are told to show. */
export const text: DialogText = {
  title: 'Kortbro',
  description: 'https://journal.example.se vill\nveta 100 %',
  prompt: 'PIN:',
  ok: 'Legitimera',
  cancel: 'Avbryt',
};

/** What a test does with its program. */
interface PinentryRuns {
  options: (changes?: Partial<DialogOptions>) => DialogOptions;
  ask: (replies?: Replies, changes?: Partial<DialogOptions>) => ReturnType<typeof askPin>;
  confirm: (reply: string) => ReturnType<typeof askConfirmation>;
  allGone: (milliseconds?: number) => Promise<void>;
}

/** For a suite: a new program is handed to `begin` before each test, and removed after it. */
export function pinentryRuns(begin: (pinentry: ScriptedPinentry) => void): PinentryRuns {
  let pinentry: ScriptedPinentry;
  beforeEach(() => {
    pinentry = new ScriptedPinentry();
    begin(pinentry);
  });
  afterEach(() => pinentry.remove());

  const options = (changes: Partial<DialogOptions> = {}): DialogOptions => ({
    program: pinentry.program,
    seconds: 10,
    signal: new AbortController().signal,
    environment: { PATH: process.env['PATH'] },
    ...changes,
  });
  return {
    options,
    ask: (replies = {}, changes = {}) => {
      pinentry.is(replies);
      return within(9_000, askPin(options(changes), text), 'an answer');
    },
    confirm: (reply) => {
      pinentry.is({ confirm: reply });
      return within(9_000, askConfirmation(options(), text), 'an answer');
    },
    allGone: (milliseconds = 1_000) => waitUntil(() => pinentry.alive.length === 0, 'the end', milliseconds),
  };
}

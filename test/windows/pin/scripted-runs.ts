// Runs of the PIN program's pure parts with scripted dialogs (scripted-dialogs.cc), for a suite of tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { within } from '../../native-host/within.ts';
import { AssuanClient } from './assuan-client.ts';
import { scriptedDialogs } from './pin-programs.ts';

/** What a dialog was told to show, taken apart as it shows it, and what each key did. */
export interface Shown {
  kind: number;
  swedish: boolean;
  title: string;
  site: string;
  lead: string;
  notice: string;
  rest: string;
  error: string;
  prompt: string;
  ok: string;
  notOk: string;
  cancel: string;
  seconds: number;
  effects: number[];
  length: number;
}

/** `KeyEffect` of pin-entry.h. */
export const effects = { nothing: 0, changed: 1, notADigit: 2, tooLong: 3, pasteRefused: 4 } as const;

/** A run; `shown` ends it, and answers what its dialogs showed. */
export type ScriptedRun = AssuanClient & { shown: () => Promise<Shown[]> };

/** For a suite: starts a program whose dialogs are answered by the scripts (KEYS/ANSWER) and takes its greeting. */
export function scriptedRuns(): (...scripts: string[]) => Promise<ScriptedRun> {
  let program: string;
  const running = new Set<AssuanClient>();
  before(async () => {
    program = await scriptedDialogs();
  });
  afterEach(() => {
    for (const { process } of running) process.kill('SIGKILL');
    running.clear();
  });
  return async (...scripts) => {
    const child = spawn(program, scripts, { stdio: ['pipe', 'pipe', 'pipe'] });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    const client = new AssuanClient(child);
    running.add(client);
    assert.equal((await client.reply())?.end, 'OK Kortbro PIN dialog');
    const shown = async () => {
      client.hangUp();
      assert.equal(await within(10_000, client.ended, 'the end'), 0, told);
      const lines = told.split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as Shown);
    };
    return Object.assign(client, { shown });
  };
}

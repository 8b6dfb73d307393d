// `kortbro doctor`: looks, shows, and with --repair mends what it may after asking. Which system it looks at is decided here.
import { tmpdir } from 'node:os';
import { type AskOptions } from '../ask-agent.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Programs } from '../programs.ts';
import { type UserPlaces } from '../user-places.ts';
import { diagnose } from './diagnose.ts';
import { type Finding } from './finding.ts';
import { gather } from './gather.ts';
import { repair } from './repair.ts';
import { findingsJson, findingsText } from './report.ts';
import { removeUserKey, terminalQuestion } from './terminal.ts';
import { diagnoseWindows } from './windows/diagnose.ts';
import { gatherWindows } from './windows/gather.ts';

export interface DoctorOptions {
  json: boolean;
  repair: boolean;
  yes: boolean;
  ask: AskOptions;
  places: UserPlaces;
  programs: Programs;
  print: (text: string) => void;
}

export async function doctor(options: DoctorOptions): Promise<ExitCode> {
  const { ask, print, yes } = options;
  const { language, signal } = ask;
  const calledOff = () => signal.aborted;
  const found = await look(options);
  if (calledOff()) return exitCodes.interrupted;
  print(options.json ? JSON.stringify(findingsJson(found, language), null, 2) : findingsText(found, language));
  if (!options.repair) return exitCodeOf(found);
  print('');
  const left = await repair(found, {
    language,
    look: () => look(options),
    say: print,
    ask: terminalQuestion(signal),
    yes,
    remove: removeUserKey,
  });
  if (calledOff()) return exitCodes.interrupted;
  if (left === undefined) return exitCodes.refused;
  if (left !== found) print(`\n${findingsText(left, language)}`);
  return exitCodeOf(left);
}

async function look({ ask, places, programs }: DoctorOptions): Promise<readonly Finding[]> {
  const { env: environment } = process;
  if (process.platform === 'win32') return diagnoseWindows(await gatherWindows(environment, ask));
  const place = { environment, userId: process.getuid?.() ?? 0, temporaryDirectory: tmpdir() };
  return diagnose(await gather({ place, places, programs, ask, root: '' }));
}

function exitCodeOf(findings: readonly Finding[]): ExitCode {
  return findings.some(({ state }) => state === 'problem') ? exitCodes.refused : exitCodes.ok;
}

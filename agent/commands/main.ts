#!/usr/bin/env node
// The `kortbro` command: what to do by the command line, how it went by the exit code. The one place that prints.
import { homedir } from 'node:os';
import { type Clock } from '../../shared/clock.ts';
import { KortbroError, sentence } from '../../shared/errors.ts';
import { forgetForeignVariables } from '../../shared/foreign-variables.ts';
import { productVersion } from '../../shared/names.ts';
import { restrictLibraries } from '../native/process-hardening.ts';
import { certificatesText, forgetPinText, statusText } from './answers.ts';
import { askAgent, askStatus, type AskedVerb, type AskOptions } from './ask-agent.ts';
import { parseCommandLine, type Invocation } from './command-line.ts';
import { doctor } from './doctor/doctor.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { openHostProcess } from './host-process.ts';
import { installForUser, uninstallForUser, type InstallReport } from './install/install.ts';
import { maskPersonalNumbers } from './personal-number.ts';
import { hostCommand, programsBeside } from './programs.ts';
import { type Language } from './text.ts';
import { usage } from './usage.ts';
import { userPlaces } from './user-places.ts';

const clock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};

const programs = programsBeside(import.meta.url);
const places = userPlaces(process.env, homedir());

async function run(invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const { language } = invocation;
  const ask: AskOptions = { open: openHostProcess(hostCommand(programs)), clock, language, signal };
  switch (invocation.kind) {
    case 'ask':
      return answer(invocation.verb, invocation.json, ask);
    case 'doctor':
      return doctor({ ...invocation, ask, places, programs, print });
    case 'install':
      return report(installForUser(places, programs, invocation), language);
    case 'uninstall':
      return report(uninstallForUser(places, programs), language);
    case 'help':
      print(usage(invocation.command, language));
      return exitCodes.ok;
    case 'version':
      print(`kortbro ${productVersion}`);
      return exitCodes.ok;
    case 'mistake':
      complain(`${invocation.mistake[language]}\n\n${usage(invocation.command, language)}`);
      return exitCodes.usage;
  }
}

async function answer(verb: AskedVerb, json: boolean, ask: AskOptions): Promise<ExitCode> {
  try {
    const { result, text } = await question(verb, ask);
    print(json ? JSON.stringify(maskPersonalNumbers(result), null, 2) : text);
    return exitCodes.ok;
  } catch (error) {
    const known = error instanceof KortbroError ? error : new KortbroError('ERR_AGENT_INTERNAL', { cause: error });
    const { code, incident } = known;
    const message = sentence(code, ask.language, known.triesLeft);
    if (json)
      print(JSON.stringify({ error: { code, message, ...(incident === undefined ? {} : { incident }) } }, null, 2));
    else complain(`${message}\n${code}${incident === undefined ? '' : ` ${incident}`}`);
    return exitCodeOf(known);
  }
}

async function question(verb: AskedVerb, ask: AskOptions): Promise<{ result: unknown; text: string }> {
  switch (verb) {
    case 'status': {
      const state = await askStatus(ask);
      return { result: state, text: statusText(state, ask.language) };
    }
    case 'certificates': {
      const result = await askAgent(verb, ask);
      return { result, text: certificatesText(result.certificates, ask.language) };
    }
    case 'forget-pin': {
      const result = await askAgent(verb, ask);
      return { result, text: forgetPinText(result.ended, ask.language) };
    }
  }
}

function report({ done, lines }: InstallReport, language: Language): ExitCode {
  const text = lines.map((line) => line[language]).join('\n');
  if (done) print(text);
  else complain(text);
  return done ? exitCodes.ok : exitCodes.refused;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

function harden(): void {
  // Without a listener Node opens its inspector on this signal.
  process.on('SIGUSR1', () => undefined);
  forgetForeignVariables(process.env);
  process.umask(0o077);
  try {
    restrictLibraries();
  } catch {
    // The addon is missing or broken: doctor says so.
  }
}

/** Calls the work off at the first signal; the second ends the program at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodes.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}

harden();
// A reader that has enough (`kortbro status | head -1`) is no error.
process.stdout.on('error', () => process.exit(exitCodes.ok));
void run(parseCommandLine(process.argv.slice(2), process.env), interruption()).then(
  (code) => (process.exitCode = code),
);

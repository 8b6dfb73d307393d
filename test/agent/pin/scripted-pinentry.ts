// Small pinentry programs in sh, each in a directory of its own: what they say is written in the test, what they heard and
// under which process ids they ran can be read afterwards.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Assuan errors as pinentry says them. */
export const refusals = {
  cancelled: 'ERR 83886179 Operation cancelled <Pinentry>',
  timeout: 'ERR 83886142 Timeout <Pinentry>',
  notConfirmed: 'ERR 83886194 Not confirmed <Pinentry>',
} as const;

/** A program's replies: shell commands for each kind of request. `start` replaces everything after the first lines. */
export interface Replies {
  greeting?: string;
  getPin?: string;
  confirm?: string;
  other?: string;
  /** Runs instead of the loop over requests. */
  start?: string;
}

export const say = (...lines: string[]) => lines.map((line) => `printf '%s\\n' '${line}'`).join('; ');
export const sayPin = (pin: string) => say(`D ${pin}`, 'OK');

export class ScriptedPinentry {
  readonly directory = mkdtempSync(join(tmpdir(), 'kortbro-pinentry-'));
  readonly program = join(this.directory, 'pinentry');

  constructor(replies: Replies = {}) {
    this.is(replies);
  }

  /** From the next run on, the program is this one. */
  is(replies: Replies): void {
    const { greeting = say('OK ready'), getPin = sayPin('123456'), confirm = say('OK'), other = say('OK') } = replies;
    const loop = [
      greeting,
      'while IFS= read -r line; do',
      `  printf '%s\\n' "$line" >> '${this.directory}/heard'`,
      '  case "$line" in',
      `    GETPIN) ${getPin} ;;`,
      `    CONFIRM*) ${confirm} ;;`,
      '    BYE) exit 0 ;;',
      `    *) ${other} ;;`,
      '  esac',
      'done',
    ].join('\n');
    const head = `#!/bin/sh\necho $$ >> '${this.directory}/ids'\n`;
    rmSync(this.program, { force: true });
    writeFileSync(this.program, `${head}${replies.start ?? loop}\n`, { mode: 0o755 });
  }

  /** What the programs have been told, line by line. */
  get heard(): string[] {
    return this.#lines('heard');
  }

  /** The dialogs that were shown, by their requests. */
  get dialogs(): string[] {
    return this.heard.filter((line) => line === 'GETPIN' || line.startsWith('CONFIRM'));
  }

  /** The text of dialog `number` (from 0), as it was shown. */
  text(number: number): string {
    const line = this.heard.filter((heard) => heard.startsWith('SETDESC '))[number];
    if (line === undefined) throw new Error(`there was no dialog ${number}`);
    return decodeURIComponent(line.slice('SETDESC '.length).replace(/%(?!0A|0D|25|00)/g, '%25'));
  }

  /** Process ids of every run. */
  get processIds(): number[] {
    return this.#lines('ids').map(Number);
  }

  /** The process ids that still run. */
  get alive(): number[] {
    return this.processIds.filter(isAlive);
  }

  remove(): void {
    for (const id of this.alive) process.kill(id, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  #lines(name: string): string[] {
    const path = join(this.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }
}

function isAlive(processId: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${processId}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

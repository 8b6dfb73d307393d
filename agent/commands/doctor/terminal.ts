// A question at the terminal, and the one program that takes a key out of the registry: Windows' own, so that our own native code writes
// nothing there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { win32 } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { type Repair } from './finding.ts';

/** Undefined where there is no terminal on both sides. An answer that is called off is an empty one. */
export function terminalQuestion(signal: AbortSignal): ((question: string) => Promise<string>) | undefined {
  if (!isatty(0) || !isatty(1)) return undefined;
  return async (question) => {
    // Not as a terminal of its own: Ctrl-C is to reach the program.
    const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
    try {
      return await lines.question(question, { signal });
    } catch {
      return '';
    } finally {
      lines.close();
    }
  };
}

/** Below HKEY_CURRENT_USER only: `reg delete`. */
export async function removeUserKey({ key, view }: Repair): Promise<boolean> {
  const program = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe');
  const child = spawn(program, ['delete', `HKCU\\${key}`, '/f', `/reg:${view}`], {
    stdio: 'ignore',
    windowsHide: true,
  });
  const ended = once(child, 'exit').then(([code]) => code === 0);
  return ended.catch(() => false);
}

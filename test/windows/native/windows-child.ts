// Runs a few lines of module code in a process of its own on Windows, with the addon's faces at hand.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The address of a face, "file-lock", for an import in the code of a child. */
export const face = (name: string): string => new URL(`../../../agent/native/${name}.ts`, import.meta.url).href;

export type Child = ChildProcessByStdio<Writable, Readable, null>;

export function startCode(code: string, env: Readonly<Record<string, string>> = {}): Child {
  return spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
}

/** The first line that the child writes; fails when it ends without one. */
export async function firstLine(child: Child): Promise<string> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the child wrote nothing')));
  const [chunk] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  ended.catch(() => undefined);
  return chunk.toString().trimEnd();
}

/** Runs the code to its end: what it wrote and its exit code. */
export async function runCode(code: string): Promise<{ output: string; code: unknown }> {
  const child = startCode(code);
  const exit = once(child, 'exit');
  const tooLong = setTimeout(() => child.kill(), 15_000);
  const output = await text(child.stdout);
  const [status] = (await exit) as [unknown];
  clearTimeout(tooLong);
  return { output: output.trimEnd(), code: status };
}

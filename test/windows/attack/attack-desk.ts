// The one Windows desk of this folder: the product as its MSI installs it, Anna's card in the reader, policy for two sites. Started
// when the first attack needs it, ended after the last test. After an attack: no private key was used, and honesty works.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../demo/demo-agent.ts';
import { type DemoCards, issueDemoCards } from '../../../demo/demo-cards.ts';
import { type PolicyFile, testAssuranceLevels } from '../../../demo/demo-policy.ts';
import { openPkiDirectory, pemCertificate } from '../../../demo/pki/pki-directory.ts';
import { type Endpoint, parseEndpoint } from '../../../shared/endpoint.ts';
import { parseResult } from '../../../shared/messages.ts';
import { isSignedFor, journal, newNonce, prescriptions } from '../../attack/target.ts';
import { HostClient } from '../../support/host-client.ts';
import { chrootPath } from '../lane/chroot.ts';
import { windowsPath } from '../lane/wine.ts';
import { listeningPorts, processesIn } from '../lane/wine-processes.ts';
import { packedMsi } from '../packages.ts';
import { installed, WindowsDesk } from '../story/windows-desk.ts';
import { buildTools } from './attack-tools.ts';

export { codeOf } from '../../support/host-client.ts';
export { describeAtDesk } from './describe-at-desk.ts';
export { installed, journal, newNonce, prescriptions };

/** Where the user's own files of the product are. */
export const profile = 'C:\\users\\root\\AppData\\Local\\Kortbro';
/** A folder that everybody may write to, with what an attacker has put there. */
export const hostile = 'C:\\Hostile';

export const sites: NonNullable<PolicyFile['sites']> = [
  { origin: journal, access: 'silent' },
  { origin: prescriptions, access: 'silent' },
];

let started: Promise<AttackDesk> | undefined;

after(async function () {
  this.timeout(30_000);
  await (await started)?.end();
});

/** The desk, started at the first call. */
export function attackDesk(): Promise<AttackDesk> {
  started ??= AttackDesk.start();
  return started;
}

export class AttackDesk {
  readonly desk: WindowsDesk;
  readonly cards: DemoCards;
  /** The screen; for programs that are to show something. */
  readonly display: string;
  /** IT's policy. */
  readonly policyPath: string;
  readonly #hosts: HostClient[] = [];

  private constructor(desk: WindowsDesk, cards: DemoCards, display: string, policyPath: string) {
    this.desk = desk;
    this.cards = cards;
    this.display = display;
    this.policyPath = policyPath;
  }

  static async start(): Promise<AttackDesk> {
    const work = mkdtempSync(join(tmpdir(), 'kortbro-attack-pki-'));
    const pki = await openPkiDirectory(work, { keyKind: 'ec-p256' });
    const cards = await issueDemoCards(pki);
    rmSync(work, { recursive: true });
    const desk = await WindowsDesk.start(cards);
    try {
      const policyPath = desk.deploy({ sites, assuranceLevels: testAssuranceLevels }, pemCertificate(pki.pki.tlsRoot));
      const msi = windowsPath(packedMsi());
      assert.equal(await desk.msiexec('/i', msi, `POLICYFILE=${policyPath}`), 0, 'the MSI is not installed');
      await buildTools(desk.directory);
      const { output } = await desk.run(['cmd', '/c', 'echo %DISPLAY%']);
      await desk.stack.insert('anna');
      const made = new AttackDesk(desk, cards, output.trim(), policyPath);
      await made.honest();
      return made;
    } catch (error) {
      await desk.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    for (const host of this.#hosts) host.child.kill();
    await this.desk.end();
  }

  /** A path of drive C: as this machine has it: seen through the namespaces of a process in there. */
  disk(path: string): string {
    const named = this.desk.wine.words(['true']).find((word) => word.startsWith('WINEPREFIX=')) ?? '';
    const prefix = named.slice('WINEPREFIX='.length);
    const steps = path.replace(/^C:/i, '').replaceAll('\\', '/');
    return join(`/proc/${this.desk.wine.inside}/root`, chrootPath(), prefix, 'drive_c', steps);
  }

  /** Words for Windows's own Node, with our addon beside it. */
  node(...words: readonly string[]): string[] {
    return [this.tool('node.exe'), '--no-warnings', ...words];
  }

  /** A tool of this folder, as a Windows path. */
  tool(name: string): string {
    return windowsPath(join(this.desk.directory, name));
  }

  /** Runs a Windows program to its end in an environment with more in it. */
  run(
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; output: string }> {
    return this.desk.wine.run(words, { seconds: 60, environment: { DISPLAY: this.display, ...environment } });
  }

  /** `kortbro WORDS`, in an environment with more in it. */
  kortbro(
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; output: string }> {
    return this.run([`${installed}\\kortbro.exe`, ...words], environment);
  }

  /** A browser's side of a native host. */
  host(environment: Readonly<Record<string, string>> = {}, argument?: string): HostClient {
    const program = join(this.desk.directory, `host-${this.#hosts.length}.cjs`);
    const words = ['wine64', this.tool('relay.exe'), `${installed}\\kortbro.exe`];
    const command = JSON.stringify(this.desk.wine.words(words, { DISPLAY: this.display, ...environment }));
    writeFileSync(
      program,
      `const [program, ...words] = ${command};
       const child = require('node:child_process').spawn(program, [...words, ...process.argv.slice(2)]);
       process.stdin.pipe(child.stdin).on('error', () => undefined);
       child.stdout.pipe(process.stdout);
       // Not 'close': an agent that was started by it keeps its streams. What it wrote last is still on its way.
       child.on('exit', (code) => setTimeout(() => process.exit(code ?? 1), 50));
       process.on('SIGTERM', () => child.kill());`,
    );
    const options = { program, environment: { PATH: process.env['PATH'] ?? '' } };
    const host = new HostClient(argument === undefined ? options : { ...options, argument });
    this.#hosts.push(host);
    return host;
  }

  /** The agent's endpoint, as it has written it down. */
  endpoint(): Endpoint {
    return parseEndpoint(readFileSync(this.disk(`${profile}\\sessions\\1\\endpoint.json`), 'utf8'));
  }

  /** Ends every program of the product as the task manager does: again when one was being started meanwhile. */
  async endAll(): Promise<void> {
    const names = ['kortbro.exe', 'kortbro-agent.exe', 'kortbro-pin.exe'];
    const words = ['taskkill', '/F', ...names.flatMap((name) => ['/IM', name])];
    const ended = async (): Promise<boolean> => {
      await this.desk.run(words);
      return this.ownProcesses(`${installed}\\`).length === 0;
    };
    await until(ended, 15_000, 'a program of the product lives on');
  }

  /** Waits until an agent has started its first module host. */
  async moduleHostThere(): Promise<void> {
    await until(() => this.ownProcesses('--module-host').length > 0, 10_000, 'no module host');
  }

  /** The Windows ids of the processes with this name. */
  async processes(name: string): Promise<number[]> {
    const { output } = await this.desk.run(['tasklist', '/fo', 'csv', '/nh']);
    const rows = [...output.matchAll(/^"([^"]*)","(\d+)"/gm)];
    return rows.flatMap(([, program, id]) => (program === name ? [Number(id)] : []));
  }

  /** The ids that this machine has for the processes in there whose command line has these words. */
  ownProcesses(words: string): number[] {
    return processesIn(this.desk.wine, words);
  }

  /** The TCP ports that any program in there listens on. */
  listeners(): number[] {
    return listeningPorts(this.ownProcesses(''));
  }

  /** Writes into the registry as an administrator would: the text of a .reg file below its first line. */
  async setRegistry(text: string): Promise<void> {
    const path = this.disk('C:\\settings.reg');
    writeFileSync(
      path,
      `\ufeffWindows Registry Editor Version 5.00\r\n\r\n${text.replaceAll('\n', '\r\n')}\r\n`,
      'utf16le',
    );
    const { status, output } = await this.desk.run(['reg', 'import', 'C:\\settings.reg']);
    assert.equal(status, 0, output);
  }

  /** The audit log's lines, oldest first. */
  audit(): Record<string, unknown>[] {
    const path = this.disk(`${profile}\\audit.jsonl`);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    return lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
  }

  /** Does something hostile; fails when meanwhile a private key was used, or a PIN was sent to the card. */
  async withoutKeyUse<T>(attack: () => Promise<T>): Promise<T> {
    const before = await this.#keyUse();
    const outcome = await attack();
    const now = await this.#keyUse();
    assert.equal(now.signatures, before.signatures, 'a private key was used');
    assert.equal(now.triesLeft, before.triesLeft, 'a wrong PIN was sent to the card');
    // Who has been verified may be forgotten meanwhile.
    assert.ok(before.verified || !now.verified, 'the PIN was sent to the card');
    return outcome;
  }

  /** PERFORM SECURITY OPERATION and INTERNAL AUTHENTICATE (ISO 7816-8), and what a PIN that is sent changes. A VERIFY without one asks for the tries. */
  async #keyUse(): Promise<{ signatures: number; triesLeft: number; verified: boolean }> {
    const { byInstruction } = await this.desk.stack.counts();
    const { triesLeft, verified } = await this.desk.stack.pinState('anna');
    return { signatures: (byInstruction['2A'] ?? 0) + (byInstruction['88'] ?? 0), triesLeft, verified };
  }

  /** The next honest request: the agent answers, and has read the card. */
  async honest(): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const { status, output } = await this.kortbro(['status', '--language', 'en']);
      if (status === 0 && /Anna Testsson/.test(output)) return;
      if (performance.now() > deadline) assert.fail(`the honest request gets ${status}: ${output}`);
    }
  }

  /** A login: the PIN is typed into the dialog on the screen. Fails unless the token is Anna's, and good. */
  async honestLogin(host: HostClient): Promise<void> {
    const nonce = newNonce();
    const { answer } = host.authenticate(journal, nonce);
    await this.desk.typePin(this.cards.anna.pin);
    const given = await answer;
    assert.ok('result' in given, `the honest login is refused: ${JSON.stringify(given)}`);
    const token = parseResult('authenticate', given.result);
    assert.ok(isSignedFor(token, journal, nonce), 'the token is not signed for this origin and nonce');
  }
}

// A private agent: the built product in a directory of its own, with its own runtime and state directories, policy, cards and
// scripted PIN dialog, and native hosts in front of it. Ends everything by process id and tells what did not end by itself.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SimulatedCardDefinition, writeSimulatedCard } from '../../agent/tokens/simulator/simulated-card-file.ts';
import { SimulatorControl } from '../../agent/tokens/simulator/simulator-control.ts';
import { isAlive, until } from '../../demo/demo-agent.ts';
import { type DemoDirectory, type DemoProcess, makeDemoDirectory, processesOf } from '../../demo/demo-directory.ts';
import { type PolicyFile, testAssuranceLevels } from '../../demo/demo-policy.ts';
import { PinentryScript } from '../../demo/pinentry-script.ts';
import { type Endpoint, endpointDirectories, parseEndpoint } from '../../shared/endpoint.ts';
import { developmentPolicyVariable, endpointFileName } from '../../shared/names.ts';
import { within } from '../native-host/within.ts';
import { giveAway } from './give-away.ts';
import { HostClient, type HostOptions } from './host-client.ts';

export interface AgentOptions {
  /** Cards of the simulator, by name. */
  readonly cards?: Readonly<Record<string, SimulatedCardDefinition>>;
  /** Absolute path of a PKCS#11 module, in the place of the simulator. */
  readonly module?: string;
  /** Written over the default policy: tokens, the scripted PIN dialog, the levels of the test PKI. */
  readonly policy?: PolicyFile;
  /** More for the environment of every process, such as where pcscd is. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Another user than the one who runs the tests (needs root). */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The built product; default: $KORTBRO_TEST_DIST, else dist/. */
  readonly dist?: string;
}

const dist = process.env['KORTBRO_TEST_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
const startTime = 15_000;
const endTime = 6_000;

export class AgentUnderTest {
  readonly directory: string;
  /** Of every process of this agent; a native host that is started with it finds this agent, or starts it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly policyPath: string;
  readonly stateDirectory: string;
  /** The directory that holds endpoint file and socket. */
  readonly endpointDirectory: string;
  readonly simulatorDirectory: string;
  readonly simulator: SimulatorControl;
  readonly pinentry: PinentryScript;
  readonly hosts: HostClient[] = [];
  /** What the agents that were started here wrote to stderr. */
  stderr = '';
  readonly #place: DemoDirectory;
  readonly #options: AgentOptions;
  #child: ChildProcess | undefined;

  private constructor(options: AgentOptions) {
    this.#options = options;
    this.#place = makeDemoDirectory(options.dist ?? dist);
    this.directory = this.#place.path;
    this.policyPath = join(this.directory, 'policy.json');
    this.stateDirectory = join(this.directory, 'state/kortbro');
    this.simulatorDirectory = this.#place.make('cards');
    this.simulator = new SimulatorControl(this.simulatorDirectory);
    for (const [name, card] of Object.entries(options.cards ?? {}))
      writeSimulatedCard(this.simulatorDirectory, name, card);
    this.pinentry = new PinentryScript(this.#place.make('pinentry'));
    copyFileSync(fileURLToPath(new URL('../../demo/scripted-pinentry', import.meta.url)), this.pinentryProgram);
    // Whatever the checkout's own mode: the agent runs no program that its group could change.
    chmodSync(this.pinentryProgram, 0o700);
    this.environment = {
      ...this.#place.environment(true),
      TMPDIR: this.#place.make('tmp'),
      ...this.pinentry.environment,
      [developmentPolicyVariable]: this.policyPath,
      ...options.environment,
    };
    const userId = options.user?.uid ?? process.getuid?.() ?? 0;
    const place = { environment: this.environment, userId, temporaryDirectory: this.environment['TMPDIR'] ?? '/tmp' };
    this.endpointDirectory = endpointDirectories(place).at(-1) ?? '';
    this.writePolicy(options.policy ?? {});
    if (options.user !== undefined) giveAway(this.directory, options.user);
  }

  /** Makes everything and starts the agent; it can be reached when this settles. */
  static async start(options: AgentOptions = {}): Promise<AgentUnderTest> {
    const made = AgentUnderTest.make(options);
    try {
      await made.start();
      return made;
    } catch (error) {
      await made.stop().catch(() => undefined);
      throw error;
    }
  }

  /** Makes everything but starts no agent: the first native host will. */
  static make(options: AgentOptions = {}): AgentUnderTest {
    return new AgentUnderTest(options);
  }

  get pinentryProgram(): string {
    return join(this.directory, 'scripted-pinentry');
  }

  /** The agent's main file. */
  get program(): string {
    return join(this.#place.dist, 'agent/main.js');
  }

  get dist(): string {
    return this.#place.dist;
  }

  /** What stands in the endpoint file. @throws Error when there is none */
  get endpoint(): Endpoint {
    return parseEndpoint(readFileSync(join(this.endpointDirectory, endpointFileName), 'utf8'));
  }

  /** The process id of the agent that can be reached now. */
  get processId(): number | undefined {
    try {
      const { processId } = this.endpoint;
      return isAlive(processId) ? processId : undefined;
    } catch {
      return undefined;
    }
  }

  /** Every running process of this agent, by what it is. */
  get processes(): DemoProcess[] {
    return processesOf(this.directory);
  }

  processesNamed(part: DemoProcess['part']): number[] {
    return this.processes.filter((entry) => entry.part === part).map(({ processId }) => processId);
  }

  /** Starts the agent. @throws Error with its words when it ends instead */
  async start(): Promise<void> {
    const child = this.spawnAgent();
    this.#child = child;
    const ready = (): boolean => this.processId !== undefined || child.exitCode !== null || child.signalCode !== null;
    await until(ready, startTime, 'the agent does not start');
    if (this.processId === undefined) throw new Error(`the agent has ended: ${this.stderr.slice(0, 500)}`);
  }

  /** One more agent process as it is, which may well refuse to run. */
  spawnAgent(environment: Readonly<Record<string, string>> = this.environment): ChildProcess {
    const child = spawn(process.execPath, [this.program], {
      env: environment,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      ...this.#options.user,
    });
    child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    return child;
  }

  /** Ends the agent by a signal and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const { processId } = this;
    if (processId === undefined) return;
    process.kill(processId, signal);
    await until(() => !isAlive(processId), endTime, `the agent does not end by ${signal}`);
  }

  /** A native host, connected and greeted. */
  async host(options: Partial<HostOptions> = {}): Promise<HostClient> {
    return this.rawHost(options).ready();
  }

  /** A native host as it was just started. */
  rawHost(options: Partial<HostOptions> = {}): HostClient {
    const { user } = this.#options;
    const host = new HostClient({
      program: join(this.#place.dist, 'native-host/main.js'),
      environment: this.environment,
      ...(user && { user }),
      ...options,
    });
    this.hosts.push(host);
    return host;
  }

  /** Replaces the policy: settings over the default ones, or a text as it is. */
  writePolicy(policy: PolicyFile | string | Uint8Array): void {
    const content =
      typeof policy === 'object' && !ArrayBuffer.isView(policy) ? JSON.stringify(this.policy(policy)) : policy;
    writeFileSync(`${this.policyPath}.new`, content, { mode: 0o600 });
    const { user } = this.#options;
    if (user !== undefined) chownSync(`${this.policyPath}.new`, user.uid, user.gid);
    renameSync(`${this.policyPath}.new`, this.policyPath);
  }

  /** The policy that `writePolicy` writes. */
  policy(changes: PolicyFile = {}): PolicyFile {
    const { module } = this.#options;
    const source =
      module === undefined
        ? { type: 'simulator' as const, directory: this.simulatorDirectory }
        : { type: 'pkcs11' as const, module };
    return {
      tokens: [source],
      assuranceLevels: testAssuranceLevels,
      ...changes,
      pin: { program: this.pinentryProgram, ...changes.pin },
    };
  }

  /** The audit log, all its files. */
  auditText(): string {
    try {
      return readdirSync(this.stateDirectory)
        .filter((name) => name.startsWith('audit.'))
        .map((name) => readFileSync(join(this.stateDirectory, name), 'utf8'))
        .join('');
    } catch {
      return '';
    }
  }

  /** The events of the audit log, oldest first. */
  audit(): Record<string, unknown>[] {
    return this.auditText()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Uses of the private keys of a simulated card since the simulator started: PINs sent, signatures made, by either PIN. */
  async keyUse(card: string): Promise<{ logins: number; signatures: number }> {
    const { logins = 0, signatures = 0, signaturePin } = (await this.simulator.state()).cards[card] ?? {};
    return {
      logins: logins + (signaturePin?.logins ?? 0),
      signatures: signatures + (signaturePin?.signatures ?? 0),
    };
  }

  /** Ends hosts and agent in order and removes the directory. @throws Error naming what did not end by itself */
  async stop(): Promise<void> {
    try {
      await Promise.all(this.hosts.map((host) => host.end()));
      await this.kill('SIGTERM');
      const child = this.#child;
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await within(endTime, new Promise((resolve) => child.once('exit', resolve)), 'the end of the agent');
      }
      await until(() => this.processes.length === 0, endTime, `left over: ${this.#leftOver()}`).catch(() => {
        throw new Error(`left over: ${this.#leftOver()}`);
      });
    } finally {
      for (const { processId } of this.processes) if (isAlive(processId)) process.kill(processId, 'SIGKILL');
      this.pinentry.close();
      this.#place.remove();
    }
  }

  #leftOver(): string {
    return this.processes.map(({ part, processId }) => `${part} ${processId}`).join(', ');
  }
}

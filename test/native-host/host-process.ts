// The real native host, bundled as it is shipped, as a child process with the streams that a browser would give it.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable, type Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { FrameReader } from '../../shared/framing.ts';
import { extensionId } from '../../shared/names.ts';
import { waitUntil, within } from './within.ts';

export const extensionArgument = `chrome-extension://${extensionId}/`;

const scratch = mkdtempSync(join(tmpdir(), 'kortbro-host-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the tests use of installer/bundle.mjs, which is plain JavaScript. */
interface Bundler {
  bundle: (options: {
    entry: string;
    outfile: string;
    development: boolean;
    unused?: readonly string[];
  }) => Promise<string[]>;
  declareCommonJs: (directory: string) => Promise<void>;
  unusedByNativeHost: readonly string[];
}

/** installer/bundle.mjs. */
export async function bundler(): Promise<Bundler> {
  const module: unknown = await import(new URL('../../installer/bundle.mjs', import.meta.url).href);
  return module as Bundler;
}

let built: Promise<{ program: string; sources: string[] }> | undefined;

/** The bundle, made once; beside it, in the agent's place, the fake agent program. */
export function hostBundle(): Promise<{ program: string; sources: string[] }> {
  built ??= (async () => {
    const { bundle, declareCommonJs, unusedByNativeHost } = await bundler();
    const program = join(scratch, 'native-host/main.js');
    await declareCommonJs(scratch);
    const entry = here('../../native-host/main.ts');
    const sources = await bundle({ entry, outfile: program, development: false, unused: unusedByNativeHost });
    const agent = { entry: here('fake-agent-program.ts'), outfile: join(scratch, 'agent/main.js') };
    await bundle({ ...agent, development: true });
    return { program, sources };
  })();
  return built;
}

let directories = 0;

/** A new directory of this user's own, in the place of XDG_RUNTIME_DIR. */
export function newRuntimeDirectory(): string {
  const directory = join(scratch, `run-${++directories}`);
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}

/** A message with its length before it. */
export function frame(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes]);
}

export interface HostOptions {
  runtime: string;
  argument?: string;
  /** What a started fake agent does; default: it fails. */
  agent?: 'serve' | 'fail' | 'another-runs' | 'hang';
  environment?: Record<string, string>;
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** When it came, by the clock of `performance`. */
  at: number;
}

/** What a started fake agent has written about itself. */
export interface AgentRecord {
  processId: number;
  session: number;
  environment: string[];
  directory: string;
}

export class HostProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exit: Promise<Exit>;
  /** Messages to the browser that nobody has taken yet. */
  readonly inbox: Buffer[] = [];
  stderr = '';
  readonly #agentLog: string;

  private constructor(program: string, options: HostOptions) {
    this.#agentLog = join(options.runtime, 'agents.log');
    this.child = spawn(process.execPath, [program, options.argument ?? extensionArgument], {
      env: {
        PATH: process.env['PATH'],
        XDG_RUNTIME_DIR: options.runtime,
        FAKE_AGENT: options.agent ?? 'fail',
        FAKE_AGENT_LOG: this.#agentLog,
        ...options.environment,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.exit = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve({ code, signal, at: performance.now() }));
    });
  }

  /** Starts one whose output nobody reads yet. */
  static async startUnread(options: HostOptions): Promise<HostProcess> {
    return new HostProcess((await hostBundle()).program, options);
  }

  static async start(options: HostOptions): Promise<HostProcess> {
    const host = await HostProcess.startUnread(options);
    host.read();
    return host;
  }

  read(): void {
    const reader = new FrameReader(1_000_000);
    this.child.stdout.on('data', (chunk: Buffer) => {
      for (const message of reader.push(chunk)) this.inbox.push(Buffer.from(message));
    });
  }

  send(value: unknown): void {
    this.child.stdin.write(frame(JSON.stringify(value)));
  }

  /** The next message to the browser. */
  async next(milliseconds?: number): Promise<Buffer> {
    await waitUntil(() => this.inbox.length > 0, `a message (stderr: ${this.stderr})`, milliseconds);
    return this.inbox.shift()!;
  }

  /** The next message, parsed. */
  async nextMessage(milliseconds?: number): Promise<Record<string, unknown>> {
    return JSON.parse((await this.next(milliseconds)).toString()) as Record<string, unknown>;
  }

  /** The next message must be this presence; answers its error code. */
  async presence(state: string, milliseconds?: number): Promise<string | undefined> {
    const message = await this.nextMessage(milliseconds);
    if (message['type'] !== 'agent' || message['state'] !== state) {
      throw new Error(`not "${state}" but ${JSON.stringify(message)}`);
    }
    return (message['error'] as { code: string } | undefined)?.code;
  }

  /** Takes messages until this presence has come. */
  async untilPresence(state: string): Promise<string | undefined> {
    for (;;) {
      const message = await this.nextMessage();
      if (message['type'] === 'agent' && message['state'] === state) {
        return (message['error'] as { code: string } | undefined)?.code;
      }
    }
  }

  /** Ends stdin and waits; the milliseconds that it took. */
  async endInput(): Promise<{ took: number; exit: Exit }> {
    const since = performance.now();
    this.child.stdin.end();
    const exit = await within(5_000, this.exit, 'the end of the native host');
    return { took: exit.at - since, exit };
  }

  /** The exit of a host that must end by itself. */
  ended(milliseconds = 5_000): Promise<Exit> {
    return within(milliseconds, this.exit, 'the end of the native host');
  }

  /** The agents that it has started so far, oldest first. */
  agents(): AgentRecord[] {
    try {
      const lines = readFileSync(this.#agentLog, 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as AgentRecord);
    } catch {
      return [];
    }
  }

  /** Ends it and every agent that it has started. To be called after each test. */
  async clear(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
    for (const { processId } of this.agents()) {
      try {
        process.kill(processId, 'SIGKILL');
      } catch {
        // Has ended by itself.
      }
    }
  }
}

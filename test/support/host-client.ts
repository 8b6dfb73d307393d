// A browser's side of a real native host: requests with their one answer, cancels, events, and everything that came over its
// stdout, byte for byte. It can also say what no browser would.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type Readable, type Writable } from 'node:stream';
import { type WireError } from '../../shared/errors.ts';
import { FrameReader } from '../../shared/framing.ts';
import { type AgentMessage, parseAgentMessage, type Request } from '../../shared/messages.ts';
import { extensionId, productVersion, protocolVersion } from '../../shared/names.ts';
import { waitUntil, within } from '../native-host/within.ts';

type WithoutId<T> = T extends Request ? Omit<T, 'type' | 'id' | 'language'> & { language?: 'sv' | 'en' } : never;
/** A request without what every request has. */
export type Question = WithoutId<Request>;

/** The one answer to a request. */
export type Answer = { result: unknown } | { error: WireError };

export interface HostOptions {
  /** The native host's main file. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Who calls; default: the extension. */
  readonly argument?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** By the clock of `performance`. */
  readonly at: number;
}

/** How long an answer is waited for. */
const patience = 20_000;

export class HostClient {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exit: Promise<HostExit>;
  /** Every message so far, oldest first. */
  readonly messages: AgentMessage[] = [];
  stderr = '';
  readonly #traffic: Buffer[] = [];
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  /** Called when a message has come, and at the end. */
  readonly #watchers = new Set<() => void>();
  #ended = false;

  constructor({ program, environment, argument, user }: HostOptions) {
    this.child = spawn(process.execPath, [program, argument ?? `chrome-extension://${extensionId}/`], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...user,
    });
    const frames = new FrameReader(1_000_000);
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.#traffic.push(chunk);
      for (const message of frames.push(chunk))
        this.#take(parseAgentMessage(JSON.parse(Buffer.from(message).toString())));
    });
    this.exit = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.#ended = true;
        this.#look();
        resolve({ code, signal, at: performance.now() });
      });
    });
  }

  get processId(): number {
    return this.child.pid ?? -1;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** All bytes that it has written to the browser. */
  get traffic(): Buffer {
    return Buffer.concat(this.#traffic);
  }

  /** The presence that it told last. */
  get presence(): Extract<AgentMessage, { type: 'agent' }> | undefined {
    return this.messages.findLast((message) => message.type === 'agent');
  }

  /** Waits until it has an agent behind it, greets, and has the agent's snapshot. */
  async ready(milliseconds = patience): Promise<this> {
    await waitUntil(
      () => this.presence?.state === 'connected' || this.#ended,
      'an agent behind the host',
      milliseconds,
    );
    const before = this.messages.length;
    this.send({ type: 'hello', protocol: protocolVersion, version: productVersion });
    await this.until(({ type }) => type === 'snapshot', before, milliseconds);
    return this;
  }

  /** Sends one value as one message. */
  send(value: unknown): void {
    this.sendText(JSON.stringify(value));
  }

  sendText(text: string | Uint8Array): void {
    const body = Buffer.from(text);
    const header = Buffer.alloc(4);
    header.writeUInt32LE(body.length);
    this.sendBytes(Buffer.concat([header, body]));
  }

  /** Writes to its stdin as it is. */
  sendBytes(bytes: Uint8Array): void {
    this.child.stdin.write(bytes);
  }

  /** Asks; `id` is then the request's, for `cancel`. */
  ask(question: Question, id: string = randomUUID(), milliseconds = patience): { id: string; answer: Promise<Answer> } {
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.send({ type: 'request', id, language: 'en', ...question });
    return { id, answer: within(milliseconds, answer, `the answer to ${question.verb}`) };
  }

  authenticate(origin: string, nonce: string, id?: string): { id: string; answer: Promise<Answer> } {
    return this.ask({ verb: 'authenticate', caller: { kind: 'page', origin }, nonce }, id);
  }

  cancel(id: string): void {
    this.send({ type: 'cancel', id });
  }

  /** The first message from number `from` on that is `wanted`, come or to come. */
  async until(wanted: (message: AgentMessage) => boolean, from = 0, milliseconds = patience): Promise<AgentMessage> {
    let next = from;
    let found: AgentMessage | undefined;
    let watch: () => void = () => undefined;
    const come = new Promise<void>((resolve) => {
      watch = () => {
        while (found === undefined && next < this.messages.length) {
          const message = this.messages[next++];
          if (message !== undefined && wanted(message)) found = message;
        }
        if (found !== undefined || this.#ended) resolve();
      };
    });
    this.#watchers.add(watch);
    watch();
    await within(milliseconds, come, 'a message of the host').finally(() => this.#watchers.delete(watch));
    if (found === undefined) throw new Error(`the native host has ended (${this.stderr.trim() || 'it said nothing'})`);
    return found;
  }

  /** Ends its stdin; the milliseconds until the process was gone. */
  async end(): Promise<{ took: number; exit: HostExit }> {
    const since = performance.now();
    this.child.stdin.end();
    const exit = await within(10_000, this.exit, 'the end of the native host');
    return { took: exit.at - since, exit };
  }

  #take(message: AgentMessage): void {
    this.messages.push(message);
    this.#look();
    if (message.type === 'agent' && message.state === 'gone') this.#lost(message.error);
    if (message.type !== 'response' && message.type !== 'error') return;
    const settle = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    settle?.(message.type === 'response' ? { result: message.result } : { error: message.error });
  }

  #look(): void {
    for (const watch of this.#watchers) watch();
  }

  /** As the extension does: what was in flight when the agent went has failed, with the host's own reason. */
  #lost(error: WireError | undefined): void {
    for (const settle of this.#waiting.values()) settle({ error: error ?? { code: 'ERR_AGENT_STOPPED', message: '' } });
    this.#waiting.clear();
  }
}

/** The code of a refusal; undefined for a success. */
export function codeOf(answer: Answer): string | undefined {
  return 'error' in answer ? answer.error.code : undefined;
}

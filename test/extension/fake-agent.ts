// The test's end of fake-host.ts: one server per browser profile, one FakeHost per host process that the browser starts.
// By default it plays an agent that is there, has one reader and answers status and authenticate at once.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseClientMessage, type AgentMessage, type AgentState, type ClientMessage } from '../../shared/messages.ts';
import { extensionId, nativeHostName } from '../../shared/names.ts';
import { agentState, loginToken } from './agent-states.ts';

/** What a `visits` message lists. */
export type Visits = Omit<Extract<AgentMessage, { type: 'visits' }>, 'type'>;

/** One running host process. */
export class FakeHost {
  readonly processId: number;
  readonly caller: string;
  readonly #socket: Socket;
  closed = false;

  constructor(socket: Socket, processId: number, caller: string) {
    this.#socket = socket;
    this.processId = processId;
    this.caller = caller;
  }

  send(message: AgentMessage): void {
    this.sendAnything(message);
  }

  /** Any JSON value, well formed as a frame only. */
  sendAnything(message: unknown): void {
    this.#socket.write(`${JSON.stringify({ message })}\n`);
  }

  /** Bytes for the host's stdout as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(`${JSON.stringify({ raw: Buffer.from(bytes).toString('base64') })}\n`);
  }
}

/** What the agent does with a message; `undefined` from it means that the default answer is given. */
export type Script = (message: ClientMessage, host: FakeHost) => 'handled' | undefined;

export class FakeAgent {
  readonly hosts: FakeHost[] = [];
  readonly received: ClientMessage[] = [];
  state: AgentState = agentState();
  sequence = 0;
  visits: Visits = { open: [], owed: [], guarded: [] };
  script: Script = () => undefined;
  /** Called when a host process has said who it is; false: the agent stays silent to it. */
  greet: (host: FakeHost) => boolean = () => true;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens for the host processes of one browser profile. `installFakeHost` makes the browser find the host. */
  static async start(profile: string): Promise<FakeAgent> {
    const server = createServer();
    const agent = new FakeAgent(server);
    server.on('connection', (socket) => agent.#connected(socket));
    await new Promise<void>((resolve) => server.listen(socketPath(profile), resolve));
    return agent;
  }

  /** The host process that runs now. */
  get host(): FakeHost {
    const host = this.hosts.findLast(({ closed }) => !closed);
    if (host === undefined) throw new Error('the browser runs no host');
    return host;
  }

  /** Waits until `found` finds something in what has happened. */
  async until<T>(found: () => T | undefined | false, milliseconds = 8_000): Promise<T> {
    const limit = AbortSignal.timeout(milliseconds);
    for (;;) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      await new Promise<void>((resolve, reject) => {
        this.#waiting.add(resolve);
        limit.addEventListener('abort', () => reject(new Error(`not within ${milliseconds} ms`)), { once: true });
      });
    }
  }

  /** The requests with this verb so far. */
  requests(verb: string): Extract<ClientMessage, { type: 'request' }>[] {
    return this.received.filter((message) => message.type === 'request').filter((message) => message.verb === verb);
  }

  /** Sends an event about a new state. */
  tell(name: Extract<AgentMessage, { type: 'event' }>['name'], origins: string[], state: AgentState): void {
    this.state = state;
    this.host.send({ type: 'event', sequence: ++this.sequence, name, origins, state });
  }

  /** Sends the whole list of visits, changed. */
  list(changes: Partial<Visits>): void {
    this.visits = { ...this.visits, ...changes };
    this.host.send({ type: 'visits', ...this.visits });
  }

  /** The steps that the extension has told of a visit, in their order. */
  steps(visit: string): string[] {
    return this.received.flatMap((message) =>
      message.type === 'logout' && message.visit === visit ? [message.step] : [],
    );
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connected(socket: Socket): void {
    let host: FakeHost | undefined;
    // A host that is killed resets the connection; the reader of lines tells that as well as the socket does.
    const lines = createInterface({ input: socket }).on('error', () => undefined);
    lines.on('line', (line) => {
      const heard = JSON.parse(line) as { processId?: number; caller?: string; message?: unknown };
      if (heard.processId !== undefined) {
        host = new FakeHost(socket, heard.processId, heard.caller ?? '');
        this.hosts.push(host);
        if (this.greet(host)) {
          host.send({ type: 'agent', state: 'connecting' });
          host.send({ type: 'agent', state: 'connected' });
        }
      } else if (host !== undefined) {
        this.#receive(parseClientMessage(heard.message), host);
      }
      this.#happened();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (host !== undefined) host.closed = true;
      this.#happened();
    });
  }

  #receive(message: ClientMessage, host: FakeHost): void {
    this.received.push(message);
    if (this.script(message, host) === 'handled') return;
    if (message.type === 'hello') {
      host.send({ type: 'snapshot', sequence: this.sequence, state: this.state });
      host.send({ type: 'visits', ...this.visits });
    }
    if (message.type !== 'request') return;
    const { id, verb, caller } = message;
    if (verb === 'authenticate') host.send({ type: 'response', id, result: loginToken });
    if (verb === 'status') {
      host.send({ type: 'response', id, result: caller.kind === 'user' ? this.state : { agent: this.state.version } });
    }
    if (verb === 'forget-pin') host.send({ type: 'response', id, result: { ended: 1 } });
  }

  #happened(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

const socketPath = (profile: string): string => join(profile, 'fake-agent.sock');

/** Writes the host's program and its manifest into the profile. */
export function installFakeHost(profile: string): void {
  const program = fileURLToPath(new URL('fake-host.ts', import.meta.url));
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const script = join(profile, 'fake-host.sh');
  writeFileSync(
    script,
    `#!/bin/sh\nexec '${process.execPath}' --import '${loader}' '${program}' '${socketPath(profile)}' "$@"\n`,
  );
  chmodSync(script, 0o755);
  const manifests = join(profile, 'NativeMessagingHosts');
  mkdirSync(manifests, { recursive: true });
  writeFileSync(
    join(manifests, `${nativeHostName}.json`),
    JSON.stringify({
      name: nativeHostName,
      description: 'fake host for tests',
      path: script,
      type: 'stdio',
      allowed_origins: [`chrome-extension://${extensionId}/`],
    }),
  );
}

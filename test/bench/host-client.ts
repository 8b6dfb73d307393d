// A browser's native messaging, by program: a native host of our own with requests, answers and the time they took.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { encodeFrame, FrameReader } from '../../shared/framing.ts';
import { limits } from '../../shared/limits.ts';
import { parseAgentMessage, type AgentMessage } from '../../shared/messages.ts';
import { extensionId, productVersion, protocolVersion } from '../../shared/names.ts';

export interface HostClient {
  readonly process: ChildProcess;
  /** Milliseconds from the start of the process to its word that the agent is there. */
  readonly connectedAfter: number;
  ask(request: object): Promise<AgentMessage>;
  /** Ends the host and waits for it. */
  close(): Promise<void>;
}

/** Starts a native host and waits until it has an agent behind it. */
export async function startHost(dist: string, environment: Readonly<Record<string, string>>): Promise<HostClient> {
  const started = performance.now();
  const child = spawn(process.execPath, [join(dist, 'native-host/main.js'), `chrome-extension://${extensionId}/`], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const reader = new FrameReader(limits.messageToBrowser);
  const waiting = new Map<string, (message: AgentMessage) => void>();
  let connected: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (connected = resolve));
  child.stdout.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      const message = parseAgentMessage(JSON.parse(Buffer.from(frame).toString('utf8')));
      if (message.type === 'agent' && message.state === 'connected') connected();
      if ('id' in message) waiting.get(message.id)?.(message);
    }
  });
  const send = (message: object) => {
    child.stdin.write(encodeFrame(Buffer.from(JSON.stringify(message)), limits.messageToHost));
  };
  send({ type: 'hello', protocol: protocolVersion, version: productVersion });
  await ready;
  let last = 0;
  return {
    process: child,
    connectedAfter: performance.now() - started,
    ask: (request) =>
      new Promise((resolve) => {
        const id = `b${++last}`;
        waiting.set(id, (message) => {
          waiting.delete(id);
          resolve(message);
        });
        send({ type: 'request', id, language: 'sv', ...request });
      }),
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}

/** A login as a page of `origin` asks for it. @throws Error when it is refused */
export async function login(host: HostClient, origin: string): Promise<void> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(33))).toString('base64');
  const answer = await host.ask({ verb: 'authenticate', caller: { kind: 'page', origin }, nonce });
  if (answer.type !== 'response') throw new Error(`login refused: ${JSON.stringify(answer)}`);
}

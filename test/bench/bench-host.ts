// A native host for the benchmark: how long its start took, and logins that must succeed.
import { join } from 'node:path';
import { HostClient, type Question } from '../support/host-client.ts';

export interface BenchHost {
  readonly client: HostClient;
  /** Milliseconds from the start of the process to its word that the agent is there. */
  readonly connectedAfter: number;
}

/** Starts a native host and waits until it has an agent behind it. */
export async function startHost(dist: string, environment: Readonly<Record<string, string>>): Promise<BenchHost> {
  const started = performance.now();
  const client = new HostClient({ program: join(dist, 'native-host/main.js'), environment });
  await new Promise<void>((resolve) => {
    client.child.stdout.on('data', () => {
      if (client.presence?.state === 'connected') resolve();
    });
  });
  return { client, connectedAfter: performance.now() - started };
}

/** The result of a request. @throws Error when it is refused */
export async function resultOf({ client }: BenchHost, question: Question): Promise<unknown> {
  const answer = await client.ask(question).answer;
  if ('error' in answer) throw new Error(`${question.verb} refused: ${answer.error.code}`);
  return answer.result;
}

/** A login as a page of `origin` asks for it. @throws Error when it is refused */
export async function login(host: BenchHost, origin: string): Promise<void> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(33))).toString('base64');
  await resultOf(host, { verb: 'authenticate', caller: { kind: 'page', origin }, nonce });
}

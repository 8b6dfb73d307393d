// Sites and proxies for calls of the agent: real servers on the loopback with certificates of the test PKI, and a clock that
// only the test moves.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentProxy } from '../../../agent/network/proxy.ts';
import { type CallBody, type CallEnvironment, type CallOutcome, callSite } from '../../../agent/logout/site-call.ts';
import { bundledAuthorities, TrustStore } from '../../../agent/network/trust-store.ts';
import { createTestPki, type Issued, type TestPki, testPkiOf } from '../../../demo/pki/pki.ts';
import { policySchema } from '../../../shared/policy.ts';
import { FakeClock } from '../fake-clock.ts';

export const logoutBody: CallBody = { token: 'A'.repeat(22), event: 'logout', reason: 'card-removed' };
export const renewBody: CallBody = { token: 'A'.repeat(22), event: 'renew', seconds: 60 };

/** A server, and who is connected to it. */
export interface Running {
  server: Server;
  port: number;
  /** Connections so far, and those that are open. */
  connections: number;
  open: Set<Socket>;
}

/** A request as it came in. */
export interface Received {
  method: string | undefined;
  url: string | undefined;
  rawHeaders: string[];
  body: string;
}

export const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;

let shared: Promise<TestPki> | undefined;

export class CallWorld {
  readonly clock = new FakeClock();
  readonly directory = mkdtempSync(join(tmpdir(), 'kortbro-calls-'));
  /** PEM of the authority above the servers' certificates. */
  readonly authorities = join(this.directory, 'authorities.pem');
  /** In the place of the system's bundle, which knows nobody here and takes its time to read. */
  readonly system = join(this.directory, 'system.pem');
  readonly pki: TestPki;
  unreadable = 0;
  environment: NodeJS.ProcessEnv = {};
  policy: Record<string, unknown> = { logout: { authorities: this.authorities } };
  readonly trust = new TrustStore({
    system: bundledAuthorities([this.system]),
    unreadable: () => (this.unreadable += 1),
  });
  readonly #running: Running[] = [];

  private constructor(pki: TestPki) {
    this.pki = pki;
    writeFileSync(this.authorities, pem(pki.tlsRoot));
    writeFileSync(this.system, pem(pki.root));
  }

  static async create(): Promise<CallWorld> {
    shared ??= createTestPki({ keyKind: 'ec-p256' });
    return new CallWorld(await shared);
  }

  /** A certificate that ended 110 days ago, by the same authority. */
  expired(names: string[]): Promise<Issued> {
    const now = () => new Date(Date.now() - 200 * 86_400_000);
    return testPkiOf(this.pki.authorities, { keyKind: 'ec-p256', now }).issueServer(names);
  }

  /** An https server for these names; `issued`: with this certificate instead. */
  async site(
    listener: RequestListener,
    { names = ['journal.localhost'], issued, ...more }: { names?: string[]; issued?: Issued } & ServerOptions = {},
  ): Promise<Running> {
    return this.run(createSecureServer({ ...(await this.identity(names, issued)), ...more }, listener));
  }

  plainSite(listener: RequestListener): Promise<Running> {
    return this.run(createPlainServer(listener));
  }

  /** Key and certificate for a TLS server. */
  async identity(names: string[], issued?: Issued): Promise<{ key: string; cert: string }> {
    const { privateKey, certificate } = issued ?? (await this.pki.issueServer(names));
    return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pem(certificate) };
  }

  /** Lets any server listen on a port of its own, until the end of the test. */
  async run(server: Server): Promise<Running> {
    const running: Running = { server, port: 0, connections: 0, open: new Set() };
    server.on('connection', (socket: Socket) => {
      running.connections += 1;
      running.open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => running.open.delete(socket));
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    running.port = (server.address() as AddressInfo).port;
    this.#running.push(running);
    return running;
  }

  surroundings(): CallEnvironment {
    const { clock, trust, environment } = this;
    return { clock, trust, systemProxy: environmentProxy(environment), policy: policySchema.parse(this.policy) };
  }

  call(url: string, body = logoutBody, signal = new AbortController().signal): Promise<CallOutcome> {
    return callSite({ url, body }, this.surroundings(), signal);
  }

  async end(): Promise<void> {
    for (const { server, open } of this.#running) {
      for (const socket of open) socket.destroy();
      await new Promise((closed) => server.close(closed));
    }
    rmSync(this.directory, { recursive: true });
  }
}

/** Answers every request with one status, and keeps what came in. */
export function answering(
  status: number,
  received: Received[] = [],
  headers: Record<string, string> = {},
): RequestListener {
  return (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const { method, url, rawHeaders } = request;
      received.push({ method, url, rawHeaders, body });
      response.writeHead(status, headers).end();
    });
  };
}

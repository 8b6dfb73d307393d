// An endpoint on a real socket with a clock that a test plays, requests that the test answers, and peers to ask them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent } from '../../../agent/audit/audit-event.ts';
import { openSocketDoor } from '../../../agent/endpoint/socket-door.ts';
import { startEndpoint, type EndpointCallbacks, type EndpointServer } from '../../../agent/endpoint/endpoint-server.ts';
import { parseEndpoint, type Endpoint } from '../../../shared/endpoint.ts';
import { parseAgentMessage, type AgentMessage, type AgentState, type Request } from '../../../shared/messages.ts';
import { waitUntil } from '../../native-host/within.ts';
import { RawPeer, RawSocket } from '../../support/raw-peer.ts';
import { FakeClock } from '../fake-clock.ts';

export const state: AgentState = { version: '0.1.0', service: 'running', session: 'active', readers: [] };
export const hello = JSON.stringify({ type: 'hello', protocol: 1, version: '0.1.0' });
export const request = (id: string, changes: Record<string, unknown> = {}) =>
  JSON.stringify({ type: 'request', id, language: 'sv', verb: 'status', caller: { kind: 'user' }, ...changes });
export const cancel = (id: string) => JSON.stringify({ type: 'cancel', id });

/** A request that waits for its answer. */
export interface Asked {
  peer: number;
  profile: string;
  request: Request;
  signal: AbortSignal;
  answer: (message?: AgentMessage) => void;
}

export class EndpointWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'kortbro-endpoint-'));
  readonly clock = new FakeClock();
  readonly asked: Asked[] = [];
  readonly log: AuditEvent[] = [];
  /** What browsers have said of their logouts. */
  readonly steps: string[] = [];
  /** How often the endpoint has said that it was lost. */
  lost = 0;
  isOwnUser: () => boolean = () => true;
  readonly #peers: (RawPeer | RawSocket)[] = [];
  #server: EndpointServer | undefined;
  #endpoint: Endpoint | undefined;

  async open(): Promise<this> {
    const callbacks: EndpointCallbacks = {
      answer: ({ peer, profile }, one, signal) =>
        new Promise((resolve) => {
          const honest: AgentMessage = { type: 'response', id: one.id, result: { agent: '0.1.0' } };
          this.asked.push({ peer, profile, request: one, signal, answer: (message = honest) => resolve(message) });
        }),
      greet: (profile) => [
        { type: 'snapshot', sequence: 5, state },
        ...(profile === '' ? [] : [{ type: 'visits' as const, open: [], owed: [], guarded: [] }]),
      ],
      logoutStep: (profile, visit, step) => this.steps.push([profile, visit, step].join(' ')),
      openDoor: openSocketDoor,
      isOwnUser: () => this.isOwnUser(),
      audit: (event) => this.log.push(event),
      lost: () => this.lost++,
    };
    this.#server = await startEndpoint(this.directory, this.clock, callbacks);
    this.#endpoint = parseEndpoint(readFileSync(join(this.directory, 'endpoint.json'), 'utf8'));
    return this;
  }

  get server(): EndpointServer {
    assert.ok(this.#server);
    return this.#server;
  }

  get endpoint(): Endpoint {
    assert.ok(this.#endpoint);
    return this.#endpoint;
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    await this.server.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  connect(): RawPeer {
    const peer = new RawPeer(this.endpoint);
    this.#peers.push(peer);
    return peer;
  }

  connectRaw(): RawSocket {
    const peer = new RawSocket(this.endpoint);
    this.#peers.push(peer);
    return peer;
  }

  /** A peer that has proved itself and said hello. */
  async proven(): Promise<RawPeer> {
    const peer = await this.connect().prove(this.endpoint.secret);
    peer.say(hello);
    assert.equal(parseAgentMessage(JSON.parse(await peer.heard(1))).type, 'snapshot');
    return peer;
  }

  /** Waits for this many requests in all. */
  seen(count: number): Promise<void> {
    return waitUntil(() => this.asked.length >= count, `${count} requests`);
  }

  /** What was written down. */
  get events(): string[] {
    return this.log.map((event) => ('code' in event ? `${event.event} ${event.code}` : event.event));
  }
}

/** What a peer was told after its snapshot. */
export function answers(peer: RawPeer): Record<string, unknown>[] {
  return peer.received.slice(2).map((text) => JSON.parse(text) as Record<string, unknown>);
}

/** The same, when there are so many. */
export async function told(peer: RawPeer, count: number): Promise<Record<string, unknown>[]> {
  await waitUntil(() => answers(peer).length >= count, `${count} answers`);
  return answers(peer);
}

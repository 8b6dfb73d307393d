// One call of the agent to a site's server: a session is over, or its holder is still there. Needs no browser, follows no
// redirect, carries no cookie, believes no answer but its status. Never throws: whatever goes wrong is an outcome.
import { type ClientRequest, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { productVersion } from '../../shared/names.ts';
import { secureOriginOf } from '../../shared/origin.ts';
import { type Policy } from '../../shared/policy.ts';
import { openTunnel, proxyFor, type SystemProxy } from './proxy.ts';
import { connectSecurely, lookupSite } from './site-connection.ts';
import { type TrustStore } from './trust-store.ts';

/** What is posted, as JSON (docs/card-removal.md). `seconds`: how long the session may live from now on. */
export type CallBody =
  { token: string; event: 'logout'; reason: LogoutReason } | { token: string; event: 'renew'; seconds: number };

export interface SiteCall {
  /** As registered; on the origin of the page that did so. */
  url: string;
  body: CallBody;
}

/**
 * `done`: the server has taken it. `refused`: it does not want it, now or later; `status` 0: the address may not be called at
 * all. `over`: the session that was to be renewed is no more. `failed`: nothing is known, and it may be tried again.
 */
export type CallOutcome =
  { outcome: 'done' } | { outcome: 'refused'; status: number } | { outcome: 'over' } | { outcome: 'failed' };

/** What a call stands on. */
export interface CallEnvironment {
  clock: Clock;
  trust: TrustStore;
  policy: Policy;
  /** Asked where policy names no proxy. */
  systemProxy: SystemProxy;
}

/** Makes the call; it takes `limits.callTime` at most, and less when `signal` ends it. */
export async function callSite(
  { url, body }: SiteCall,
  { clock, ...around }: CallEnvironment,
  signal: AbortSignal,
): Promise<CallOutcome> {
  if (!mayBeCalled(url, around.policy.allowLocalhost)) return { outcome: 'refused', status: 0 };
  const ending = new AbortController();
  const end = () => ending.abort();
  const callOff = clock.after(limits.callTime, end);
  signal.addEventListener('abort', end);
  try {
    signal.throwIfAborted();
    return outcomeOf(body.event, await post(new URL(url), JSON.stringify(body), around, ending.signal));
  } catch {
    return { outcome: 'failed' };
  } finally {
    callOff();
    signal.removeEventListener('abort', end);
    end();
  }
}

/** What an answer with this status means (RFC 9110 15). Pure. */
export function outcomeOf(event: CallBody['event'], status: number): CallOutcome {
  if (status >= 200 && status < 300) return { outcome: 'done' };
  if (event === 'renew') return { outcome: status === 404 || status === 410 ? 'over' : 'failed' };
  const later = status === 408 || status === 425 || status === 429;
  return status >= 300 && status < 500 && !later ? { outcome: 'refused', status } : { outcome: 'failed' };
}

/** Looked at when it was registered; looked at again, since policy may have changed and the address has lain on a disk. */
function mayBeCalled(url: string, allowLocalhost: boolean): boolean {
  if (url.length > limits.logoutUrlLength || !/^[!-~]+$/.test(url)) return false;
  return secureOriginOf(url, allowLocalhost) !== undefined;
}

/** Posts on a connection of its own: nothing is kept alive, and no TLS session is resumed. Resolves to the answer's status. */
async function post(
  url: URL,
  text: string,
  { trust, policy, systemProxy }: Omit<CallEnvironment, 'clock'>,
  signal: AbortSignal,
): Promise<number> {
  const options = {
    method: 'POST',
    signal,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'User-Agent': `Kortbro/${productVersion}`,
    },
  };
  if (url.protocol === 'http:') {
    return exchange(plainRequest(url, { ...options, agent: false, lookup: lookupSite }), text);
  }
  const context = trust.context(policy.logout.authorities);
  const proxy = await proxyFor(url, policy.logout.proxy, systemProxy);
  const tunnel = proxy === undefined ? undefined : await openTunnel(proxy, url, context, signal);
  const createConnection = () => connectSecurely(url, context, tunnel);
  return exchange(secureRequest(url, { ...options, createConnection }), text);
}

/**
 * Sends the request and resolves to the status of its answer. Of the body only so much is read that an honest server can end
 * it; the status stands however the body ends.
 */
function exchange(request: ClientRequest, text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    let failure = new Error('closed without an answer');
    request.on('error', (error) => (failure = error));
    request.on('response', (response) => {
      status = response.statusCode;
      let left = limits.callAnswer;
      response.on('error', () => undefined);
      response.on('data', (part: Buffer) => {
        left -= part.length;
        if (left <= 0) request.destroy();
      });
    });
    request.on('close', () => {
      if (status === undefined) reject(failure);
      else resolve(status);
    });
    request.end(text);
  });
}

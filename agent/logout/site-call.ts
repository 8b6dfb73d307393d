// One call of the agent to a site's server: a session is over, or its holder is still there. Needs no browser, follows no
// redirect, carries no cookie, believes no answer but its status. Never throws: whatever goes wrong is an outcome.
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { secureOriginOf } from '../../shared/origin.ts';
import { type Policy } from '../../shared/policy.ts';
import { exchange } from '../network/exchange.ts';
import { type SystemProxy } from '../network/proxy.ts';
import { type TrustStore } from '../network/trust-store.ts';

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
  { clock, trust, policy, systemProxy }: CallEnvironment,
  signal: AbortSignal,
): Promise<CallOutcome> {
  if (!mayBeCalled(url, policy.allowLocalhost)) return { outcome: 'refused', status: 0 };
  const ending = new AbortController();
  const end = () => ending.abort();
  const callOff = clock.after(limits.callTime, end);
  signal.addEventListener('abort', end);
  try {
    signal.throwIfAborted();
    const { authorities, proxy } = policy.logout;
    const { status } = await exchange(
      new URL(url),
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        most: limits.callAnswer,
      },
      { trust, authorities, proxy, systemProxy },
      ending.signal,
    );
    return outcomeOf(body.event, status);
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

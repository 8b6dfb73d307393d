// How the clinic's sites take part in being logged out: the relying-party package's logouts on the site's own sessions, and a
// count of what has come, for whoever judges a demonstration.
import { createHash } from 'node:crypto';
import { createLogouts, type EndReason, type Logouts } from '../../relying-party/src/index.ts';
import { type Sessions } from './sessions.ts';
import { type SiteDefinition } from './site-definition.ts';

/** A session that was ended by its logout call, or by its time. */
export interface EndedSession {
  readonly name: string;
  readonly holderId: string;
  readonly reason: EndReason;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** What has come for one token. More than one logout is a repetition. */
export interface TokenCalls {
  /** The first 16 hexadecimal digits of the token's SHA-256. */
  readonly token: string;
  readonly logouts: number;
  readonly renewals: number;
  /** Statuses that were answered, oldest first. */
  readonly answers: readonly number[];
}

export interface SiteLogouts extends Logouts {
  readonly ended: readonly EndedSession[];
  /** Of tokens that the site knows. */
  readonly calls: readonly TokenCalls[];
}

/** So much is remembered of each, for one token too. */
const maximum = 1_000;

export function siteLogouts(sessions: Sessions, { logout }: SiteDefinition): SiteLogouts {
  const ended: EndedSession[] = [];
  const calls = new Map<string, TokenCalls>();
  const logouts = createLogouts({ endSession, ...(logout.leaseSeconds && { leaseSeconds: logout.leaseSeconds }) });

  function endSession(id: string, reason: EndReason): void {
    const { holder } = sessions.named(id) ?? {};
    if (holder !== undefined && ended.length < maximum) {
      const { name, identity } = holder;
      ended.push({ name, holderId: identity.kind === 'hsa-id' ? identity.hsaId : '', reason, at: Date.now() });
    }
    sessions.end(id);
  }

  /** `body` is a call: it has been answered as one. */
  function count(body: string, status: number): void {
    const { token, event } = JSON.parse(body) as { token: string; event: string };
    const name = createHash('sha256').update(token).digest('hex').slice(0, 16);
    const { logouts: before, renewals, answers } = calls.get(name) ?? { logouts: 0, renewals: 0, answers: [] };
    if (!calls.has(name) && calls.size >= maximum) return;
    calls.set(name, {
      token: name,
      logouts: before + (event === 'logout' ? 1 : 0),
      renewals: renewals + (event === 'renew' ? 1 : 0),
      answers: [...answers, status].slice(-maximum),
    });
  }

  return {
    ...logouts,
    ended,
    get calls() {
      return [...calls.values()];
    },
    receive: async (body) => {
      const answer = await logouts.receive(body);
      if (answer.status !== 400 && answer.status !== 404) count(body, answer.status);
      return answer;
    },
  };
}

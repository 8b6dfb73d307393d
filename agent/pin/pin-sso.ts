// PIN-SSO: the one PIN that opens several sites. It is a logged-in session that the module host keeps, never a stored PIN;
// here stands only which token is open, since when, and which sites its holder has let in.
import { type Clock } from '../../shared/clock.ts';
import { KortbroError } from '../../shared/errors.ts';
import { type PinSsoEnd } from '../audit/audit-event.ts';

/** What a session needs of its token. A session belongs to this very object: a card that is bound anew is another token. */
export interface SsoToken {
  fingerprint: string;
  gone: AbortSignal;
}

/** Limits from policy, in minutes. */
export interface PinSsoLimits {
  idleMinutes: number;
  absoluteMinutes: number;
}

interface Session<Token> {
  token: Token;
  startedAt: number;
  usedAt: number;
  sites: Set<string>;
  /** Which certificate (CKA_ID) the holder uses at a site. */
  choices: Map<string, string>;
  cancelTimer: () => void;
}

export class PinSso<Token extends SsoToken> {
  readonly #clock: Clock;
  readonly #limits: () => PinSsoLimits;
  readonly #ended: (token: Token, reason: PinSsoEnd, sites: string[]) => void;
  readonly #sessions = new Map<Token, Session<Token>>();

  /** `ended` carries out what an end means (lock the card, tell the sites); it is called once for each session. */
  constructor(
    clock: Clock,
    limits: () => PinSsoLimits,
    ended: (token: Token, reason: PinSsoEnd, sites: string[]) => void,
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#ended = ended;
  }

  /** Whether the token's PIN has been given and the session has not ended. */
  isOpen(token: Token): boolean {
    const session = this.#sessions.get(token);
    if (session === undefined) return false;
    if (this.#deadline(session) <= this.#clock.now()) this.#endByLimit(session);
    return this.#sessions.has(token);
  }

  /** The token has just been logged in; the PIN dialog named `site`, so that it is let in. Ends by itself when the token goes. */
  open(token: Token, site: string): void {
    token.gone.throwIfAborted();
    const now = this.#clock.now();
    const sites = new Set([site]);
    const session: Session<Token> = {
      token,
      startedAt: now,
      usedAt: now,
      sites,
      choices: new Map(),
      cancelTimer: () => undefined,
    };
    this.#sessions.get(token)?.cancelTimer();
    this.#sessions.set(token, session);
    this.#schedule(session);
    token.gone.addEventListener('abort', () => this.end(token, endOfStay(token.gone.reason)), { once: true });
  }

  /** Whether the holder has let `site` in during this session. */
  hasSite(token: Token, site: string): boolean {
    return this.#sessions.get(token)?.sites.has(site) ?? false;
  }

  /** The certificate (CKA_ID) that the holder has used at `site` in this session. */
  choice(token: Token, site: string): string | undefined {
    return this.#sessions.get(token)?.choices.get(site);
  }

  /** Remembers the holder's choice for `site` until the session ends. */
  choose(token: Token, site: string, certificateId: string): void {
    this.#sessions.get(token)?.choices.set(site, certificateId);
  }

  /** The sites of the token's session. */
  sites(token: Token): string[] {
    return [...(this.#sessions.get(token)?.sites ?? [])];
  }

  /** `site` has used the card: it belongs to the session, and the idle limit counts from now. */
  used(token: Token, site: string): void {
    const session = this.#sessions.get(token);
    if (session === undefined) return;
    session.sites.add(site);
    session.usedAt = this.#clock.now();
  }

  /** Ends the session of `token`, if there is one. Whether there was. */
  end(token: Token, reason: PinSsoEnd): boolean {
    const session = this.#sessions.get(token);
    if (session === undefined) return false;
    session.cancelTimer();
    this.#sessions.delete(token);
    this.#ended(session.token, reason, [...session.sites]);
    return true;
  }

  /** Policy may have other limits now: what is over by them ends. */
  limitsChanged(): void {
    for (const session of [...this.#sessions.values()]) {
      session.cancelTimer();
      this.#schedule(session);
    }
  }

  /** Ends every session; how many there were. */
  endAll(reason: PinSsoEnd): number {
    const sessions = [...this.#sessions.values()];
    for (const { token } of sessions) this.end(token, reason);
    return sessions.length;
  }

  #deadline(session: Session<Token>): number {
    const { idleMinutes, absoluteMinutes } = this.#limits();
    return Math.min(session.usedAt + idleMinutes * 60_000, session.startedAt + absoluteMinutes * 60_000);
  }

  #endByLimit(session: Session<Token>): void {
    const absolute = session.startedAt + this.#limits().absoluteMinutes * 60_000;
    this.end(session.token, absolute <= this.#clock.now() ? 'absolute-limit' : 'idle-limit');
  }

  #schedule(session: Session<Token>): void {
    session.cancelTimer = this.#clock.after(Math.max(this.#deadline(session) - this.#clock.now(), 0), () => {
      if (this.#deadline(session) <= this.#clock.now()) this.#endByLimit(session);
      else this.#schedule(session);
    });
  }
}

/** Why a card's stay ended, as the reason for which its login did. */
function endOfStay(reason: unknown): PinSsoEnd {
  const code = reason instanceof KortbroError ? reason.code : undefined;
  if (code === 'ERR_CARD_REMOVED') return 'card-removed';
  if (code === 'ERR_CARD_CHANGED') return 'card-changed';
  if (code === 'ERR_CARD_SERVICE') return 'service-stopped';
  if (code === 'ERR_AGENT_SESSION_LOCKED') return 'session-locked';
  return code === 'ERR_CARD_FAILED' ? 'login-lost' : 'driver-stopped';
}

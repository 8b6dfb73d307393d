// Ends a site's sessions when the card leaves. A token of 256 random bits goes with each login's nonce to the card holder's
// agent and comes back when the holder has left; from the moment that it has, its session is over and cannot come to be.
import { createHash, randomBytes } from 'node:crypto';
import { type Clock, type Schedule, systemClock, systemSchedule } from './clock.ts';
import { parseLogoutCall } from './logout-call.ts';
import { logoutEntries } from './logout-entries.ts';
import { type EndReason, ended, lapsed, opened, renewed, settled, type StoredLogout, waiting } from './logout-state.ts';
import { createMemoryLogoutStore, type LogoutStore } from './logout-store.ts';
import { type LogoutTermsOptions, readLogoutTerms } from './logout-terms.ts';
import { NONCE_FORM } from './nonces.ts';
import { assertSession } from './session-name.ts';
import { watchSessions } from './session-watch.ts';
import { TokenError } from './token-error.ts';

export interface LogoutOptions extends LogoutTermsOptions {
  /**
   * Ends one session of the site: removes it where it is kept, closes its sockets. Called once for each, and again only after
   * it has failed or its server has died; a session that is not there is not an error.
   */
  readonly endSession: (session: string, reason: EndReason) => Promise<void> | void;
  /** Default: a store in this process's memory. */
  readonly store?: LogoutStore;
  /** Hears of what went wrong where nobody waits for an answer, or where the answer is a bare 503. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly schedule?: Schedule;
}

/** What the page hands to `authenticate({ nonce, logout })`, beside `url`. */
export interface LogoutRegistration {
  /** 43 characters of base64url. */
  readonly token: string;
  readonly leaseSeconds?: number;
}

/** What the logout address answers. */
export interface LogoutAnswer {
  readonly status: 200 | 202 | 400 | 404 | 410 | 503;
  /** JSON. */
  readonly body: string;
}

export interface Logouts {
  /**
   * A token for the login that `nonce` begins; it waits as long as the nonce does.
   * @throws TokenError ERR_LOGOUT_STORE_UNAVAILABLE
   * @throws TypeError for a nonce that `Nonces.issue` has not made, or that is registered already
   */
  register(nonce: string): Promise<LogoutRegistration>;
  /**
   * The login's token is verified (`VerifiedHolder.nonce`): from now on its logout ends `session`, a new one. Where this throws,
   * the session must not be given out.
   * @throws TokenError ERR_LOGGED_OUT, ERR_LOGOUT_UNKNOWN, ERR_SESSION_INVALID, ERR_LOGOUT_STORE_UNAVAILABLE
   * @throws TypeError for a session that another login has
   */
  open(nonce: string, session: string): Promise<void>;
  /**
   * Whether the session is open. To be asked at each request: it is what holds when a session is being saved again just as it
   * ends, when a timer is late, and when another server has been told. False for a session that was never opened.
   * @throws TokenError ERR_SESSION_INVALID, ERR_LOGOUT_STORE_UNAVAILABLE
   */
  isLive(session: string): Promise<boolean>;
  /** The site's own logout: the token ends nothing any more. @throws TokenError ERR_SESSION_INVALID, ERR_LOGOUT_STORE_UNAVAILABLE */
  close(session: string): Promise<void>;
  /**
   * Answers a POST to the logout address. The caller needs neither cookie nor Origin: the token is what proves him.
   * @param body at most some 1 000 characters are looked at; limit what you read. Never rejects.
   */
  receive(body: string): Promise<LogoutAnswer>;
  /** Ends the timers. Sessions whose time runs out afterwards are found out by `isLive` alone. */
  stop(): void;
}

const TOKEN_BYTES = 32;
/** After the site has failed to end a session whose time was over. */
const RETRY_MS = 10_000;

/** @throws TypeError that names what is wrong with the options. */
export function createLogouts(options: LogoutOptions): Logouts {
  const { endSession, onError = () => undefined, clock = systemClock, schedule = systemSchedule } = options;
  const terms = readLogoutTerms(options);
  const entries = logoutEntries(options.store ?? createMemoryLogoutStore({ clock }), clock);
  const watch = watchSessions({ clock, schedule, look });
  /** Sessions that the site is ending, by token: a second call for one waits for the first. */
  const endings = new Map<string, Promise<void>>();

  /** When to look at the session again; undefined when it is over and done with. */
  async function look(token: string): Promise<number | undefined> {
    try {
      const entry = await entries.change(['token', token], (current, now) => lapsed(current, now, terms));
      if (entry?.state === 'open') return entry.endsAt;
      await settle(token);
      return undefined;
    } catch (error) {
      onError(error);
      return clock() + RETRY_MS;
    }
  }

  /** Has the site end the session of an ended entry, unless that is done. */
  function settle(token: string): Promise<void> {
    const running = endings.get(token);
    if (running !== undefined) return running;
    const ending = endOnce(token).finally(() => endings.delete(token));
    endings.set(token, ending);
    return ending;
  }

  async function endOnce(token: string): Promise<void> {
    // Read here and not before: whoever settled it just now has left a note.
    const entry = await entries.find('token', token);
    if (entry?.state !== 'ended' || entry.session === undefined) return;
    await endSession(entry.session, entry.reason);
    await entries.change(['token', token], (current, now) => settled(current, now, terms));
    watch.end(token);
  }

  async function logOut(token: string, reason: EndReason): Promise<LogoutAnswer> {
    const entry = await entries.change(['token', token], (current, now) => ended(current, reason, now, terms));
    if (entry === undefined) return answer(404, 'unknown');
    await settle(token);
    return answer(200, 'ended');
  }

  async function renew(token: string): Promise<LogoutAnswer> {
    const entry = await entries.change(['token', token], (current, now) => renewed(current, now, terms));
    switch (entry?.state) {
      case undefined:
        return answer(404, 'unknown');
      case 'waiting': // the login is under way; its lease begins when it is done
        return answer(202, 'waiting');
      case 'open':
        watch.start(token, entry.endsAt);
        return answer(200, 'live');
      case 'ended':
        await settle(token);
        return answer(410, 'ended');
    }
  }

  return {
    async register(nonce) {
      assertNonce(nonce);
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const isNew = await entries.create(waiting(sha256(token), sha256(nonce), clock(), terms));
      if (!isNew) throw new TypeError('a nonce can be registered once.');
      const { leaseSeconds } = options;
      return leaseSeconds === undefined ? { token } : { token, leaseSeconds };
    },
    async open(nonce, session) {
      assertNonce(nonce);
      assertSession(session);
      const attempt = sha256(nonce);
      const other = await entries.find('session', session);
      if (other !== undefined) throw new TypeError('every login needs a session identifier of its own.');
      const entry = await entries.change(['attempt', attempt], (current, now) => {
        if (current.state === 'ended') throw new TokenError('ERR_LOGGED_OUT');
        if (current.state === 'open') throw new TokenError('ERR_LOGOUT_UNKNOWN');
        return opened(current, session, now, terms);
      });
      if (entry === undefined) throw new TokenError('ERR_LOGOUT_UNKNOWN');
      watch.start(entry.token, entry.endsAt);
    },
    async isLive(session) {
      assertSession(session);
      const entry = await entries.find('session', session);
      if (entry?.state !== 'open') return false;
      if (clock() < entry.endsAt) {
        // One that another server has opened, or this one before it was started anew.
        watch.start(entry.token, entry.endsAt);
        return true;
      }
      const next = await look(entry.token);
      if (next !== undefined) watch.start(entry.token, next);
      return false;
    },
    async close(session) {
      assertSession(session);
      const entry = await entries.find('session', session);
      if (entry === undefined) return;
      await entries.change(['token', entry.token], (current, now) => settled(current, now, terms));
      watch.end(entry.token);
    },
    async receive(body) {
      const call = parseLogoutCall(body);
      if (call === undefined) return answer(400, 'malformed');
      try {
        // Looked up by its hash: how long that takes says nothing of the token itself.
        const token = sha256(call.token);
        return call.event === 'logout' ? await logOut(token, call.reason) : await renew(token);
      } catch (error) {
        onError(error);
        return answer(503, 'unavailable');
      }
    },
    stop: () => watch.stop(),
  };
}

function answer(status: LogoutAnswer['status'], state: string): LogoutAnswer {
  return { status, body: JSON.stringify({ state }) };
}

function assertNonce(nonce: unknown): asserts nonce is string {
  if (typeof nonce !== 'string' || !NONCE_FORM.test(nonce)) throw new TypeError('nonce must be one of Nonces.issue.');
}

function sha256(text: string): StoredLogout['token'] {
  return createHash('sha256').update(text).digest('hex');
}

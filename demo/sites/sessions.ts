// Who is logged in to a site: sessions by an unguessable cookie, in memory. A session's identifier changes when somebody logs
// in, and it never outlives the certificate.
import { randomBytes } from 'node:crypto';
import { type VerifiedHolder } from '../../relying-party/src/index.ts';

export interface Session {
  readonly id: string;
  readonly holder?: VerifiedHolder;
  /** Unix time in milliseconds. */
  readonly since: number;
}

/** `__Host-`: set by this host alone, on https alone, for every path (RFC 6265bis 4.1.3.2). */
const cookieName = '__Host-session';
const cookieForm = /(?:^|;\s*)__Host-session=([\w-]{43})(?:;|$)/;
const lifetime = 8 * 3_600_000;
const maximum = 1_000;

export class Sessions {
  readonly #sessions = new Map<string, Session>();

  /** The session that a request's Cookie header names. */
  find(cookies: string | undefined): Session | undefined {
    const session = this.named(cookieForm.exec(cookies ?? '')?.[1] ?? '');
    if (session === undefined) return undefined;
    const end = Math.min(session.since + lifetime, session.holder?.notAfter.getTime() ?? Infinity);
    if (Date.now() < end) return session;
    this.end(session.id);
    return undefined;
  }

  /** A new session; with a holder it is somebody who has logged in. */
  start(holder?: VerifiedHolder): Session {
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= maximum && oldest !== undefined) this.#sessions.delete(oldest);
    const session = { id: randomBytes(32).toString('base64url'), since: Date.now(), ...(holder && { holder }) };
    this.#sessions.set(session.id, session);
    return session;
  }

  named(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  /** Everybody who is logged in. */
  get holders(): VerifiedHolder[] {
    return [...this.#sessions.values()].flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
  }
}

/** The Set-Cookie header for a session; without one it removes the cookie. */
export function sessionCookie(session?: Session): string {
  const value = session === undefined ? `${cookieName}=; Max-Age=0` : `${cookieName}=${session.id}`;
  return `${value}; Path=/; Secure; HttpOnly; SameSite=Strict`;
}

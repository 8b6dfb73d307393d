// The body of a call to the site's logout address, read strictly. The agent that runs beside the card makes it.
import { LOGOUT_REASONS, type LogoutReason } from './logout-state.ts';

export type LogoutCall =
  | { readonly event: 'logout'; readonly token: string; readonly reason: LogoutReason }
  | { readonly event: 'renew'; readonly token: string };

/** 256 bits in base64url without padding: what `register` gives out, and nothing else. */
const TOKEN_FORM = /^[\w-]{43}$/;
const REASON_FORM = /^[a-z][a-z-]{0,39}$/;
const MAX_BODY_LENGTH = 1024;
const SHORTEST_LEASE = 10;
const LONGEST_LEASE = 3600;

/** undefined for anything but `{token, event: "logout", reason}` and `{token, event: "renew", seconds}` as JSON. */
export function parseLogoutCall(body: unknown): LogoutCall | undefined {
  if (typeof body !== 'string' || body.length > MAX_BODY_LENGTH) return undefined;
  const fields = jsonObject(body);
  const token = fields?.get('token');
  if (fields?.size !== 3 || typeof token !== 'string' || !TOKEN_FORM.test(token)) return undefined;
  switch (fields.get('event')) {
    case 'logout': {
      const reason = fields.get('reason');
      return typeof reason === 'string' && REASON_FORM.test(reason)
        ? { event: 'logout', token, reason: knownReason(reason) }
        : undefined;
    }
    case 'renew': {
      // How long the lease is says the site; this number only shows what the agent believes.
      const seconds = fields.get('seconds');
      const isLease =
        Number.isInteger(seconds) && Number(seconds) >= SHORTEST_LEASE && Number(seconds) <= LONGEST_LEASE;
      return isLease ? { event: 'renew', token } : undefined;
    }
    default:
      return undefined;
  }
}

/** A reason that a later agent may give ends the session as well: a word that is new here must keep nobody logged in. */
function knownReason(reason: string): LogoutReason {
  return LOGOUT_REASONS.find((known) => known === reason) ?? 'unknown';
}

function jsonObject(text: string): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value));
  } catch {
    return undefined;
  }
}

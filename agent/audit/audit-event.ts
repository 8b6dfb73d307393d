// The closed list of what is written down. There is no free text: an event has exactly these fields, and none can hold a
// PIN, a challenge, a hash to be signed or a personal number (holders appear by a fingerprint of their certificate).
import { type ErrorCode } from '../../shared/errors.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { type SignatureFormat } from '../../shared/signing.ts';
import { type Verb } from '../../shared/messages.ts';

/** Why PIN-SSO ended. */
export type PinSsoEnd =
  | 'card-removed'
  | 'card-changed'
  | 'service-stopped'
  | 'session-locked'
  | 'idle-limit'
  | 'absolute-limit'
  | 'forgotten'
  | 'agent-stopped'
  | 'wrong-pin'
  | 'login-lost'
  | 'driver-stopped';

/** Every event. `token` is the first 16 hex digits of SHA-256 over the token's serial number and certificate. */
export type AuditEvent =
  | { event: 'agent-started'; version: string; policy: 'file' | 'registry' | 'defaults' | 'invalid' }
  | { event: 'agent-stopped' }
  | { event: 'policy-refused'; line: number; reason: string }
  | { event: 'peer-connected'; role: string; peer: number }
  | { event: 'peer-refused'; code: ErrorCode }
  | { event: 'peer-gone'; peer: number }
  | { event: 'request-done'; peer: number; verb: Verb; origin?: string; token?: string; milliseconds: number }
  | {
      event: 'request-refused';
      peer: number;
      verb: Verb;
      origin?: string;
      code: ErrorCode;
      incident?: string;
      native?: string;
    }
  | { event: 'card-inserted'; reader: string }
  | { event: 'card-removed'; reader: string; cause: 'card' | 'reader' | 'service' | 'replaced' | 'mute' | 'suspended' }
  | { event: 'card-bound'; reader: string; tokens: number; milliseconds: number }
  | { event: 'card-unreadable'; reader: string; code: ErrorCode; native?: string }
  | { event: 'pin-sso-started'; token: string; origin: string }
  | { event: 'pin-sso-ended'; token: string; reason: PinSsoEnd }
  | { event: 'consent-given' | 'consent-refused'; token: string; origin: string }
  /** Documents are never named: their names can say who is ill. `failed`: those that came to nothing. */
  | {
      event: 'documents-signed';
      token: string;
      origin: string;
      format: SignatureFormat['type'];
      signed: number;
      failed: number;
    }
  | { event: 'logout-due'; origin: string; reason: LogoutReason }
  | { event: 'logout-cleared'; origin: string }
  | { event: 'logout-called'; origin: string; outcome: 'done' | 'refused' | 'given-up' }
  | { event: 'visits-unsaved' | 'authorities-unreadable' }
  | { event: 'visits-broken'; files: number }
  | { event: 'workstation-locked'; done: boolean }
  | { event: 'module-host-stopped'; module: string; code: ErrorCode }
  | { event: 'service'; state: 'running' | 'stopped' }
  | { event: 'session'; state: 'active' | 'locked' | 'away' }
  | { event: 'internal-error'; incident: string; where: string };

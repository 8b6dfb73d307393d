// What the owner of the visits is told, and what it needs from around it.
import { type Clock } from '../../shared/clock.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { type LogoutRegistration } from '../../shared/messages.ts';
import { type Policy } from '../../shared/policy.ts';
import { type AuditEvent } from '../audit/audit-event.ts';
import { type HolderIdentity, type Presence } from '../cards/holder-presence.ts';
import { type VisitsMessage } from './orders.ts';
import { type Registration } from './visit.ts';
import { type VisitStore } from './visit-store.ts';

/** A login that has just been given out. */
export interface Entry {
  holder: HolderIdentity;
  reader: string;
  profile: string;
  origin: string;
  registration?: LogoutRegistration;
}

/** What the owner needs from around it. */
export interface LogoutSurroundings {
  clock: Clock;
  /** Unix time in milliseconds: what outlives the agent counts by it. */
  now: () => number;
  policy: () => Policy;
  presence: (holder: HolderIdentity) => Presence | undefined;
  store: Pick<VisitStore, 'found' | 'save'>;
  browsers: {
    isConnected(profile: string): boolean;
    send(profile: string, message: VisitsMessage): void;
  };
  /** The agent's own calls, by a registration's id. `since`: Unix time of the order, from which patience counts. */
  calls: {
    deliver(registration: Registration, reason: LogoutReason, since: number): void;
  };
  leases: {
    start(registration: Registration & { leaseSeconds: number }): void;
    stop(id: string): void;
  };
  lockWorkstation: () => void;
  audit: (event: AuditEvent) => void;
}

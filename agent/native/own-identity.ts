// Whose process this is, in the numbers that Windows itself compares. Windows.
import { addon } from './addon.ts';

/** The user's SID ("S-1-5-21-...") and the number of the session (0 is that of services). */
export interface OwnIdentity {
  readonly user: string;
  readonly session: number;
}

/** The user of this process's token, and its session. */
export function ownIdentity(): OwnIdentity {
  return addon().ownIdentity();
}

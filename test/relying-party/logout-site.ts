// What the tests of logouts share: a site with sessions of its own, and the calls that an agent makes to it.
import { randomBytes } from 'node:crypto';
import {
  createLogouts,
  createMemoryLogoutStore,
  type EndReason,
  type LogoutAnswer,
  type LogoutOptions,
  type MemoryLogoutStoreOptions,
} from '../../relying-party/src/index.ts';
import { fakeTime } from './fake-time.ts';

export const newNonce = (): string => randomBytes(32).toString('base64');

export const logoutBody = (token: string, reason = 'card-removed'): string =>
  JSON.stringify({ token, event: 'logout', reason });
export const renewBody = (token: string): string => JSON.stringify({ token, event: 'renew', seconds: 60 });

export const stateOf = ({ status, body }: LogoutAnswer): string =>
  `${status} ${(JSON.parse(body) as { state: string }).state}`;

/** A site whose sessions are names in a list. `bounds`: of its store. */
export function logoutSite(changes: Partial<LogoutOptions> = {}, bounds: MemoryLogoutStoreOptions = {}) {
  const time = fakeTime();
  const ended: { session: string; reason: EndReason }[] = [];
  const errors: unknown[] = [];
  const logouts = createLogouts({
    endSession: (session, reason) => void ended.push({ session, reason }),
    onError: (error) => void errors.push(error),
    store: createMemoryLogoutStore({ clock: time.clock, ...bounds }),
    clock: time.clock,
    schedule: time.schedule,
    ...changes,
  });
  let number = 0;
  return {
    ...time,
    logouts,
    ended,
    errors,
    /** A login from its nonce to its session. */
    logIn: async (session = `session-${(number += 1)}`) => {
      const nonce = newNonce();
      const { token } = await logouts.register(nonce);
      await logouts.open(nonce, session);
      return { nonce, token, session };
    },
    logOut: async (token: string, reason?: string) => stateOf(await logouts.receive(logoutBody(token, reason))),
    renew: async (token: string) => stateOf(await logouts.receive(renewBody(token))),
  };
}

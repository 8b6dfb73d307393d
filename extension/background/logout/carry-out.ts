// One logout from its first action to its last, in the order that policy gives. Can be done again from the start at any
// point: nothing here is remembered.
import { type Logout } from './memory.ts';

/** What a logout does to the browser. */
export interface LogoutEffects {
  /** Tells the pages of the origin and resolves when they are ready to go, or have not answered. */
  farewell(logout: Logout): Promise<void>;
  /** The pages have been told, or there is nothing to tell. */
  told(logout: Logout): Promise<void>;
  /** Fetches the site's own address for logging out; whatever comes of it. */
  call(logout: Logout, url: string): Promise<void>;
  /** Clears cookies, storage and cache, with every request to the origin blocked meanwhile. @throws when something is left */
  clear(logout: Logout): Promise<void>;
  navigate(logout: Logout): Promise<void>;
  close(logout: Logout): Promise<void>;
}

/** @throws when the origin could not be cleared */
export async function carryOut(logout: Logout, effects: LogoutEffects): Promise<void> {
  if (!logout.actions.includes('event')) await effects.told(logout);
  for (const action of logout.actions) {
    if (action === 'event') {
      await effects.farewell(logout);
      await effects.told(logout);
    } else if (action === 'call') {
      if (logout.url !== undefined) await effects.call(logout, logout.url);
    } else if (action === 'clear') {
      await effects.clear(logout);
    } else if (action === 'navigate') {
      await effects.navigate(logout);
    } else if (action === 'close') {
      await effects.close(logout);
    }
    // 'lock' is the agent's.
  }
}

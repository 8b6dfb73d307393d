// Gives the logouts the browser they work on.
import { type ClientMessage } from '../../../shared/messages.ts';
import { clearOrigin } from './clear-origin.ts';
import { DenyGuard } from './deny-guard.ts';
import { fetchLogout } from './fetch-logout.ts';
import { Logouts } from './logouts.ts';
import { loadMemory, saveMemory } from './memory-store.ts';
import { type Logout } from './memory.ts';
import { closeTabs, discardTabs, navigateTabs, reloadBlocked } from './tabs.ts';

/** What the logouts need of the rest of the extension. */
export interface LogoutNeighbours {
  send(message: ClientMessage): void;
  /** Tells the pages of the origin; resolves when they are ready to go. */
  farewell(logout: Logout): Promise<void>;
  later(callback: () => void, milliseconds: number): () => void;
  changed(): void;
}

/** Starts from what the worker, or the browser, before has left. */
export async function startLogouts(neighbours: LogoutNeighbours): Promise<Logouts> {
  const [memory, rules] = await Promise.all([loadMemory(), DenyGuard.load()]);
  return new Logouts(memory, {
    ...neighbours,
    rules,
    save: saveMemory,
    fetch: fetchLogout,
    clear: clearOrigin,
    discardTabs,
    navigateTabs: ({ origin, reason, page }) => navigateTabs(origin, reason, page),
    closeTabs: ({ origin, reason }) => closeTabs(origin, reason),
    reloadBlocked,
  });
}

// Gives the logouts the browser they work on.
import { type ClientMessage } from '../../../shared/messages.ts';
import { clearOrigin } from './clear-origin.ts';
import { DenyGuard } from './deny-guard.ts';
import { fetchLogout } from './fetch-logout.ts';
import { LateAnswers } from './late-answers.ts';
import { Logouts } from './logouts.ts';
import { loadMemory, saveMemory } from './memory-store.ts';
import { type Logout } from './memory.ts';
import { type OpenedWindows } from './opened-windows.ts';
import { closeTabs, discardTabs, navigateTabs, reloadBlocked } from './tabs.ts';

/** What the logouts need of the rest of the extension. */
export interface LogoutNeighbours {
  send(message: ClientMessage): void;
  /** Tells the pages of the origin; resolves when they are ready to go. */
  farewell(logout: Logout): Promise<void>;
  opened: OpenedWindows;
  later(callback: () => void, milliseconds: number): () => void;
  changed(): void;
}

/** Starts from what the worker, or the browser, before has left. */
export async function startLogouts({ opened, ...neighbours }: LogoutNeighbours): Promise<Logouts> {
  const [memory, rules] = await Promise.all([loadMemory(), DenyGuard.load()]);
  const later: LogoutNeighbours['later'] = (callback, milliseconds) => neighbours.later(callback, milliseconds);
  const lateAnswers = new LateAnswers(later);
  return new Logouts(memory, {
    ...neighbours,
    rules,
    save: saveMemory,
    fetch: fetchLogout,
    // The origin's requests are blocked from before this until after it.
    clear: async (origin) => {
      lateAnswers.blocked(origin);
      await clearOrigin(origin, later);
      lateAnswers.letIn(origin);
    },
    discardTabs: (origin) => discardTabs(origin, opened),
    navigateTabs: ({ origin, reason, page }) => navigateTabs(origin, reason, page, opened),
    closeTabs: ({ origin, reason }) => closeTabs(origin, reason, opened),
    reloadBlocked,
  });
}

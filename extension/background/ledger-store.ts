// Keeps the ledger in chrome.storage.session: in memory, readable by the extension's own pages only, gone with the browser.
import * as z from 'zod';
import { logoutReasons } from '../../shared/logout.ts';
import { emptyLedger, type Ledger } from './presence.ts';

const storageKey = 'ledger';

const count = z.int().min(0);
const ledgerSchema = z.strictObject({
  sequence: count.exactOptional(),
  stays: z.array(z.strictObject({ key: z.string(), reader: z.string(), origins: z.array(z.string()) })),
  notices: z.record(
    z.string(),
    z.strictObject({
      cardremoved: count.exactOptional(),
      cardinserted: count.exactOptional(),
      loggedout: count.exactOptional(),
      reason: z.enum(logoutReasons).exactOptional(),
    }),
  ),
  loggedOut: z.array(z.string()),
  pulled: z.boolean(),
});

/** The ledger of the worker before this one, or an empty one. */
export async function loadLedger(): Promise<Ledger> {
  const stored = (await chrome.storage.session.get(storageKey))[storageKey];
  const parsed = ledgerSchema.safeParse(stored);
  return parsed.success ? parsed.data : emptyLedger;
}

/** Keeps it. A failed write costs no more than a missed or a doubled notice after a crash of the worker. */
export async function saveLedger(ledger: Ledger): Promise<void> {
  await chrome.storage.session.set({ [storageKey]: ledger }).catch(() => undefined);
}

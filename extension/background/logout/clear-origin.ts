// Clears what one origin has in the browser. Measured with Chromium 156: without cookies, browsingData keeps to the origin
// itself; with them it takes the cookies of every site of the registrable domain, which is why cookies.ts does that part.
import { clearCookies } from './cookies.ts';

const storage = {
  cacheStorage: true,
  fileSystems: true,
  indexedDB: true,
  localStorage: true, // takes sessionStorage along
  serviceWorkers: true,
} as const;

/** Also drops pages from the back/forward cache and prerendered ones. */
const cache = { cache: true } as const;

/**
 * Milliseconds until nothing of an ended document writes any more. Nobody tells when its process is gone: a shared worker in it,
 * which no removal ends, was last heard of 20 to 60 ms after the document's end, 110 ms on a machine with six times too much to do.
 */
export const lastWrites = 250;

/** Resolves when cookies, storage and cache of the origin are empty. @throws when they are not */
export async function clearOrigin(
  origin: string,
  later: (callback: () => void, milliseconds: number) => void,
): Promise<void> {
  await clearOnce(origin); // ends service workers
  await new Promise<void>((resolve) => later(resolve, lastWrites));
  // What was written meanwhile, and a cookie of an answer that was on its way when the rules came.
  await clearOnce(origin);
}

async function clearOnce(origin: string): Promise<void> {
  await Promise.all([clearCookies(new URL(origin).hostname), remove(origin, { ...storage, ...cache })]);
}

/** Storage and workers without cookies and cache. */
export function clearStorage(origin: string): Promise<void> {
  return remove(origin, storage);
}

/** Cache alone. */
export function clearCache(origin: string): Promise<void> {
  return remove(origin, cache);
}

function remove(origin: string, types: chrome.browsingData.DataTypeSet): Promise<void> {
  return chrome.browsingData.remove({ origins: [origin] }, types);
}

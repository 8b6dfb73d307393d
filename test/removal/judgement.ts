// What is found out after a round: at the servers, in the browsers' cookie jars and in their tabs. Says what is wrong, in words;
// an empty list is a round as it should be.
import { setTimeout as wait } from 'node:timers/promises';
import { type BrowserProfile } from './browser-profile.ts';
import { type RemovalWorld } from './removal-world.ts';
import { doubledIn, isLive, type SeenSession } from './site-record.ts';

/** Pause between two looks, in milliseconds. */
const look = 50;

/**
 * What is left of `sessions` when everything should be over: looked at until nothing is, for so many milliseconds. A browser
 * that is closed keeps its part for when it is open again.
 */
export async function leftAfter(
  world: RemovalWorld,
  sessions: readonly SeenSession[],
  milliseconds: number,
): Promise<string[]> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = await leftNow(world, sessions);
    if (left.length === 0 || Date.now() > deadline) return left;
    await wait(look);
  }
}

async function leftNow(world: RemovalWorld, sessions: readonly SeenSession[]): Promise<string[]> {
  const alive = sessions.filter((session) => isLive(session)).map(({ number, site }) => `session ${number} at ${site}`);
  if (alive.length > 0) return alive;
  const found = await Promise.all(world.profiles.map((profile, index) => leftIn(world, profile, index + 1, sessions)));
  return found.flat();
}

async function leftIn(
  { origins }: RemovalWorld,
  profile: BrowserProfile,
  number: number,
  sessions: readonly SeenSession[],
): Promise<string[]> {
  const [session] = sessions;
  if (!profile.isOpen || session === undefined) return [];
  const [cookies, showing] = await Promise.all([profile.cookies(), profile.showing(session.name, origins)]);
  // Whoever has only looked at a login page has a cookie there too, which names nobody.
  const kept = sessions.filter((one) => cookies.includes(one.cookie) || cookies.includes(String(one.number)));
  return [
    ...kept.map((one) => `the cookie of session ${one.number} at ${one.site} in profile ${number}`),
    ...showing.map((url) => `${url} in a tab of profile ${number}`),
  ];
}

/** What was done twice to any of these, in words. */
export function doubledOf(sessions: readonly SeenSession[]): string[] {
  return sessions.flatMap((session) => doubledIn(session) ?? []);
}

/** Sessions of which no page was told that they are over, in words. */
export function unheardOf(sessions: readonly SeenSession[]): string[] {
  return sessions
    .filter(({ heard }) => heard.length === 0)
    .map(({ number, site }) => `no page of session ${number} at ${site} was told`);
}

/** What of `earlier` was told to the sites since `at`, in words. */
export function carriedOver(
  { record }: Pick<RemovalWorld, 'record'>,
  earlier: readonly SeenSession[],
  at: number,
): string[] {
  return record
    .carrying(earlier, at)
    .map(({ site, path, carried }) => `${path} at ${site} carried session ${carried.join(' and ')}`);
}

/** Sessions that should be open and are not, or whose pages were told otherwise, in words. */
export function falselyEnded(sessions: readonly SeenSession[]): string[] {
  return sessions.flatMap(({ number, site, ends, heard }) => [
    ...ends.map(({ reason }) => `session ${number} at ${site} was ended (${reason})`),
    ...heard.map(({ reason }) => `a page of session ${number} at ${site} was told (${reason})`),
  ]);
}

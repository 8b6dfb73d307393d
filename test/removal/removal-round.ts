// One removal from beginning to end: Anna comes and logs in at three places, the card leaves, the servers and browsers are asked
// what is left of her, a colleague comes and must meet nothing of hers, and leaves in turn.
import { setTimeout as wait } from 'node:timers/promises';
import { type CardName } from '../../demo/demo-cards.ts';
import { carriedOver, doubledOf, falselyEnded, leftAfter, unheardOf } from './judgement.ts';
import { type Random } from './random.ts';
import { type Removal, removals, type RemovalName } from './removals.ts';
import { nameOf, type RemovalWorld } from './removal-world.ts';
import { isLive, type SeenSession } from './site-record.ts';

export interface RoundReport {
  readonly missed: readonly string[];
  readonly doubled: readonly string[];
}

/** How long after the card has left everything may take, in milliseconds; with the network down the agent's pauses grow. */
const patience = { usual: 15_000, offline: 30_000 };
/** How long the colleague is watched: what is repeated would end his sessions. */
const watch = 300;

/** Plays the round. @throws Error when a login fails that must not: the round then tells nothing */
export async function playRemoval(world: RemovalWorld, name: RemovalName, random: Random): Promise<RoundReport> {
  const removal: Removal = removals[name];
  const { card, harness, profiles, record } = world;
  const from = record.sessions.length;
  const second = random.pick(['journal', 'recept'] as const);
  await begin(world);
  await world.insert('anna', removal.signature);
  await world.mustLogIn(profiles[0], 'journal', 'anna');
  await world.mustLogIn(profiles[0], 'recept', 'anna');
  await world.mustLogIn(profiles[1], second, 'anna');

  await removal.leave({ world, random, second, free: second === 'journal' ? 'recept' : 'journal' });
  const missed: string[] = [];
  const hers = () => record.sessions.slice(from).filter((session) => session.name === nameOf('anna'));
  const limit = name.startsWith('network') ? patience.offline : patience.usual;
  // A login of the next one is what shows a change that no event has told of.
  if (removal.unseen === true) await world.logIn(profiles[0], 'labb', 'bertil');
  missed.push(...(await leftAfter(world, hers(), limit)));

  if (removal.after === 'anna') await card.remove();
  const at = Date.now();
  if (removal.after !== 'bertil') await world.insert('bertil');
  const his = await colleagueLogsIn(world, second);
  missed.push(...carriedOver(world, hers(), at));
  await wait(watch);
  missed.push(...unheardOf(hearing(hers(), removal)));
  missed.push(...falselyEnded(his).map((what) => `the colleague's ${what}`));
  const doubled = doubledOf(hers());

  await card.remove();
  missed.push(...(await leftAfter(world, his, patience.usual)).map((what) => `the colleague's ${what}`));
  doubled.push(...doubledOf(his));
  harness.pinentry.reset();
  return { missed, doubled };
}

/** Those whose pages are there to hear. The first two are in the first profile, in the order of the logins. */
function hearing(sessions: readonly SeenSession[], { deaf }: Removal): readonly SeenSession[] {
  if (deaf === 'anywhere') return [];
  return deaf === 'second profile' ? sessions.slice(0, 2) : sessions.slice(0, 3);
}

/** No card, no tabs, no dialog: as people find it. */
async function begin({ card, harness, profiles }: RemovalWorld): Promise<void> {
  await card.remove();
  harness.pinentry.reset();
  await Promise.all(profiles.map((profile) => profile.closeTabs()));
}

/** His logins, in both browsers; he is asked for his PIN. */
async function colleagueLogsIn(world: RemovalWorld, second: 'journal' | 'recept'): Promise<SeenSession[]> {
  const { record, profiles } = world;
  const card: CardName = 'bertil';
  const from = record.sessions.length;
  await world.mustLogIn(profiles[0], 'journal', card);
  await world.mustLogIn(profiles[1], second, card);
  return record.sessions.slice(from).filter((session) => isLive(session) || session.ends.length > 0);
}

// What a removal costs on the virtual card, pcscd's own look every 400 ms included: from the agent's decision to the page, from
// the pull to the server, from one person to the next. And a tenth of the long run, whose figures are to be 0.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../demo/demo-agent.ts';
import { leftAfter } from '../removal/judgement.ts';
import { Random } from '../removal/random.ts';
import { startRemovalWorld, type RemovalWorld } from '../removal/removal-world.ts';
import { dealt, run } from '../removal/run.ts';
import { isLive, type SeenSession } from '../removal/site-record.ts';
import { percentile, type Figures } from './figures.ts';

const rounds = 40;
const removals = 20;
const disturbances = 50;
/** Undisturbed: also by the login just before. */
const rest = 700;

/** Adds removal.*. Needs root and the card stack. */
export async function benchRemoval(figures: Figures): Promise<void> {
  const world = await startRemovalWorld('idprime');
  try {
    const times: Times = { events: [], servers: [], changes: [] };
    for (let round = 0; round < rounds; round++) await timeRound(world, times);
    figures.set('removal.event_p99_ms', percentile(times.events, 0.99));
    figures.set('removal.event_p50_ms', percentile(times.events, 0.5));
    figures.set('removal.server_p99_ms', percentile(times.servers, 0.99));
    figures.set('removal.server_p50_ms', percentile(times.servers, 0.5));
    figures.set('removal.person_change_ms', percentile(times.changes, 0.5));
    figures.set('removal.person_change_worst_ms', Math.max(...times.changes));
    const random = new Random(Date.now());
    const result = await run(world, { ...dealt(random, removals, disturbances), say: () => undefined });
    for (const wrong of result.wrong) process.stdout.write(`${wrong}\n`);
    figures.set('removal.missed', result.missed);
    figures.set('removal.doubled', result.doubled);
    figures.set('removal.false', result.false);
  } finally {
    await world.stop();
  }
}

/** In milliseconds. */
interface Times {
  readonly events: number[];
  readonly servers: number[];
  readonly changes: number[];
}

/** Anna at three places; her card is pulled, Bertil's put in at once, and he logs in where she was. */
async function timeRound(world: RemovalWorld, times: Times): Promise<void> {
  const { card, harness, profiles, record } = world;
  await card.remove();
  harness.pinentry.reset();
  await Promise.all(profiles.map((profile) => profile.closeTabs()));
  await world.insert('anna');
  const from = record.sessions.length;
  await world.mustLogIn(profiles[1], 'journal', 'anna');
  await world.mustLogIn(profiles[0], 'recept', 'anna');
  await world.mustLogIn(profiles[0], 'journal', 'anna');
  const hers = record.sessions.slice(from);
  await wait(rest);
  const pulled = Date.now();
  // Half a second goes by before the reader takes the next card: nobody is faster.
  await card.swap('bertil');
  await world.mustLogIn(profiles[0], 'journal', 'bertil');
  times.changes.push(Date.now() - pulled);
  await until(() => !hers.some((session) => isLive(session)), 15_000, 'her sessions live on');
  times.servers.push(...hers.map(({ ends: [end] }) => (end?.at ?? Number.NaN) - pulled));
  times.events.push(...eventTimes(world, hers, pulled));
  await leftAfter(world, hers, 15_000);
}

/** From the agent's word in its log to the page's event, by the one clock of this machine; one for each page that was told. */
function eventTimes(world: RemovalWorld, hers: readonly SeenSession[], pulled: number): number[] {
  const decisions = world
    .audit()
    .filter(({ event, time }) => event === 'logout-due' && Date.parse(time) >= pulled)
    .map(({ time }) => Date.parse(time));
  const decided = Math.min(...decisions);
  return hers.flatMap(({ heard }) => heard.map(({ at }) => at - decided));
}

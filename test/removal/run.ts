// The long run: removals and disturbances in an order of chance, a line for each, and what all of it comes to.
import { setTimeout as wait } from 'node:timers/promises';
import { falselyEnded } from './judgement.ts';
import { disturb, disturbanceNames, type DisturbanceName } from './disturbances.ts';
import { type Random } from './random.ts';
import { playRemoval } from './removal-round.ts';
import { removalNames, type RemovalName } from './removals.ts';
import { type RemovalWorld } from './removal-world.ts';

export interface RunOptions {
  readonly removals: readonly RemovalName[];
  readonly disturbances: readonly DisturbanceName[];
  readonly random: Random;
  /** Hears of each round as it ends. */
  readonly say: (line: string) => void;
}

export interface RunResult {
  readonly removals: number;
  /** Rounds after which something was left; a round that could not be played to its end counts as well. */
  readonly missed: number;
  /** Rounds in which something was done twice. */
  readonly doubled: number;
  readonly disturbances: number;
  /** Disturbances by which somebody was logged out. */
  readonly false: number;
  /** What went wrong, in words. */
  readonly wrong: readonly string[];
}

/** Longer than anything takes that may still end a session, in milliseconds: a card that cannot be told, one that is mute. */
const aftermath = 5_000;

/** So many of each, in an order of chance. */
export function dealt(random: Random, removals: number, disturbances: number): Omit<RunOptions, 'say'> {
  return {
    random,
    removals: [...random.deal(removalNames, removals)],
    disturbances: [...random.deal(disturbanceNames, disturbances)],
  };
}

/** Plays all of it. */
export async function run(world: RemovalWorld, options: RunOptions): Promise<RunResult> {
  const removals = await playRemovals(world, options);
  const disturbances = await playDisturbances(world, options);
  return {
    removals: options.removals.length,
    disturbances: options.disturbances.length,
    missed: removals.missed,
    doubled: removals.doubled,
    false: disturbances.false,
    wrong: [...removals.wrong, ...disturbances.wrong],
  };
}

/** The result's last line. */
export function summary(result: RunResult): string {
  return (
    `removals ${result.removals} missed ${result.missed} doubled ${result.doubled}; ` +
    `disturbances ${result.disturbances} false ${result.false}`
  );
}

async function playRemovals(world: RemovalWorld, { removals, random, say }: RunOptions) {
  const result = { missed: 0, doubled: 0, wrong: [] as string[] };
  let number = 0;
  for (const name of removals) {
    const started = performance.now();
    const { missed, doubled } = await playRemoval(world, name, random).catch((error: unknown) => ({
      missed: [`not played to its end: ${error instanceof Error ? error.message : String(error)}`],
      doubled: [],
    }));
    if (missed.length > 0) result.missed += 1;
    if (doubled.length > 0) result.doubled += 1;
    const words = [...missed.map((what) => `MISSED ${what}`), ...doubled.map((what) => `DOUBLED ${what}`)];
    const line = `removal ${(number += 1)} (${name}): ${words.join('; ') || 'ok'}, ${seconds(started)}`;
    if (words.length > 0) result.wrong.push(line);
    say(line);
  }
  return result;
}

async function playDisturbances(world: RemovalWorld, { disturbances, random, say }: RunOptions) {
  const result = { false: 0, wrong: [] as string[] };
  const { record } = world;
  let number = 0;
  let from = record.sessions.length;
  const note = (name: string, words: readonly string[], started: number) => {
    const line = `disturbance ${number} (${name}): ${words.join('; ') || 'ok'}, ${seconds(started)}`;
    say(line);
    if (words.length === 0) return;
    result.false += 1;
    result.wrong.push(line);
  };
  const judge = () => falselyEnded(record.sessions.slice(from)).map((what) => `FALSE ${what}`);
  for (const name of disturbances) {
    number += 1;
    const started = performance.now();
    if (number === 1 || judge().length > 0) from = await settleIn(world);
    try {
      const what = await disturb(world, name, random);
      await useCard(world);
      note(what, judge(), started);
    } catch (error) {
      note(name, [`not played to its end: ${String(error)}`, ...judge()], started);
    }
  }
  if (number === 0) return result;
  const started = performance.now();
  const before = judge().length;
  await wait(aftermath);
  note('what comes after', judge().slice(before), started);
  await world.card.remove();
  return result;
}

/** Anna sits down at an empty desk and logs in. How many sessions there were before hers. */
async function settleIn(world: RemovalWorld): Promise<number> {
  const { card, harness, profiles, record } = world;
  await card.remove();
  await Promise.all(profiles.map((profile) => profile.closeTabs()));
  harness.pinentry.reset();
  await world.insert('anna');
  const from = record.sessions.length;
  await world.mustLogIn(profiles[0], 'journal', 'anna');
  await world.mustLogIn(profiles[0], 'recept', 'anna');
  await world.mustLogIn(profiles[1], 'journal', 'anna');
  return from;
}

/** Tries that she takes before she calls the help desk. */
const attempts = 6;

/** She uses her card once more, and gives her PIN again where that is asked. @throws Error when it does not work any more */
async function useCard(world: RemovalWorld): Promise<void> {
  const codes: string[] = [];
  while (codes.length < attempts) {
    const outcome = await world.logIn(world.profiles[1], 'labb', 'anna');
    if ('name' in outcome) return;
    codes.push(outcome.code);
    await wait(300);
  }
  throw new Error(`she cannot log in any more: ${codes.join(', ')}`);
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

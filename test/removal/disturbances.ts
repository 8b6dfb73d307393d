// What happens at a desk and is no removal: nobody may be logged out by it. PIN-SSO may end, and the holder be asked again.
import { setTimeout as wait } from 'node:timers/promises';
import { type Random } from './random.ts';
import { type RemovalWorld } from './removal-world.ts';

export interface Disturbance {
  readonly happen: (world: RemovalWorld, random: Random) => Promise<void>;
  /** What it touches: two at once touch different things. */
  readonly at: 'card' | 'agent' | 'other reader' | 'service';
}

export const disturbances = {
  'other card in and out elsewhere': {
    at: 'other reader',
    happen: async ({ card }, random) => {
      await card.insertElsewhere('bertil');
      await wait(random.between(0, 600));
      await card.removeElsewhere();
    },
  },

  'events in the other reader': {
    at: 'other reader',
    happen: async ({ card }, random) => {
      await card.insertElsewhere('cecilia');
      await card.resetByOther(true);
      await card.mute(random.between(50, 1_500), true);
      await card.removeElsewhere();
    },
  },

  'card reset by another program': {
    at: 'card',
    happen: ({ card }) => card.resetByOther(),
  },

  'agent killed': {
    at: 'agent',
    happen: async (world) => {
      const agent = world.agentProcess;
      process.kill(agent, 'SIGKILL');
      await world.expectNewAgent(agent);
    },
  },

  'agent ended and started': {
    at: 'agent',
    happen: async (world) => {
      const agent = world.agentProcess;
      await world.harness.agent.stop();
      await world.expectNewAgent(agent);
    },
  },

  'service away for a while': {
    at: 'service',
    happen: async ({ card }, random) => {
      await card.stopService();
      await wait(random.between(0, 1_500));
      await card.startService();
    },
  },

  'errors of the card': {
    at: 'card',
    happen: async (world) => {
      await world.card.failAWhile();
      // What is asked of it now fails, and it is read anew.
      await world.logIn(world.profiles[1], 'labb', 'anna');
    },
  },

  'errors while the card is read again': {
    at: 'card',
    happen: async (world) => {
      await world.card.failAWhile();
      await world.forgetPin();
    },
  },

  'contact glitch of 300 ms': {
    at: 'card',
    happen: ({ card }) => card.mute(300),
  },
} as const satisfies Record<string, Disturbance>;

export type SingleName = keyof typeof disturbances;
export type DisturbanceName = SingleName | 'two at once';
export const disturbanceNames: readonly DisturbanceName[] = [
  ...(Object.keys(disturbances) as SingleName[]),
  'two at once',
];

/** Lets it happen; says what it was, for the run's log. */
export async function disturb(world: RemovalWorld, name: DisturbanceName, random: Random): Promise<string> {
  if (name !== 'two at once') {
    await disturbances[name].happen(world, random);
    return name;
  }
  const [first, second] = twoApart(random);
  await Promise.all([disturbances[first].happen(world, random), disturbances[second].happen(world, random)]);
  return `${name}: ${first}, ${second}`;
}

/** A stopped service can do nothing to a card: the two touch different things, and service and cards never go together. */
function twoApart(random: Random): [SingleName, SingleName] {
  const [first = 'agent killed', ...others] = random.shuffled(Object.keys(disturbances) as SingleName[]);
  const needsService = (name: SingleName) => ['card', 'other reader'].includes(disturbances[name].at);
  const second = others.find(
    (name) =>
      disturbances[name].at !== disturbances[first].at &&
      !(disturbances[name].at === 'service' && needsService(first)) &&
      !(disturbances[first].at === 'service' && needsService(name)),
  );
  return [first, second ?? 'agent killed'];
}

// What may be going on when a card is pulled: each condition is set up, the card leaves, and what must be left as it was is
// mended. All that is Anna's must then be gone, whatever the condition.
import { setTimeout as wait } from 'node:timers/promises';
import { type BrowserProfile } from './browser-profile.ts';
import { type Random } from './random.ts';
import { type RemovalWorld, type SiteName } from './removal-world.ts';

/** Where a round stands when the card is to leave: Anna is logged in at `journal` and `recept` in the first profile, at `other` in the second. */
export interface Scene {
  readonly world: RemovalWorld;
  readonly random: Random;
  /** Where she is logged in in the second profile, and where she is not. */
  readonly second: Extract<SiteName, 'journal' | 'recept'>;
  readonly free: Extract<SiteName, 'journal' | 'recept'>;
}

export interface Removal {
  /** The card leaves, in these circumstances. Settles when nothing but the logout itself is going on any more. */
  readonly leave: (scene: Scene) => Promise<void>;
  /** Who is in the reader afterwards. */
  readonly after?: 'anna' | 'bertil';
  /** Nobody but the next login can notice this one. */
  readonly unseen?: true;
  /** How long her card takes for a signature, in milliseconds. */
  readonly signature?: number;
  /** Where a page may be gone, asleep or cut off when there is something to hear. */
  readonly deaf?: 'second profile' | 'anywhere';
}

const signals = { stop: 'SIGSTOP', go: 'SIGCONT', kill: 'SIGKILL' } as const;

/** Milliseconds. */
const slowSignature = 900;

export const removals = {
  plain: { leave: ({ world }) => world.card.pull() },

  'worker killed': {
    leave: async ({ world, random }) => {
      for (const profile of world.profiles) process.kill(profile.extensionProcess(), signals.kill);
      await wait(random.between(0, 300));
      await world.card.pull();
    },
  },

  'worker asleep': {
    leave: async ({ world, random }) => {
      const workers = world.profiles.map((profile) => profile.extensionProcess());
      for (const worker of workers) process.kill(worker, signals.stop);
      await world.card.pull();
      await wait(random.between(500, 3_000));
      for (const worker of workers) process.kill(worker, signals.go);
    },
  },

  'tab in the background': {
    leave: async ({ world }) => {
      for (const { context } of world.profiles) {
        const page = await context.newPage();
        await page.goto('data:text/html,somewhere else');
      }
      await world.card.pull();
    },
  },

  'tab frozen': {
    leave: async ({ world, random }) => {
      const profile = random.pick(world.profiles);
      for (const page of profile.context.pages()) {
        const session = await profile.context.newCDPSession(page);
        await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      }
      await world.card.pull();
    },
    deaf: 'anywhere',
  },

  'PIN dialog open at another site': {
    leave: async ({ world }) => {
      await world.forgetPin();
      await openDialog(world, 'labb');
      await world.card.pull();
    },
  },

  'question open at another site': {
    leave: async ({ world }) => {
      await openDialog(world, 'labb');
      await world.card.pull();
    },
  },

  'signature in flight': {
    leave: async ({ world, random, free }) => {
      await world.card.slowNextSignature(slowSignature);
      const { outcome } = await world.press(world.profiles[1], free);
      await wait(random.between(100, slowSignature));
      await world.card.pull();
      await outcome;
    },
    signature: slowSignature,
  },

  'browser closed before, opened after': {
    leave: async ({ world, random }) => {
      await world.profiles[1].close();
      await world.card.pull();
      await wait(random.between(0, 1_500));
      await world.profiles[1].open(true);
    },
    deaf: 'second profile',
  },

  'browser killed before, restored after': {
    leave: async ({ world, random }) => {
      await world.profiles[1].kill();
      await world.card.pull();
      await wait(random.between(0, 1_500));
      await world.profiles[1].open(true);
    },
    deaf: 'second profile',
  },

  'browser killed right after': {
    leave: async ({ world, random }) => {
      await world.card.pull();
      await wait(random.between(0, 800));
      await world.profiles[1].kill();
      await world.profiles[1].open(true);
    },
    deaf: 'second profile',
  },

  'agent killed right before': {
    leave: async ({ world }) => {
      const agent = world.agentProcess;
      process.kill(agent, signals.kill);
      await world.card.pull();
      await world.expectNewAgent(agent);
    },
  },

  'agent killed right after': {
    leave: async ({ world, random }) => {
      const agent = world.agentProcess;
      await world.card.pull();
      await wait(random.between(0, 1_000));
      process.kill(agent, signals.kill);
      await world.expectNewAgent(agent);
    },
  },

  'network to a site down for 5 s': {
    leave: async ({ world, random }) => {
      const site = world.sites[random.pick(['journal', 'recept'] as const)];
      await site.cutOff();
      await world.card.pull();
      await wait(5_000);
      await site.comeBack();
    },
    deaf: 'anywhere',
  },

  'same card in again': {
    leave: async ({ world, random }) => {
      await world.card.remove();
      await wait(random.between(1_000, 2_000));
      await world.insert('anna');
    },
    after: 'anna',
  },

  'another card in at once': {
    leave: ({ world }) => world.card.swap('bertil'),
    after: 'bertil',
  },

  'another card within one look': {
    leave: ({ world }) => world.card.swapWithinOneLook('bertil'),
    after: 'bertil',
    unseen: true,
  },

  'another card, unseen': {
    leave: ({ world }) => world.card.swapUnseen('bertil'),
    after: 'bertil',
    unseen: true,
  },
} as const satisfies Record<string, Removal>;

export type RemovalName = keyof typeof removals;
export const removalNames = Object.keys(removals) as RemovalName[];

/** A dialog that nobody answers: the agent closes it when the card leaves. */
async function openDialog(
  world: RemovalWorld,
  site: SiteName,
  profile: BrowserProfile = world.profiles[0],
): Promise<void> {
  await world.press(profile, site);
  await world.harness.pinentry.waitForDialog();
}

// Any sequence of logins, removals, restarts and slow browsers: nothing lost, nothing doubled, nobody logged out by mistake.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type HolderIdentity } from '../../../agent/cards/holder-presence.ts';
import { anna, bertil } from '../cards/presence-world.ts';
import { doubtful, journal, LogoutsWorld, prescriptions, present, pulled, registration } from './logouts-world.ts';

type Event =
  | { kind: 'enter'; holder: HolderIdentity; profile: string; origin: string }
  | { kind: 'pull' | 'return' | 'doubt'; holder: HolderIdentity }
  | { kind: 'told' | 'done' | 'close' | 'open'; profile: string }
  | { kind: 'answer' | 'restart' | 'hurry' | 'pause' };

const holder = fc.constantFrom(anna, bertil);
const profile = fc.constantFrom('p', 'q');
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant('enter' as const),
    holder,
    profile,
    origin: fc.constantFrom(journal, prescriptions),
  }),
  fc.record({ kind: fc.constantFrom('pull' as const, 'return' as const, 'doubt' as const), holder }),
  fc.record({ kind: fc.constantFrom('told' as const, 'done' as const, 'close' as const, 'open' as const), profile }),
  fc.record({ kind: fc.constantFrom('answer' as const, 'restart' as const, 'hurry' as const, 'pause' as const) }),
);

/** Plays a sequence and keeps the books that the agent is held to. */
class Story {
  readonly world = new LogoutsWorld();
  #logins = 0;
  /** By token: whose session it is, and where. */
  readonly sessions = new Map<string, { holder: HolderIdentity; profile: string; origin: string }>();
  /** Sessions whose holder has left, or whose place in the browser another has taken. */
  readonly ended = new Set<string>();

  constructor() {
    for (const name of ['p', 'q']) this.world.browser(name);
    for (const { card } of [anna, bertil]) this.world.presences.set(card, present);
  }

  play(next: Event): void {
    const { world } = this;
    switch (next.kind) {
      case 'enter':
        this.#enter(next);
        break;
      case 'pull':
        for (const [token, session] of this.sessions) if (session.holder === next.holder) this.ended.add(token);
        world.becomes(next.holder, pulled);
        break;
      case 'return':
        world.becomes(next.holder, present);
        break;
      case 'doubt':
        if (world.presences.get(next.holder.card)?.state === 'present')
          world.becomes(next.holder, doubtful('service', world.clock.now()));
        break;
      case 'told':
      case 'done':
        if (world.browser(next.profile).isConnected) world.carryOut(next.profile, next.kind);
        break;
      case 'close':
      case 'open': {
        const browser = world.browser(next.profile);
        browser.isConnected = next.kind === 'open';
        if (browser.isConnected) browser.receive(world.logouts.message(next.profile));
        break;
      }
      case 'answer':
        for (const token of this.delivered) world.answer(token);
        break;
      case 'restart':
        world.restart();
        break;
      case 'hurry':
        world.logouts.hurry();
        break;
      case 'pause':
        world.clock.advance(10_000);
    }
  }

  /** As authenticate does: whoever is there, at a site that has been cleared, in a browser that is connected. */
  #enter({ holder: who, profile: where, origin }: Extract<Event, { kind: 'enter' }>): void {
    const { world } = this;
    const isBarred = world.logouts.message(where).owed.some((visit) => !visit.cleared && visit.origin === origin);
    if (isBarred || !world.browser(where).isConnected || world.presences.get(who.card)?.state !== 'present') return;
    for (const [token, session] of this.sessions) {
      if (session.holder !== who && session.profile === where && session.origin === origin) this.ended.add(token);
    }
    const token = `t${++this.#logins}`;
    this.sessions.set(token, { holder: who, profile: where, origin });
    world.enter(who, { profile: where, origin, registration: registration(token, { url: `${origin}/out` }) });
  }

  get delivered(): string[] {
    return [...new Set(this.world.done('deliver').map((deed) => deed.split(' ')[0] ?? ''))];
  }

  check(): void {
    for (const token of this.delivered) assert.ok(this.ended.has(token), `${token} was ended by mistake`);
    for (const [name, { orders }] of this.world.browsers) {
      assert.deepEqual(
        orders.filter((order) => order.startsWith('lost')),
        [],
        `${name} found something lost`,
      );
    }
  }

  /** Everybody leaves, and everything that is owed is done. */
  end(): void {
    const { world } = this;
    for (const who of [anna, bertil]) this.play({ kind: 'pull', holder: who });
    for (const name of ['p', 'q']) {
      this.play({ kind: 'open', profile: name });
      this.play({ kind: 'done', profile: name });
    }
    world.clock.advance(10_000);
    this.play({ kind: 'answer' });
    this.check();
    assert.deepEqual(this.delivered.sort(), [...this.sessions.keys()].sort());
    assert.deepEqual([world.onDisk, world.clock.pending], [[], 0]);
    for (const { last, due } of world.browsers.values()) assert.deepEqual([last.open, last.owed, due], [[], [], []]);
  }
}

describe('Whatever happens, and in whichever order', () => {
  it('every session is ended once its holder has left, and none before', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const story = new Story();
        for (const next of events) {
          story.play(next);
          story.check();
        }
        story.end();
      }),
      { numRuns: 300 },
    );
  });

  it('nobody is logged out whose card is there', () => {
    const harmless = event.filter(({ kind }) => kind !== 'pull');
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 60 }), (events) => {
        const story = new Story();
        for (const next of events) story.play(next);
        for (const { orders } of story.world.browsers.values()) assert.deepEqual(orders, []);
        story.check();
      }),
      { numRuns: 300 },
    );
  });
});

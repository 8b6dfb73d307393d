// The parts of logging out put together, from pictures of readers to what browsers are told, over the agent's own end.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent } from '../../agent/audit/audit-event.ts';
import { CardTable, type CardSource } from '../../agent/cards/card-table.ts';
import { seenToken } from '../../agent/cards/holder-identity.ts';
import { bundledAuthorities, TrustStore } from '../../agent/network/trust-store.ts';
import { startLoggingOut, type LoggingOut } from '../../agent/logging-out.ts';
import { type SessionUse } from '../../agent/session-use.ts';
import { policySchema, type Policy } from '../../shared/policy.ts';
import { type AgentMessage } from '../../shared/messages.ts';
import { type TokenDescription } from '../../agent/tokens/token.ts';
import { FakeBackend, description, gate } from './fake-backend.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { noService, picture } from './reader-pictures.ts';

const site = 'https://journal.example.se';
const certificate = (byte: number) => ({ id: '45', label: 'Legitimering', der: Uint8Array.of(byte) });
const cardOf = (name: string, ...bytes: number[]) => [
  description({ handle: name, serialNumber: name, certificates: bytes.map(certificate) }),
];

/** One life of the agent over a directory that outlives it. */
class Life {
  readonly clock = new FakeClock();
  readonly driver = new FakeBackend();
  readonly source: CardSource = { name: 'pcsc', backends: [this.driver] };
  readonly cards: CardTable = new CardTable(this.clock, () => this.parts.look());
  readonly log: AuditEvent[] = [];
  readonly announced: string[] = [];
  readonly sent: AgentMessage[] = [];
  session: SessionUse = 'active';
  policy: Policy = policySchema.parse({});
  readonly parts: LoggingOut;

  constructor(directory: string) {
    this.driver.cards.set('A', cardOf('anna', 1));
    this.driver.cards.set('B', cardOf('bertil', 2));
    this.parts = startLoggingOut({
      clock: this.clock,
      directory,
      cards: this.cards,
      session: () => this.session,
      policy: () => this.policy,
      announcer: { announce: (name, sites) => this.announced.push([name, ...sites].join(' ')) },
      audit: (event) => this.log.push(event),
      systemProxy: () => undefined,
      lockWorkstation: () => Promise.resolve(false),
      trust: new TrustStore({ system: bundledAuthorities(), unreadable: () => undefined }),
    });
    this.parts.start({ profiles: new Set(['p']), send: (_profile, message) => this.sent.push(message) });
  }

  async show(...readers: Parameters<typeof picture>): Promise<void> {
    this.cards.update(this.source, picture(...readers));
    await settle();
  }

  /** The holder of the card in `reader` logs in. */
  enter(reader = 'A', origin = site): void {
    const token = this.cards.tokens.find((one) => one.reader === reader);
    assert.ok(token);
    const {
      names: [card = ''],
      certificates: [used = '', ...beside],
    } = seenToken(token);
    const holder = { card, certificate: used, beside };
    this.parts.holders.supersede(holder);
    this.parts.holders.entered(holder, origin, token);
    this.parts.logouts.enter({ holder, reader, profile: 'p', origin });
  }

  get owed(): string[] {
    return this.parts.logouts.message('p').owed.map(({ reason }) => reason);
  }

  get open(): number {
    return this.parts.logouts.message('p').open.length;
  }
}

describe('Logging out', () => {
  let directory: string;
  let life: Life;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-logging-out-'));
    life = new Life(directory);
    await life.show({ A: ['present', 1], B: ['empty', 0] });
    life.enter();
  });
  afterEach(async () => {
    await life.parts.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Killed, or ended: the next agent has the place. */
  async function nextLife(): Promise<Life> {
    await life.parts.stop();
    life = new Life(directory);
    return life;
  }

  it('follows the card at once, and says so to the pages', async () => {
    await life.show({ A: ['empty', 2], B: ['empty', 0] });
    assert.deepEqual([life.owed, life.announced], [['card-removed'], [`card-removed ${site}`]]);
  });

  /** Shows the card so at the next reading, and as it is afterwards. */
  function readsOnce(driver: FakeBackend, tokens: TokenDescription[]): void {
    driver.bindInstead = () => {
      driver.bindInstead = undefined;
      return Promise.resolve(tokens);
    };
  }

  const disturbances: [string, (life: Life) => Promise<void>][] = [
    [
      'the service is restarted',
      async ({ cards, source }) => {
        cards.update(source, noService());
        await settle();
      },
    ],
    ['the reader is pulled with the card', (now) => now.show({ B: ['empty', 0] })],
    ['the contact is lost for a moment', (now) => now.show({ A: ['mute', 1], B: ['empty', 0] })],
    [
      'another card comes and goes',
      async (now) => {
        await now.show({ A: ['present', 1], B: ['present', 1] });
        await now.show({ A: ['present', 1], B: ['empty', 2] });
      },
    ],
    ['the card is reset', (now) => now.cards.rebind('A', true)],
    [
      'the driver stops, and finds nothing when it is back',
      async (now) => {
        now.driver.cards.set('A', []);
        now.cards.driverStopped(now.driver);
        await settle();
        now.clock.advance(60_000);
        now.driver.cards.set('A', cardOf('anna', 1));
        await now.cards.rebind('A', true);
      },
    ],
    [
      'her certificate cannot be read, and nothing was moved',
      async (now) => {
        now.driver.cards.set('A', cardOf('anna'));
        await now.cards.rebind('A', true);
        now.clock.advance(60_000);
        now.driver.cards.set('A', cardOf('anna', 1));
      },
    ],
    [
      'her certificate cannot be read at first, and nothing was moved',
      async (now) => {
        readsOnce(now.driver, cardOf('anna'));
        await now.cards.rebind('A', true);
        await settle();
        assert.equal(now.cards.tokens[0]?.description.certificates.length, 1);
      },
    ],
    [
      'her certificate cannot be read at first when the contact is good again',
      async (now) => {
        await now.show({ A: ['mute', 1], B: ['empty', 0] });
        readsOnce(now.driver, cardOf('anna'));
        await now.show({ A: ['present', 2], B: ['empty', 0] });
        now.clock.advance(60_000);
      },
    ],
    [
      'another certificate is read at first',
      async (now) => {
        readsOnce(now.driver, cardOf('anna', 9));
        await now.cards.rebind('A', true);
        await settle();
        now.clock.advance(60_000);
      },
    ],
    [
      'the screen is locked',
      async (now) => {
        now.session = 'locked';
        now.cards.setSuspended(true);
        now.parts.look();
        await settle();
        now.session = 'active';
        now.cards.setSuspended(false);
        now.parts.look();
      },
    ],
  ];
  for (const [name, disturb] of disturbances) {
    it(`logs nobody out when ${name}`, async () => {
      await disturb(life);
      await life.show({ A: ['present', 1], B: ['empty', 2] }, 2);
      life.clock.advance(60_000);
      assert.deepEqual([life.owed, life.open, life.announced], [[], 1, []]);
    });
  }

  it('logs nobody out when the reader shows no card at first after the service was restarted', async () => {
    life.cards.update(life.source, noService());
    await life.show({ A: ['empty', 0], B: ['empty', 0] }, 2);
    life.clock.advance(900);
    await life.show({ A: ['present', 1], B: ['empty', 0] }, 2);
    life.clock.advance(60_000);
    assert.deepEqual([life.owed, life.open], [[], 1]);
  });

  it('logs nobody out when no driver finds anything right after the service was restarted', async () => {
    life.cards.update(life.source, noService());
    life.driver.cards.set('A', []);
    await life.show({ A: ['present', 1], B: ['empty', 0] }, 2);
    life.clock.advance(60_000);
    assert.deepEqual([life.owed, life.open], [[], 1]);
    await life.show({ A: ['empty', 2], B: ['empty', 0] }, 2);
    assert.deepEqual(life.owed, ['card-removed']);
  });

  it('tells two cards of one model apart that were exchanged while the reader was unplugged', async () => {
    await life.show({ B: ['empty', 0] });
    const reading = gate<TokenDescription[]>();
    life.driver.bindInstead = () => reading.promise;
    await life.show({ A: ['present', 1], B: ['empty', 0] });
    assert.equal(life.parts.holders.cardAt(site), 'absent');
    reading.open(cardOf('bertil', 2));
    await settle();
    assert.deepEqual(life.owed, ['card-exchanged']);
  });

  it('takes a card of her serial number with another certificate for another\u2019s, when it has been read twice', async () => {
    life.driver.calls.length = 0;
    life.driver.cards.set('A', cardOf('anna', 2));
    await life.cards.rebind('A', true);
    await settle();
    life.clock.advance(1_999);
    assert.deepEqual([life.owed, life.driver.callsOf('bind').length], [[], 2]);
    life.clock.advance(1);
    assert.deepEqual([life.owed, life.driver.callsOf('bind').length], [['card-exchanged'], 2]);
    await life.show({ A: ['empty', 2], B: ['empty', 0] });
    assert.deepEqual(life.owed, ['card-exchanged']);
  });

  describe('with cards that have no serial number', () => {
    beforeEach(async () => {
      await life.show({ A: ['empty', 2], B: ['empty', 0] });
      life.parts.logouts.step('p', life.parts.logouts.message('p').owed[0]?.id ?? '', 'done');
      life.driver.cards.set('A', cardOf('', 1, 2));
      await life.show({ A: ['present', 3], B: ['empty', 0] });
      life.enter();
    });

    async function readAnew(...bytes: number[]): Promise<void> {
      life.driver.cards.set('A', cardOf('', ...bytes));
      await life.cards.rebind('A', true);
      await settle();
      life.clock.advance(2_000);
    }

    it('knows the holder by the certificate', async () => {
      await readAnew(2, 1);
      assert.deepEqual([life.parts.holders.cardAt(site), life.open], ['present', 1]);
    });

    it('logs nobody out when certificates cannot be read', async () => {
      await readAnew(2);
      await readAnew();
      assert.deepEqual([life.owed, life.open], [[], 1]);
    });

    it('takes a card with another certificate for another\u2019s', async () => {
      await readAnew(3);
      assert.ok(life.owed.includes('card-exchanged'));
      assert.equal(life.open, 0);
    });
  });

  it('gives a slow card the time of three readings: its second may be the good one', async () => {
    const readings = [cardOf('anna', 1), cardOf('anna'), cardOf('anna', 1)];
    life.driver.bindInstead = () =>
      new Promise((resolve) => life.clock.after(4_000, () => resolve(readings.shift() ?? [])));
    const reading = async () => {
      life.clock.advance(4_000);
      await settle();
    };
    void life.cards.rebind('A', true);
    await reading();
    await life.show({ A: ['mute', 1], B: ['empty', 0] });
    await life.show({ A: ['present', 2], B: ['empty', 0] });
    await reading();
    await reading();
    assert.equal(life.parts.holders.cardAt(site), 'present');
    life.clock.advance(60_000);
    assert.deepEqual([life.owed, life.open, readings.length], [[], 1, 0]);
  });

  it('goes on in the next agent with a holder whose card stays', async () => {
    const next = await nextLife();
    await next.show({ A: ['present', 1], B: ['empty', 0] });
    next.clock.advance(60_000);
    assert.deepEqual([next.open, next.owed, next.announced], [1, [], []]);
    await next.show({ A: ['empty', 2], B: ['empty', 0] });
    assert.deepEqual([next.open, next.owed], [0, ['card-removed']]);
  });

  it('takes a slow card\u2019s time in the next agent, whatever the grace', async () => {
    const next = await nextLife();
    next.policy = policySchema.parse({ logout: { grace: { readerSeconds: 5, serviceSeconds: 5 } } });
    next.parts.policyChanged();
    next.driver.bindInstead = () => new Promise(() => undefined);
    await next.show({ A: ['present', 1], B: ['empty', 0] });
    next.clock.advance(20_000);
    assert.deepEqual([next.open, next.owed], [1, []]);
    next.clock.advance(40_000);
    assert.deepEqual([next.open, next.owed], [0, ['service-gone']]);
  });

  for (const [name, reader, reason] of [
    ['pulled', ['empty', 2], 'card-removed'],
    ['exchanged', ['present', 3], 'card-exchanged'],
  ] as const) {
    it(`logs out in the next agent whose card was ${name} meanwhile`, async () => {
      const next = await nextLife();
      next.driver.cards.set('A', cardOf('bertil', 2));
      await next.show({ A: reader, B: ['empty', 0] });
      next.clock.advance(1_000);
      assert.deepEqual([next.open, next.owed], [0, [reason]]);
    });
  }

  it('logs out in the next agent whose card has another certificate now', async () => {
    const next = await nextLife();
    next.driver.cards.set('A', cardOf('anna', 2));
    await next.show({ A: ['present', 1], B: ['empty', 0] });
    next.clock.advance(2_000);
    assert.deepEqual([next.open, next.owed, next.driver.callsOf('bind').length], [0, ['card-exchanged'], 2]);
  });

  it('goes on in the next agent with a holder whose certificate cannot be read at first', async () => {
    const next = await nextLife();
    next.driver.cards.set('A', cardOf('anna'));
    await next.show({ A: ['present', 1], B: ['empty', 0] });
    next.clock.advance(60_000);
    assert.deepEqual([next.open, next.owed, next.driver.callsOf('bind').length], [1, [], 2]);
    next.driver.cards.set('A', cardOf('anna', 1));
    await next.cards.rebind('A', true);
    assert.equal(next.parts.holders.cardAt(site), 'present');
  });

  it('owes in the next agent what this one owed', async () => {
    await life.show({ A: ['empty', 2], B: ['empty', 0] });
    const next = await nextLife();
    assert.deepEqual(next.owed, ['card-removed']);
    await next.show({ A: ['present', 3], B: ['empty', 0] });
    assert.deepEqual(next.owed, ['card-removed']);
  });

  it('writes down that its file was broken, and begins anew', async () => {
    await life.parts.stop();
    writeFileSync(join(directory, 'visits/visits-1.json'), '{');
    life = new Life(directory);
    assert.deepEqual([life.log, life.open], [[{ event: 'visits-broken', files: 1 }], 0]);
  });

  it('writes down that it could not save, and logs out all the same', async () => {
    await life.parts.stop();
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'no directory');
    life = new Life(directory);
    await life.show({ A: ['present', 1], B: ['empty', 0] });
    life.enter();
    await life.show({ A: ['empty', 2], B: ['empty', 0] });
    assert.deepEqual(life.owed, ['card-removed']);
    assert.ok(life.log.some(({ event }) => event === 'visits-unsaved'));
  });

  it('tells every browser when policy changes', () => {
    life.sent.length = 0;
    life.policy = policySchema.parse({ sites: [{ origin: site, logout: { guard: true } }] });
    life.parts.policyChanged();
    assert.deepEqual(
      life.sent.map((message) => message.type === 'visits' && message.guarded),
      [[site]],
    );
  });
});

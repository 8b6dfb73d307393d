// What sites are told of cards, from pictures of the readers to announcements: removals without false alarms, and nobody
// hears of a card that is not their visitor's.
import assert from 'node:assert/strict';
import { type AuditEvent } from '../../agent/audit/audit-event.ts';
import { reportCard, reportHolder } from '../../agent/card-news.ts';
import { CardTable, type CardSource } from '../../agent/cards/card-table.ts';
import { Holders } from '../../agent/cards/holders.ts';
import { seenToken } from '../../agent/cards/holder-identity.ts';
import { TokenError } from '../../agent/tokens/token.ts';
import { limits } from '../../shared/limits.ts';
import { FakeBackend, description } from './fake-backend.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { noService, picture } from './reader-pictures.ts';

const site = 'https://journal.example.se';
/** Told apart by its bytes; nobody reads them here. */
const certificate = (byte: number) => ({ id: '45', label: 'Legitimering', der: Uint8Array.of(byte) });

describe('News of cards', () => {
  let clock: FakeClock;
  let driver: FakeBackend;
  let source: CardSource;
  let cards: CardTable;
  let locked: boolean;
  /** Who was told what; and what was announced to nobody but the holder's own screens. */
  let told: string[];
  let shown: string[];
  let log: AuditEvent[];
  const show = async (...arguments_: Parameters<typeof picture>) => {
    cards.update(source, picture(...arguments_));
    await settle();
  };

  beforeEach(async () => {
    clock = new FakeClock();
    driver = new FakeBackend();
    driver.cards.set('A', [description({ handle: 'anna', serialNumber: 'anna', certificates: [certificate(1)] })]);
    driver.cards.set('B', [description({ handle: 'bertil', serialNumber: 'bertil', certificates: [certificate(2)] })]);
    source = { name: 'pcsc', backends: [driver] };
    locked = false;
    log = [];
    told = [];
    shown = [];
    const announcer = {
      announce: (name: string, origins: string[]) => {
        if (name === 'changed') return;
        if (origins.length > 0) told.push([name, ...origins].join(' '));
        else shown.push(name);
      },
    };
    cards = new CardTable(clock, (change) =>
      reportCard(
        change,
        () => holders.look(),
        announcer,
        (event) => log.push(event),
      ),
    );
    const holders = new Holders(
      clock,
      () => ({
        service: cards.serviceRunning ? 'running' : 'stopped',
        session: locked ? 'locked' : 'active',
        readers: cards.sights,
      }),
      () => limits.identifyTime,
      (holder, before) => reportHolder(holder, before, announcer),
    );
    await show({ A: ['present', 1], B: ['empty', 0] });
    const [token] = cards.tokens;
    assert.ok(token);
    const {
      names: [card = ''],
      certificates: [used = '', ...beside],
    } = seenToken(token);
    holders.entered({ card, certificate: used, beside }, site, token);
    told.length = 0;
    shown.length = 0;
    log.length = 0;
  });

  const lock = (now: boolean) => {
    locked = now;
    cards.setSuspended(now);
  };

  const annaInB = () => {
    driver.cards.set('B', driver.cards.get('A') ?? []);
  };

  it('tell the site that the card was pulled, at once and once', async () => {
    await show({ A: ['empty', 2], B: ['empty', 0] });
    await show({ A: ['empty', 2], B: ['empty', 0] });
    assert.deepEqual(told, [`card-removed ${site}`]);
  });

  it('tell the site when it is back', async () => {
    await show({ A: ['empty', 2], B: ['empty', 0] });
    await show({ A: ['present', 3], B: ['empty', 0] });
    assert.deepEqual(told, [`card-removed ${site}`, `card-inserted ${site}`]);
  });

  it('tell the site when it is back in the other reader', async () => {
    await show({ A: ['empty', 2], B: ['empty', 0] });
    annaInB();
    await show({ A: ['empty', 2], B: ['present', 1] });
    assert.deepEqual(told, [`card-removed ${site}`, `card-inserted ${site}`]);
  });

  it('tell the site nothing when the same card was away between two looks', async () => {
    await show({ A: ['present', 3], B: ['empty', 0] });
    assert.deepEqual([told, shown], [[], ['card-removed', 'card-inserted']]);
  });

  it('tell the site that its card was exchanged between two looks', async () => {
    driver.cards.set('A', driver.cards.get('B') ?? []);
    await show({ A: ['present', 3], B: ['empty', 0] });
    assert.deepEqual(told, [`card-removed ${site}`]);
  });

  it('do not tell the site of another holder\u2019s card, in the same reader or beside it', async () => {
    await show({ A: ['present', 1], B: ['present', 1] });
    await show({ A: ['present', 1], B: ['empty', 2] });
    assert.deepEqual([told, shown], [[], ['card-inserted', 'card-removed']]);
    await show({ A: ['empty', 2], B: ['empty', 2] });
    told.length = shown.length = 0;
    driver.cards.set('A', driver.cards.get('B') ?? []);
    await show({ A: ['present', 3], B: ['empty', 2] });
    await show({ A: ['empty', 4], B: ['empty', 2] });
    assert.deepEqual([told, shown], [[], ['card-inserted', 'card-removed']]);
  });

  const away: [string, () => Promise<void>, () => Promise<void>][] = [
    ['the reader was away', () => show({ B: ['empty', 0] }), () => show({ A: ['present', 0], B: ['empty', 0] })],
    [
      'the service was away',
      async () => {
        cards.update(source, noService());
        await settle();
      },
      () => show({ A: ['present', 1], B: ['empty', 0] }, 2),
    ],
    [
      'the session was locked',
      async () => {
        lock(true);
        await settle();
      },
      async () => {
        lock(false);
        await settle();
      },
    ],
    [
      'the card was mute for a moment',
      () => show({ A: ['mute', 1], B: ['empty', 0] }),
      () => show({ A: ['present', 1], B: ['empty', 0] }),
    ],
    [
      'the driver stopped',
      () => {
        cards.driverStopped(driver);
        return settle();
      },
      settle,
    ],
    ['the card was read anew', () => cards.rebind('A', true), settle],
  ];
  for (const [name, go, comeBack] of away) {
    it(`are no alarm: ${name}`, async () => {
      await go();
      await comeBack();
      assert.deepEqual(told, []);
      assert.equal(cards.tokens.length, 1);
    });
  }

  const pulledMeanwhile: [string, () => Promise<void>, () => Promise<void>][] = [
    ['the reader was away', () => show({ B: ['empty', 0] }), () => show({ A: ['empty', 0], B: ['empty', 0] })],
    [
      'the service was away',
      async () => {
        cards.update(source, noService());
        await settle();
      },
      () => show({ A: ['empty', 0], B: ['empty', 0] }, 2),
    ],
    [
      'the session is locked',
      async () => {
        lock(true);
        await settle();
      },
      () => show({ A: ['empty', 2], B: ['empty', 0] }),
    ],
    ['it is mute', () => show({ A: ['mute', 1], B: ['empty', 0] }), () => show({ A: ['empty', 2], B: ['empty', 0] })],
    [
      'it is being read anew',
      () => {
        driver.bindInstead = () => new Promise(() => undefined);
        void cards.rebind('A', true);
        return settle();
      },
      () => show({ A: ['empty', 2], B: ['empty', 0] }),
    ],
    [
      'its driver is down',
      () => {
        driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
        cards.driverStopped(driver);
        return settle();
      },
      () => show({ A: ['empty', 2], B: ['empty', 0] }),
    ],
  ];
  for (const [name, go, pull] of pulledMeanwhile) {
    it(`tell the site that the card was pulled while ${name}`, async () => {
      await go();
      assert.deepEqual(told, []);
      await pull();
      // A reader that has just come back is given a moment to find its card.
      clock.advance(limits.muteCardGrace);
      assert.deepEqual(told, [`card-removed ${site}`]);
    });
  }

  it('tell the site that another card stands where its visitor\u2019s was while nobody could look', async () => {
    lock(true);
    driver.cards.set('A', driver.cards.get('B') ?? []);
    await show({ A: ['present', 3], B: ['empty', 0] });
    lock(false);
    await settle();
    assert.deepEqual(told, [`card-removed ${site}`]);
  });

  it('tell the site when the card stays mute', async () => {
    await show({ A: ['mute', 1], B: ['empty', 0] });
    assert.deepEqual(told, []);
    clock.advance(limits.muteCardGrace);
    assert.deepEqual(told, [`card-removed ${site}`]);
  });

  it('are written down with their cause', async () => {
    await show({ B: ['empty', 0] });
    cards.update(source, noService());
    await show({ A: ['present', 1] }, 2);
    lock(true);
    await settle();
    assert.deepEqual(
      log.map((event) => [event.event, ...('cause' in event ? [event.cause] : [])].join(' ')),
      ['card-removed reader', 'service', 'service', 'card-inserted', 'card-bound', 'card-removed suspended'],
    );
  });
});

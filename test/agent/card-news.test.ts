// What sites are told of cards, from pictures of the readers to announcements: removals without false alarms, and nobody
// hears of a card that is not their visitor's.
import assert from 'node:assert/strict';
import { type AuditEvent } from '../../agent/audit/audit-event.ts';
import { reportCard } from '../../agent/card-news.ts';
import { CardTable, type CardSource } from '../../agent/cards/card-table.ts';
import { Visitors } from '../../agent/pin/visitors.ts';
import { TokenError } from '../../agent/tokens/token.ts';
import { limits } from '../../shared/limits.ts';
import { FakeBackend, description } from './fake-backend.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { noService, picture } from './reader-pictures.ts';

const site = 'https://journal.example.se';

describe('News of cards', () => {
  let clock: FakeClock;
  let driver: FakeBackend;
  let source: CardSource;
  let cards: CardTable;
  let told: string[];
  let log: AuditEvent[];
  const show = async (...arguments_: Parameters<typeof picture>) => {
    cards.update(source, picture(...arguments_));
    await settle();
  };

  beforeEach(async () => {
    clock = new FakeClock();
    driver = new FakeBackend();
    driver.cards.set('A', [description({ handle: 'anna', serialNumber: 'anna' })]);
    driver.cards.set('B', [description({ handle: 'bertil', serialNumber: 'bertil' })]);
    source = { name: 'pcsc', backends: [driver] };
    const visitors = new Visitors();
    log = [];
    told = [];
    const announcer = {
      announce: (name: string, origins: string[]) => {
        if (name !== 'changed') told.push([name, ...origins].join(' '));
      },
    };
    cards = new CardTable(clock, (change) =>
      reportCard(change, cards, announcer, visitors, (event) => log.push(event)),
    );
    await show({ A: ['present', 1], B: ['empty', 0] });
    const [token] = cards.tokens;
    assert.ok(token);
    visitors.add(token.fingerprint, site, token.reader);
    told.length = 0;
    log.length = 0;
  });

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

  it('tell the site that the card was pulled when that fell between two looks', async () => {
    await show({ A: ['present', 3], B: ['empty', 0] });
    assert.deepEqual(told, [`card-removed ${site}`, `card-inserted ${site}`]);
  });

  it('do not tell the site of another holder\u2019s card, in the same reader or beside it', async () => {
    await show({ A: ['present', 1], B: ['present', 1] });
    await show({ A: ['present', 1], B: ['empty', 2] });
    assert.deepEqual(told, ['card-inserted', 'card-removed']);
    await show({ A: ['empty', 2], B: ['empty', 2] });
    told.length = 0;
    driver.cards.set('A', driver.cards.get('B') ?? []);
    await show({ A: ['present', 3], B: ['empty', 2] });
    await show({ A: ['empty', 4], B: ['empty', 2] });
    assert.deepEqual(told, ['card-inserted', 'card-removed']);
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
        cards.setSuspended(true);
        await settle();
      },
      async () => {
        cards.setSuspended(false);
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
      assert.deepEqual(
        told.filter((event) => event.includes(site)),
        [],
      );
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
        cards.setSuspended(true);
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
      assert.deepEqual(
        told.filter((event) => event.includes(site)),
        [],
      );
      await pull();
      assert.deepEqual(
        told.filter((event) => event.includes(site)),
        [`card-removed ${site}`],
      );
    });
  }

  it('tell the site that another card stands where its visitor\u2019s was while nobody could look', async () => {
    cards.setSuspended(true);
    driver.cards.set('A', driver.cards.get('B') ?? []);
    await show({ A: ['present', 3], B: ['empty', 0] });
    cards.setSuspended(false);
    await settle();
    assert.deepEqual(
      told.filter((event) => event.includes(site)),
      [`card-removed ${site}`],
    );
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
    cards.setSuspended(true);
    await settle();
    assert.deepEqual(
      log.map((event) => [event.event, ...('cause' in event ? [event.cause] : [])].join(' ')),
      ['card-removed reader', 'service', 'service', 'card-inserted', 'card-bound', 'card-removed suspended'],
    );
  });
});

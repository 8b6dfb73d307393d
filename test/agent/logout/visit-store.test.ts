// Visits on a real disk: what survives whom, files that are broken or hostile, and a disk that takes nothing.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVisitStore, type VisitStore } from '../../../agent/logout/visit-store.ts';
import { agentsOfUser, visitsKept, type Visit } from '../../../agent/logout/visit.ts';
import { limits } from '../../../shared/limits.ts';

const visit = (id: string, changes: Partial<Visit> = {}): Visit => ({
  id,
  holder: { card: 'c'.repeat(32), certificate: 'd'.repeat(32), beside: ['e'.repeat(32)] },
  reader: 'Reader 00 00',
  profile: 'p',
  origin: 'https://journal.example.se',
  guarded: false,
  registrations: [],
  at: 1,
  ...changes,
});

describe('The store of visits', () => {
  let root: string;
  let directory: string;
  const stores: VisitStore[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kortbro-visits-'));
    directory = join(root, 'visits');
  });
  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
    rmSync(root, { recursive: true, force: true });
  });
  const open = () => {
    const store = openVisitStore(directory);
    stores.push(store);
    return store;
  };
  const idsOf = ({ found }: VisitStore) => found.map(({ id }) => id);
  const place = (number: number, text: string) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `visits-${number}.json`), text);
  };
  const file = (...visits: unknown[]) => JSON.stringify({ version: 1, visits });
  const files = (end: string) => readdirSync(directory).filter((name) => name.endsWith(end));

  it('holds nothing at first, and is this user\u2019s own', () => {
    const store = open();
    assert.deepEqual([store.found, store.broken, store.save([visit('a')])], [[], 0, true]);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, 'visits-1.json')).mode & 0o777, 0o600);
  });

  it('gives the next agent what the last one saved', () => {
    const store = open();
    const whole = visit('a', {
      registrations: [{ id: 'r', url: 'https://journal.example.se/out', token: 't', leaseSeconds: 60, called: true }],
      owed: { reason: 'card-removed', at: 2, cleared: false },
    });
    store.save([visit('gone')]);
    store.save([whole]);
    store.close();
    assert.deepEqual(open().found, [whole]);
  });

  it('gives an agent nothing of one that runs', () => {
    open().save([visit('a')]);
    const second = open();
    assert.deepEqual(second.found, []);
    second.save([visit('b')]);
    stores.shift()?.close();
    assert.deepEqual(idsOf(open()), ['a']);
    assert.deepEqual(idsOf(open()), []);
  });

  it('takes over what every agent that has ended left', () => {
    const [first, second, third] = [open(), open(), open()];
    for (const [index, store] of [first, second, third].entries()) store.save([visit(`v${index}`)]);
    first.close();
    third.close();
    const next = open();
    assert.deepEqual(idsOf(next), ['v0', 'v2']);
    assert.deepEqual(files('.json'), ['visits-1.json', 'visits-2.json']);
    next.close();
    assert.deepEqual(idsOf(open()), ['v0', 'v2']);
  });

  it('knows a visit once that lies in two places: its taker was killed in between', () => {
    place(1, file(visit('a'), visit('b')));
    place(2, file(visit('b', { at: 9 }), visit('c')));
    const { found } = open();
    assert.deepEqual(
      found.map(({ id, at }) => `${id} ${at}`),
      ['a 1', 'b 1', 'c 1'],
    );
  });

  it('does not stumble over a file that was never finished', () => {
    const store = open();
    store.save([visit('a')]);
    store.close();
    writeFileSync(join(directory, 'visits-1.json.new'), '{"version":1,"vis');
    const next = open();
    assert.deepEqual([idsOf(next), next.broken, next.save([visit('b')])], [['a'], 0, true]);
  });

  it('writes nothing when it is closed: the place may be another\u2019s', () => {
    const store = open();
    store.save([visit('a')]);
    store.close();
    const next = open();
    assert.equal(store.save([]), false);
    next.close();
    assert.deepEqual(idsOf(open()), ['a']);
  });

  it('has no place for more agents than there are places, and says so at each save', () => {
    for (let i = 0; i < agentsOfUser; i++) assert.equal(open().save([visit(`${i}`)]), true);
    const late = open();
    assert.deepEqual([late.found, late.broken, late.save([])], [[], 0, false]);
  });

  it('reads as many visits as all agents together may have kept', () => {
    const all = Array.from({ length: agentsOfUser }, (_, agent) =>
      Array.from({ length: visitsKept }, (_, index) => visit(`${agent}-${index}`)),
    );
    for (const [index, visits] of all.entries()) place(index + 1, file(...visits));
    const store = open();
    assert.equal(store.found.length, agentsOfUser * visitsKept);
    store.close();
    assert.deepEqual([open().found.length, files('.broken')], [agentsOfUser * visitsKept, []]);
  });

  const registration = { id: 'r', url: 'u', token: 't', called: false };
  const hostile: [string, string][] = [
    ['nothing', ''],
    ['half a file', '{"version":1,"visits":['],
    ['no JSON', 'version: 1'],
    ['another version', JSON.stringify({ version: 2, visits: [] })],
    ['a key more', JSON.stringify({ version: 1, visits: [], x: 1 })],
    ['a key twice', '{"version":1,"visits":[],"visits":[]}'],
    ['__proto__', '{"__proto__":{},"version":1,"visits":[]}'],
    ['levels without end', '['.repeat(100_000)],
    ['a visit with a key more', file({ ...visit('a'), x: 1 })],
    ['a visit without a holder', file({ ...visit('a'), holder: undefined })],
    ['an id that is too long', file(visit('x'.repeat(65)))],
    ['a reason that is none', file({ ...visit('a'), owed: { reason: 'because', at: 1, cleared: false } })],
    ['a time before all times', file({ ...visit('a'), at: -1 })],
    [
      'an address that is too long',
      file({ ...visit('a'), registrations: [{ ...registration, url: 'x'.repeat(limits.logoutUrlLength + 1) }] }),
    ],
    [
      'too many registrations',
      file({ ...visit('a'), registrations: Array(limits.registrationsPerVisit + 1).fill(registration) }),
    ],
    [
      'a lease without end',
      file({ ...visit('a'), registrations: [{ ...registration, leaseSeconds: limits.leaseMaximum + 1 }] }),
    ],
    [
      'too many visits',
      file(...Array.from({ length: agentsOfUser * visitsKept + 1 }, (_, index) => visit(`${index}`))),
    ],
  ];
  for (const [name, text] of hostile) {
    it(`sets a file aside that holds ${name}, and keeps the others`, () => {
      place(1, text);
      place(3, file(visit('a')));
      const store = open();
      assert.deepEqual([idsOf(store), store.broken], [['a'], 1]);
      assert.equal(readFileSync(join(directory, 'visits-1.json.broken'), 'utf8'), text);
      assert.equal(store.save([visit('b')]), true);
      store.close();
      const next = open();
      assert.deepEqual([idsOf(next), next.broken], [['b'], 0]);
    });
  }

  describe('on a disk that takes nothing', () => {
    it('begins without a directory', () => {
      writeFileSync(directory, 'a file');
      const store = open();
      assert.deepEqual([store.found, store.broken, store.save([visit('a')])], [[], 0, false]);
    });

    it('passes by a place that cannot be locked', () => {
      mkdirSync(directory);
      symlinkSync('/dev/null', join(directory, 'visits-1.lock'));
      const store = open();
      assert.equal(store.save([visit('a')]), true);
      assert.deepEqual(files('.json'), ['visits-2.json']);
    });

    it('says that it could not save, and leaves what was there', () => {
      const store = open();
      store.save([visit('a')]);
      mkdirSync(join(directory, 'visits-1.json.new'));
      assert.equal(store.save([visit('b')]), false);
      store.close();
      assert.deepEqual(idsOf(open()), ['a']);
    });

    it('keeps from others what it could not take over yet, and removes it when it could', () => {
      place(1, file());
      place(2, file(visit('a')));
      mkdirSync(join(directory, 'visits-1.json.new'));
      const store = open();
      assert.deepEqual([idsOf(store), idsOf(open())], [['a'], []]);
      assert.equal(existsSync(join(directory, 'visits-2.json')), true);
      rmSync(join(directory, 'visits-1.json.new'), { recursive: true });
      assert.equal(store.save([visit('a', { at: 5 })]), true);
      assert.equal(existsSync(join(directory, 'visits-2.json')), false);
      store.close();
      assert.deepEqual(
        open().found.map(({ at }) => at),
        [5],
      );
    });

    it('begins although a file is a directory that cannot be moved', () => {
      mkdirSync(join(directory, 'visits-2.json/x'), { recursive: true });
      mkdirSync(join(directory, 'visits-2.json.broken/x'), { recursive: true });
      place(1, file(visit('a')));
      const store = open();
      assert.deepEqual([idsOf(store), store.broken, store.save([])], [['a'], 1, true]);
    });

    it('begins in a directory that may only be read', function () {
      if (process.getuid?.() === 0) this.skip();
      place(1, file(visit('a')));
      chmodSync(directory, 0o500);
      assert.doesNotThrow(open);
      chmodSync(directory, 0o700);
    });
  });
});

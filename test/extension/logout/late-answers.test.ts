import assert from 'node:assert/strict';
import { LateAnswers, watched } from '../../../extension/background/logout/late-answers.ts';
import { FakeClock } from '../fake-clock.ts';

type Listener = (details: object) => void;
type Cookie = Pick<chrome.cookies.Cookie, 'name' | 'domain' | 'hostOnly' | 'path' | 'storeId'>;

const journal = 'https://journal.example';
const cookie = (name: string, domain = 'journal.example'): Cookie => ({
  name,
  domain,
  hostOnly: true,
  path: '/',
  storeId: '0',
});

class Event {
  readonly listeners = new Map<Listener, unknown>();
  addListener(listener: Listener, filter?: unknown): void {
    this.listeners.set(listener, filter);
  }
  removeListener(listener: Listener): void {
    this.listeners.delete(listener);
  }
  fire(details: object): void {
    for (const listener of this.listeners.keys()) listener(details);
  }
}

/** A browser with a cookie jar, and the watch over its requests. */
function browser() {
  const clock = new FakeClock();
  const jar: Cookie[] = [];
  const removed: string[] = [];
  const [onBeforeRequest, onHeadersReceived, onCompleted, onErrorOccurred, onChanged] = [
    new Event(),
    new Event(),
    new Event(),
    new Event(),
    new Event(),
  ];
  const events = { onBeforeRequest, onHeadersReceived, onCompleted, onErrorOccurred };
  const cookies = {
    onChanged,
    getAllCookieStores: () => Promise.resolve([{ id: '0' }]),
    getAll: () => Promise.resolve([...jar]),
    remove: ({ name }: { name: string }) => {
      const index = jar.findIndex((one) => one.name === name);
      if (index >= 0) jar.splice(index, 1);
      return Promise.resolve();
    },
  };
  const browsingData = {
    remove: (_: object, types: object) => {
      removed.push(Object.keys(types).sort().join());
      return Promise.resolve();
    },
  };
  Object.assign(globalThis, { chrome: { webRequest: events, cookies, browsingData } });
  return {
    answers: new LateAnswers(clock.later),
    clock,
    removed,
    begin: (requestId: string) => onBeforeRequest.fire({ requestId }),
    /** The answer's cookies are there before anybody hears of it. */
    answer: (requestId: string) => onHeadersReceived.fire({ requestId }),
    end: (requestId: string) => onCompleted.fire({ requestId }),
    set: (one: Cookie) => {
      jar.push(one);
      onChanged.fire({ removed: false, cookie: one });
    },
    names: async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      return jar.map(({ name }) => name);
    },
    listeners: () => [...Object.values(events), onChanged].reduce((sum, { listeners }) => sum + listeners.size, 0),
    filters: () => Object.values(events).flatMap(({ listeners }) => [...listeners.values()]),
  };
}

const everyStorage = 'cacheStorage,fileSystems,indexedDB,localStorage,serviceWorkers';

describe('answers that come when their site is cleared', () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'chrome'));

  it('leave no cookie and nothing in the cache', async () => {
    const { answers, clock, set, answer, end, names, removed } = browser();
    answers.blocked(journal);
    answers.letIn(journal);
    clock.advance(20_000);
    removed.length = 0;
    set(cookie('hers'));
    set(cookie('elsewhere', 'other.example'));
    answer('1');
    end('1');
    assert.deepEqual(await names(), ['elsewhere']);
    assert.deepEqual(removed, ['cache']);
  });

  it("leave the next visitor's cookies, and those that his requests bring", async () => {
    const { answers, clock, begin, set, answer, end, names, removed } = browser();
    answers.blocked(journal);
    answers.letIn(journal);
    begin('his');
    set(cookie('his'));
    answer('his');
    end('his');
    clock.advance(1_000);
    set(cookie('hers'));
    answer('1');
    assert.deepEqual(await names(), ['his']);
    clock.advance(100);
    set(cookie('hers, heard of late'));
    assert.deepEqual(await names(), ['his']);
    clock.advance(1_000);
    set(cookie('his, too'));
    assert.deepEqual(await names(), ['his', 'his, too']);
    assert.deepEqual(removed, []);
  });

  it('are late although they are led on to another address of the site', async () => {
    const { answers, clock, begin, set, answer, names } = browser();
    answers.blocked(journal);
    answers.letIn(journal);
    begin('his');
    answer('1');
    begin('1');
    clock.advance(1_000);
    set(cookie('hers'));
    answer('1');
    assert.deepEqual(await names(), []);
  });

  it('are late when their request began before others were let in', async () => {
    const { answers, begin, set, answer, names } = browser();
    answers.blocked(journal);
    begin('1');
    answers.letIn(journal);
    set(cookie('hers'));
    answer('1');
    assert.deepEqual(await names(), []);
  });

  it('are waited for at that site alone, and no longer than they can come', async () => {
    const { answers, clock, filters, listeners, set, names } = browser();
    assert.equal(listeners(), 0);
    answers.blocked(journal);
    assert.deepEqual(filters(), Array(4).fill({ urls: [`${journal}/*`] }));
    clock.advance(watched);
    assert.equal(listeners(), 5, 'the time counts from when others are let in');
    answers.letIn(journal);
    clock.advance(watched - 1);
    assert.equal(listeners(), 5);
    clock.advance(1);
    assert.equal(listeners(), 0);
    set(cookie('his'));
    assert.deepEqual(await names(), ['his']);
    assert.equal(clock.waiting, 0);
  });

  it('are waited for anew after the next logout', async () => {
    const { answers, clock, begin, listeners, set, answer, names } = browser();
    answers.blocked(journal);
    answers.letIn(journal);
    begin('his');
    clock.advance(watched - 1);
    answers.blocked(journal);
    answers.letIn(journal);
    clock.advance(watched - 1);
    assert.equal(listeners(), 5);
    set(cookie('his'));
    answer('his');
    assert.deepEqual(await names(), []);
  });

  it('have time to be written: the storage is cleared once more, unless somebody has been there', () => {
    for (const [visitor, expected] of [
      [undefined, [everyStorage]],
      ['his', []],
    ] as const) {
      const { answers, clock, begin, removed } = browser();
      answers.blocked(journal);
      answers.letIn(journal);
      if (visitor !== undefined) begin(visitor);
      clock.advance(10_000);
      assert.deepEqual(removed, expected);
    }
  });
});

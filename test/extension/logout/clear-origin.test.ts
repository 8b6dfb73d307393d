import assert from 'node:assert/strict';
import { clearOrigin, lastWrites } from '../../../extension/background/logout/clear-origin.ts';
import { FakeClock } from '../fake-clock.ts';

describe('clearing a site', () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'chrome'));

  it('is done once more when nothing writes any more', async () => {
    const clock = new FakeClock();
    const happened: unknown[] = [];
    Object.assign(globalThis, {
      chrome: {
        browsingData: {
          remove: (...what: unknown[]) => {
            happened.push([clock.now(), ...what]);
            return Promise.resolve();
          },
        },
        cookies: {
          getAllCookieStores: () => Promise.resolve([{ id: '0' }]),
          getAll: () => {
            happened.push([clock.now(), 'cookies']);
            return Promise.resolve([]);
          },
        },
      },
    });
    let isDone = false;
    const done = clearOrigin('https://journal.example', clock.later).then(() => (isDone = true));
    while (clock.waiting === 0) await Promise.resolve();
    clock.advance(lastWrites - 1);
    assert.equal(happened.length, 2);
    assert.equal(isDone, false);
    clock.advance(1);
    await done;
    const everything = {
      cache: true,
      cacheStorage: true,
      fileSystems: true,
      indexedDB: true,
      localStorage: true,
      serviceWorkers: true,
    };
    const at = (time: number) => [
      [time, { origins: ['https://journal.example'] }, everything],
      [time, 'cookies'],
    ];
    assert.deepEqual(happened, [...at(0), ...at(lastWrites)]);
  });
});

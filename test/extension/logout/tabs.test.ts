import assert from 'node:assert/strict';
import { OpenedWindows } from '../../../extension/background/logout/opened-windows.ts';
import { closeTabs, discardTabs, isOf, navigateTabs, withoutLast } from '../../../extension/background/logout/tabs.ts';

type Tab = chrome.tabs.Tab;

const journal = 'https://journal.example';
const tab = (id: number, changes: Partial<Tab> = {}): Tab =>
  ({ id, windowId: 1, url: `${journal}/`, active: false, incognito: false, discarded: false, ...changes }) as Tab;

/** chrome.tabs over a list: a discarded tab has a new id, 100 higher; ids in `stubborn` cannot be discarded. */
function withTabs(tabs: Tab[], stubborn: number[] = [], frames: Record<number, string[]> = {}) {
  const done: string[] = [];
  const page = (id: number) => tabs.find((one) => one.id === id);
  Object.assign(globalThis, {
    chrome: {
      webNavigation: {
        getAllFrames: ({ tabId }: { tabId: number }) =>
          tabId in frames
            ? Promise.resolve(frames[tabId]?.map((url) => ({ url })))
            : Promise.reject(new Error('no frames')),
      },
      runtime: { getURL: (path: string) => `chrome-extension://id/${path}` },
      tabs: {
        TAB_ID_NONE: -1,
        query: () => Promise.resolve([...tabs]),
        discard: (id: number) => {
          if (stubborn.includes(id)) return Promise.reject(new Error('cannot be discarded'));
          done.push(`discard ${id}`);
          const found = page(id);
          if (found !== undefined) Object.assign(found, { id: id + 100, discarded: true });
          return Promise.resolve(found);
        },
        update: (id: number, { url }: { url: string }) => {
          done.push(`update ${id} ${url}`);
          return Promise.resolve();
        },
        reload: (id: number) => {
          done.push(`reload ${id}`);
          return Promise.resolve();
        },
        remove: (id: number) => {
          done.push(`remove ${id}`);
          return Promise.resolve();
        },
      },
    },
  });
  return done;
}

const removed = `chrome-extension://id/removed/removed.html?origin=https%3A%2F%2Fjournal.example&reason=card-removed`;

describe("a site's tabs", () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'chrome'));

  it('are also the windows without an address that it has opened, as long as they show none', async () => {
    const opened = new OpenedWindows();
    for (const [id, origin] of [
      [2, journal],
      [3, 'https://other.example'],
      [4, journal],
    ] as const) {
      opened.connected({ id: 'own', origin, frameId: 0, tab: { id } }, 'own');
    }
    const done = withTabs([
      tab(1),
      tab(2, { url: '' }),
      tab(3, { url: '' }),
      tab(4, { url: 'https://other.example/' }),
      tab(5, { url: '', openerTabId: 1 }),
    ]);
    await discardTabs(journal, opened);
    assert.deepEqual(done.splice(0).sort(), ['discard 1', 'discard 2']);
    await navigateTabs(journal, 'card-removed', undefined, opened);
    assert.deepEqual(done.splice(0).sort(), [`update 101 ${removed}`, `update 102 ${removed}`]);
    assert.equal(opened.originOf(102), undefined);
  });

  it('of other sites that have a frame of it are loaded anew, and those that have none are left alone', async () => {
    const portal = tab(2, { url: 'https://portal.example/' });
    const done = withTabs([tab(1), portal, tab(3, { url: 'https://other.example/' })], [], {
      2: ['https://portal.example/', `${journal}/framed`],
      3: ['https://other.example/', 'https://evil.example/'],
    });
    await discardTabs(journal, new OpenedWindows());
    assert.deepEqual(done.sort(), ['discard 1', 'discard 2', 'reload 102']);
  });

  it('are those that show the origin, or are on their way there', () => {
    for (const [given, expected] of [
      [{ url: `${journal}/patient` }, true],
      [{ url: 'https://other.example/', pendingUrl: `${journal}/` }, true],
      [{ pendingUrl: `${journal}/` }, true],
      [{ url: `view-source:${journal}/` }, true],
      [{ url: `blob:${journal}/1234` }, true],
      [{ url: `${journal}:8443/` }, false],
      [{ url: `https://evil.example/${journal}/` }, false],
      [{ url: 'https://sub.journal.example/' }, false],
      [{}, false],
    ] as const) {
      assert.equal(isOf(given, journal), expected, JSON.stringify(given));
    }
  });

  it('are discarded before they are shown another page, by their new id', async () => {
    const done = withTabs([tab(1), tab(2, { url: 'https://other.example/' }), tab(3, { discarded: true })]);
    await navigateTabs(journal, 'card-removed', undefined, new OpenedWindows());
    assert.deepEqual(done.sort(), ['discard 1', `update 101 ${removed}`, `update 3 ${removed}`].sort());
  });

  it('that cannot be discarded are shown another page all the same', async () => {
    const done = withTabs([tab(1)], [1]);
    await navigateTabs(journal, 'card-removed', undefined, new OpenedWindows());
    assert.deepEqual(done, [`update 1 ${removed}`]);
  });

  it('are shown what policy names, if that is a secure page, and never our page in an incognito window', async () => {
    for (const [page, incognito, shown] of [
      [`${journal}/out`, false, `${journal}/out`],
      ['javascript:alert(1)', false, removed],
      ['http://journal.example/', false, removed],
      [undefined, true, 'about:blank'],
    ] as const) {
      const done = withTabs([tab(1, { incognito })]);
      await navigateTabs(journal, 'card-removed', page, new OpenedWindows());
      assert.deepEqual(done, ['discard 1', `update 101 ${shown}`]);
    }
  });

  it('close, but not the last one of a window', async () => {
    const all = [
      tab(1),
      tab(2, { active: true }),
      tab(3, { windowId: 2 }),
      tab(4, { windowId: 2, url: 'https://o.example/' }),
    ];
    const { closing, staying } = withoutLast(all, all.slice(0, 3));
    assert.deepEqual([closing.map(({ id }) => id), staying.map(({ id }) => id)], [[1, 3], [2]]);
    const done = withTabs(all);
    await closeTabs(journal, 'card-removed', new OpenedWindows());
    assert.deepEqual(
      done.filter((what) => !what.startsWith('discard')).sort(),
      ['remove 101', 'remove 103', `update 102 ${removed}`].sort(),
    );
  });
});

import assert from 'node:assert/strict';
import { isDenied, type Guard } from '../../../extension/background/logout/deny-rules.ts';
import {
  hearingTime,
  Logouts,
  retryPause,
  type LogoutSurroundings,
} from '../../../extension/background/logout/logouts.ts';
import { emptyMemory, type Memory, type VisitsMessage } from '../../../extension/background/logout/memory.ts';
import { type OwedVisit } from '../../../shared/messages.ts';
import { FakeClock } from '../fake-clock.ts';

const journal = 'https://journal.example';
const other = 'https://other.example';

const owed = (id: string, changes: Partial<OwedVisit> = {}): OwedVisit => ({
  id,
  origin: journal,
  guarded: false,
  reason: 'card-removed',
  actions: ['event', 'call', 'clear', 'navigate'],
  cleared: false,
  ...changes,
});

/** Everything that waits for nothing but promises. */
async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

function background(memory: Memory = emptyMemory, allowedBefore: string[] = []) {
  const clock = new FakeClock();
  const happened: string[] = [];
  const held = new Map<string, () => void>();
  const failing = new Set<string>();
  const state = { saved: memory, guard: undefined as Guard | undefined, changes: 0 };
  /** Notes what is done; waits where a test holds it. */
  const act = async (what: string): Promise<void> => {
    happened.push(what);
    if (failing.has(what)) throw new Error(what);
    if (held.has(what)) await new Promise<void>((resolve) => held.set(what, resolve));
  };
  const surroundings: LogoutSurroundings = {
    save: async (next) => {
      await act('save');
      state.saved = next;
    },
    rules: {
      allowed: (guarded) => new Set([...guarded].filter((origin) => allowedBefore.includes(origin))),
      apply: async (guard) => {
        await act('rules');
        state.guard = { ...guard, clearing: new Set(guard.clearing), calling: new Set(guard.calling) };
      },
      applyToDisk: () => act('rules on disk'),
    },
    send: (message) => happened.push(message.type === 'logout' ? `${message.step} ${message.visit}` : message.type),
    farewell: ({ origin }) => act(`farewell ${origin}`),
    fetch: (url) => act(`fetch ${url}`),
    clear: (origin) => act(`clear ${origin}`),
    discardTabs: (origin) => act(`discard ${origin}`),
    navigateTabs: ({ origin }) => act(`navigate ${origin}`),
    closeTabs: ({ origin }) => act(`close ${origin}`),
    reloadBlocked: (origin) => act(`reload ${origin}`),
    // Whether pages have had time to hear is a matter of the test that says so.
    later: (callback, milliseconds) => {
      if (milliseconds !== hearingTime || held.has('hearing')) return clock.later(callback, milliseconds);
      queueMicrotask(callback);
      return () => undefined;
    },
    changed: () => state.changes++,
  };
  const logouts = new Logouts(memory, surroundings);
  const list = (changes: Partial<VisitsMessage>) =>
    logouts.receive({ type: 'visits', open: [], owed: [], guarded: [], ...changes });
  const told = () => happened.filter((what) => what !== 'save' && !what.startsWith('rules'));
  return {
    logouts,
    list,
    clock,
    happened,
    told,
    state,
    hold: (what: string) => held.set(what, () => undefined),
    release: (what: string) => {
      const resolve = held.get(what);
      held.delete(what);
      resolve?.();
    },
    fail: (what: string) => failing.add(what),
    heal: (what: string) => failing.delete(what),
    isDenied: (origin: string) => isDenied(state.guard!, origin),
  };
}

const visits = (...listed: [string, string, boolean][]) =>
  listed.map(([id, origin, guarded]) => ({ id, origin, guarded }));

describe('logouts', () => {
  it('are carried out in order: pages, site, clearing behind a block, tabs; and said', async () => {
    const { list, told, state } = background();
    list({ owed: [owed('a', { url: `${journal}/bye` })] });
    await settled();
    assert.deepEqual(told(), [
      `farewell ${journal}`,
      'told a',
      `fetch ${journal}/bye`,
      `discard ${journal}`,
      `clear ${journal}`,
      `navigate ${journal}`,
      'done a',
      `reload ${journal}`,
    ]);
    assert.deepEqual(state.saved.done, ['a']);
  });

  it("clear no site before every site's pages have heard", async () => {
    const { list, told, hold, release } = background();
    hold(`farewell ${other}`);
    list({ owed: [owed('a'), owed('b', { origin: other })] });
    await settled();
    assert.deepEqual(told(), [`farewell ${journal}`, `farewell ${other}`, 'told a']);
    release(`farewell ${other}`);
    await settled();
    assert.ok(told().includes(`clear ${journal}`) && told().includes(`clear ${other}`));
  });

  it('give the pages of other browsers time to hear before they keep the machine busy', async () => {
    const { list, told, hold, clock } = background();
    hold('hearing');
    list({ owed: [owed('a')] });
    await settled();
    assert.deepEqual(told(), [`farewell ${journal}`, 'told a']);
    clock.advance(hearingTime);
    await settled();
    assert.ok(told().includes('done a'));
  });

  it('tell pages at once, are kept before anything is cleared, and their end before it is said', async () => {
    const { list, happened, hold, release } = background();
    hold('save');
    list({ owed: [owed('a')] });
    await settled();
    assert.ok(happened.includes('told a'));
    assert.ok(!happened.some((what) => /^(discard|clear|navigate)/.test(what)));
    release('save');
    hold(`navigate ${journal}`);
    await settled();
    hold('save');
    release(`navigate ${journal}`);
    await settled();
    assert.ok(!happened.includes('done a'));
    release('save');
    await settled();
    assert.ok(happened.includes('done a'));
  });

  it('follow the actions that policy gives, and no others', async () => {
    const { list, told } = background();
    list({ owed: [owed('a', { actions: ['clear', 'close', 'lock'], url: `${journal}/bye` })] });
    await settled();
    assert.deepEqual(told().slice(0, 5), [
      'told a',
      `discard ${journal}`,
      `clear ${journal}`,
      `close ${journal}`,
      'done a',
    ]);
    const quiet = background();
    quiet.list({ owed: [owed('b', { actions: ['call'] })] });
    await settled();
    assert.deepEqual(quiet.told(), ['told b', 'done b']);
  });

  it('are not started twice by a list that comes while they are under way', async () => {
    const { list, happened, hold, release } = background();
    hold(`clear ${journal}`);
    list({ owed: [owed('a')] });
    await settled();
    list({ owed: [owed('a')] });
    await settled();
    release(`clear ${journal}`);
    await settled();
    list({ owed: [owed('a')] });
    await settled();
    assert.equal(happened.filter((what) => what === `clear ${journal}`).length, 1);
    assert.deepEqual(
      happened.filter((what) => what.endsWith(' a')),
      ['told a', 'done a', 'told a', 'done a'],
    );
  });

  it('go on side by side at several sites, and one after the other at one', async () => {
    const { list, happened, hold, release } = background();
    hold(`clear ${journal}`);
    list({ owed: [owed('a'), owed('b'), owed('c', { origin: other })] });
    await settled();
    assert.deepEqual(
      happened.filter((what) => what.startsWith('done')),
      ['done c'],
    );
    assert.equal(happened.filter((what) => what === `farewell ${journal}`).length, 1);
    release(`clear ${journal}`);
    await settled();
    assert.deepEqual(
      happened.filter((what) => what.startsWith('done')),
      ['done c', 'done a', 'done b'],
    );
  });

  it('that fail are tried again, and the site stays blocked meanwhile', async () => {
    const { list, happened, fail, heal, clock, isDenied: denied } = background();
    fail(`clear ${journal}`);
    list({ owed: [owed('a')] });
    await settled();
    assert.ok(denied(journal));
    assert.ok(!happened.includes('done a'));
    heal(`clear ${journal}`);
    clock.advance(retryPause);
    await settled();
    assert.ok(happened.includes('done a'));
    assert.ok(!denied(journal));
  });

  it('of visits that the agent has lost are carried out and not spoken of', async () => {
    const { list, told, state } = background({ ...emptyMemory, visits: visits(['a', journal, true]) });
    list({});
    await settled();
    assert.deepEqual(told(), [
      `farewell ${journal}`,
      `discard ${journal}`,
      `clear ${journal}`,
      `navigate ${journal}`,
      `reload ${journal}`,
    ]);
    assert.deepEqual(state.saved, emptyMemory);
  });

  describe('and the guard', () => {
    const guardedVisit: Memory = { ...emptyMemory, visits: visits(['a', journal, true]) };

    it('holds from the start of the browser, and is lifted for a visitor who is still there', async () => {
      const { list, logouts, told, isDenied: denied } = background(guardedVisit);
      assert.deepEqual(logouts.standing(journal), { isDenied: true, isOwed: true });
      list({ open: visits(['a', journal, true]) });
      await settled();
      assert.ok(!denied(journal));
      assert.deepEqual(told(), [`reload ${journal}`]);
      assert.deepEqual(logouts.standing(journal), { isDenied: false, isOwed: false });
    });

    it('stays while anything is owed, the call to the site too', async () => {
      const { list, isDenied: denied, hold, release, told } = background(guardedVisit);
      hold(`clear ${journal}`);
      list({ owed: [owed('a', { guarded: true })], guarded: [journal] });
      await settled();
      assert.ok(denied(journal));
      release(`clear ${journal}`);
      await settled();
      assert.ok(denied(journal), 'until the agent has heard of it');
      list({ owed: [owed('a', { guarded: true, cleared: true })], guarded: [journal] });
      await settled();
      assert.ok(denied(journal));
      assert.ok(!told().includes(`reload ${journal}`));
      list({ guarded: [journal] });
      await settled();
      assert.ok(!denied(journal));
      assert.ok(told().includes(`reload ${journal}`));
    });

    it('lets pages that were let through save what they were writing, and no others', async () => {
      for (const [before, during] of [
        [[journal], false],
        [[], true],
      ] as const) {
        const { list, isDenied: denied, hold, release } = background(guardedVisit, [...before]);
        hold(`farewell ${journal}`);
        list({ owed: [owed('a', { guarded: true })] });
        await settled();
        assert.equal(denied(journal), during);
        hold(`clear ${journal}`);
        release(`farewell ${journal}`);
        await settled();
        assert.ok(denied(journal));
        release(`clear ${journal}`);
      }
    });

    it('is in place before a login is handed out', async () => {
      const { list, logouts, hold, release } = background();
      let isInPlace = false;
      hold('rules');
      list({ open: visits(['new', journal, true]) });
      void logouts.inPlace(journal).then(() => (isInPlace = true));
      await settled();
      assert.ok(!isInPlace);
      release('rules');
      await settled();
      assert.ok(isInPlace);
    });

    it('lets no login out while an earlier visit at that site is being cleared', async () => {
      const { list, logouts, hold, release } = background({ ...emptyMemory, visits: visits(['a', journal, false]) });
      let isInPlace = false;
      hold(`clear ${journal}`);
      list({});
      void logouts.inPlace(journal).then(() => (isInPlace = true));
      await settled();
      assert.ok(!isInPlace);
      release(`clear ${journal}`);
      await settled();
      assert.ok(isInPlace);
    });

    it('that cannot be put in place refuses the login, and logs out all the same', async () => {
      const { list, logouts, fail, happened } = background();
      fail('rules');
      list({ open: visits(['new', journal, true]), owed: [owed('b', { origin: other })] });
      await assert.rejects(logouts.inPlace(journal));
      await settled();
      assert.ok(happened.includes('done b'));
    });
  });

  it('are shown while they last', async () => {
    const { list, logouts, state } = background();
    list({ owed: [owed('a'), owed('b', { origin: other })] });
    assert.deepEqual(logouts.owedOrigins, [journal, other]);
    await settled();
    list({});
    assert.deepEqual(logouts.owedOrigins, []);
    assert.ok(state.changes >= 3);
  });
});

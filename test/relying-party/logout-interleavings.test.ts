// Whatever overtakes whatever between nonce, login, logout, renewal and time: once a logout has been answered, its session is
// over and stays over, and the site has been told once.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMemoryLogoutStore, createNonces, TokenError } from '../../relying-party/src/index.ts';
import { settled } from './fake-time.ts';
import { logoutSite, newNonce } from './logout-site.ts';

/** How a site may make its session: before it is opened, and taken back if that is refused, or after. */
const orders = ['make first', 'open first'] as const;
const acts = ['log in', 'log out', 'renew', 'close', 'request', 'lease runs out'] as const;
type Act = (typeof acts)[number];
const RUNS = 3_000;

/** A site of which every step into store and sessions takes as long as the scheduler likes. */
function slowSite(scheduler: fc.Scheduler, order: (typeof orders)[number]) {
  const memory = createMemoryLogoutStore();
  const sessions = new Set<string>();
  const told: string[] = [];
  /** Answered with a cookie: from here on a browser can use it. */
  let isGivenOut = false;
  const slowly = <T>(step: () => Promise<T>): Promise<T> => scheduler.schedule(Promise.resolve()).then(step);
  const site = logoutSite({
    leaseSeconds: 60,
    store: {
      find: (...where) => slowly(() => memory.find(...where)),
      replace: (...change) => slowly(() => memory.replace(...change)),
    },
    endSession: (session) =>
      slowly(() => {
        told.push(session);
        sessions.delete(session);
        return Promise.resolve();
      }),
  });
  const nonce = newNonce();
  const make = () => slowly(() => Promise.resolve(sessions.add('session')));

  return {
    site,
    told,
    nonce,
    /** What a site that looks at its own sessions alone would say, and what `isLive` says. */
    isUsable: async () =>
      isGivenOut && sessions.has('session') && (order === 'make first' || (await site.logouts.isLive('session'))),
    close: async () => {
      // Only who has the cookie can log out by hand.
      if (!isGivenOut) return;
      sessions.delete('session');
      await site.logouts.close('session');
    },
    logIn: async () => {
      try {
        if (order === 'make first') await make();
        await site.logouts.open(nonce, 'session');
        if (order === 'open first') await make();
        isGivenOut = true;
      } catch (error) {
        assert.ok(error instanceof TokenError, String(error));
        assert.equal(error.code, 'ERR_LOGGED_OUT');
        sessions.delete('session');
      }
    },
  };
}

describe('logouts under every interleaving', () => {
  it('leave no session alive whose logout has been answered, and tell the site once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.constantFrom(...orders),
        fc.array(fc.record({ what: fc.constantFrom(...acts), after: fc.nat({ max: 12 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (scheduler, order, plan) => {
          const slow = slowSite(scheduler, order);
          const { site } = slow;
          const registering = site.logouts.register(slow.nonce);
          await scheduler.waitFor(registering);
          const { token } = await registering;
          const over = { isTold: false };
          const call = {
            'log in': slow.logIn,
            close: slow.close,
            request: () => site.logouts.isLive('session'),
            'lease runs out': () => site.advance(70_000),
            renew: async () => {
              const isOver = over.isTold;
              assert.match(await site.renew(token), isOver ? /^410 ended$/ : /^(200 live|202 waiting|410 ended)$/);
            },
            'log out': async () => {
              assert.equal(await site.logOut(token), '200 ended');
              over.isTold = true;
              assert.equal(await slow.isUsable(), false);
            },
          } satisfies Record<Act, () => Promise<unknown>>;
          const isOnce = ({ what }: { what: Act }, index: number) =>
            what !== 'log in' || plan.findIndex((one) => one.what === 'log in') === index;
          const all = Promise.all(
            plan.filter(isOnce).map(async ({ what, after }) => {
              for (let step = 0; step < after; step += 1) await scheduler.schedule(Promise.resolve());
              await call[what]();
            }),
          );
          await scheduler.waitFor(all);
          await all;
          // Timers may have begun something.
          await settled();
          await scheduler.waitIdle();
          if (over.isTold) {
            const late = slow.isUsable();
            await scheduler.waitFor(late);
            assert.equal(await late, false);
          }
          assert.ok(slow.told.length <= 1, 'told once');
          assert.deepEqual(site.errors, []);
        },
      ),
      { numRuns: RUNS },
    );
  }).timeout(60_000);

  it('leave none alive whose lease nobody renews', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.constantFrom(...orders), async (scheduler, order) => {
        const slow = slowSite(scheduler, order);
        const registering = slow.site.logouts.register(slow.nonce);
        await scheduler.waitFor(registering);
        await scheduler.waitFor(slow.logIn());
        await slow.site.advance(70_000);
        await scheduler.waitIdle();
        assert.deepEqual(slow.told, ['session']);
        const late = slow.isUsable();
        await scheduler.waitFor(late);
        assert.equal(await late, false);
      }),
      { numRuns: 100 },
    );
  });

  it('bind a token to its own nonce, also where two tabs of one browser log in at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const nonces = createNonces();
        const site = logoutSite();
        const answerNonce = async () => {
          const nonce = await scheduler.schedule(nonces.issue('the browser'));
          const { token } = await scheduler.schedule(site.logouts.register(nonce));
          return { nonce, token };
        };
        const tabs = Promise.all([answerNonce(), answerNonce()]);
        await scheduler.waitFor(tabs);
        const good = await nonces.consume('the browser');
        await site.logouts.open(good, 'session');
        for (const { nonce, token } of await tabs) {
          assert.equal(await site.logOut(token), '200 ended');
          assert.equal(await site.logouts.isLive('session'), nonce !== good && site.ended.length === 0);
        }
        assert.equal(site.ended.length, 1);
      }),
      { numRuns: 100 },
    );
  });
});

// What a login begins at its site, and what must be over before another holder's login: registrations, visits, the gate.
import assert from 'node:assert/strict';
import { type LogoutRegistration } from '../../../shared/messages.ts';
import { limits } from '../../../shared/limits.ts';
import { waitUntil } from '../../native-host/within.ts';
import { gate, kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { picture } from '../reader-pictures.ts';
import { assertTokenOf, inNewWorlds } from './login-checks.ts';
import { journal, type OperationWorld, prescriptions, type CardKey } from './operation-world.ts';

type Visits = Extract<OperationWorld['orders'][number], { type: 'visits' }>;

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, bertils } = cards);
  });
  const registration = (changes: Partial<LogoutRegistration> = {}): LogoutRegistration => ({
    url: `${journal}/out`,
    token: 't'.repeat(22),
    ...changes,
  });
  const login = (logout?: LogoutRegistration, origin = journal) => world.login(origin, undefined, logout);
  const visits = (): Visits => {
    const last = world.orders.at(-1);
    assert.equal(last?.type, 'visits');
    return last;
  };
  const done = (visit: string | undefined) => world.logouts.step('p', visit ?? '', 'done');

  describe('with a registration', () => {
    beforeEach(() => world.insert([hsa]));

    const own: [string, string][] = [
      ['on its own origin', `${journal}/out`],
      ['with a query', `${journal}/out?session=1`],
      ['with the port that is the usual one', `${journal}:443/out`],
      ['in other letters of the same name', 'HTTPS://Journal.Example.SE/out'],
    ];
    for (const [name, url] of own) {
      it(`is called ${name}`, async () => {
        await login(registration({ url }));
        world.pull();
        done(visits().owed[0]?.id);
        assert.deepEqual(world.called, [`${url} card-removed`]);
      });
    }

    const foreign: [string, string][] = [
      ['another origin', `${prescriptions}/out`],
      ['another port', `${journal}:8443/out`],
      ['a name below its own', 'https://a.journal.example.se/out'],
      ['a name that begins with its own', `${journal}.evil.example/out`],
      ['http', 'http://journal.example.se/out'],
      ['a user', 'https://anna@journal.example.se/out'],
      ['its own name as the user', `${journal}@evil.example/out`],
      ['a user and a password', 'https://anna:x@journal.example.se/out'],
      ['an address of this computer', 'https://127.0.0.1/out'],
      ['a path alone', '/out'],
      ['no address', 'out'],
      ['localhost', 'http://localhost/out'],
      ['a script', 'javascript:alert(1)'],
      ['a file', 'file:///etc/passwd'],
    ];
    for (const [name, url] of foreign) {
      it(`is refused for ${name}: ERR_REQUEST_LOGOUT, before anything is asked`, async () => {
        await assert.rejects(login(registration({ url })), kortbroError('ERR_REQUEST_LOGOUT'));
        assert.deepEqual([world.kinds, world.driver.calls, world.orders], [[], [], []]);
        assertTokenOf(hsa, journal, await login(registration()));
      });
    }
  });

  it('tells the browser of its visit before its token is given out', async () => {
    await world.insert([hsa]);
    let seen: number | undefined;
    await login().then(() => (seen = world.orders.length));
    assert.deepEqual([seen, visits().open.map(({ origin }) => origin)], [1, [journal]]);
  });

  it('that fails begins nothing', async () => {
    await world.insert([hsa]);
    world.driver.signer = () => new Uint8Array(64);
    await assert.rejects(login(registration()));
    assert.deepEqual(world.orders, []);
  });

  it('whose card is pulled while it signs begins nothing', async () => {
    await world.insert([hsa]);
    const signing = gate<Uint8Array>();
    world.driver.signer = () => signing.promise;
    const lost = login(registration());
    lost.catch(() => undefined);
    await world.dialogs(1);
    for (let i = 0; i < 50 && world.signatures.length === 0; i++) await settle();
    world.pull();
    await assert.rejects(lost, kortbroError('ERR_CARD_REMOVED'));
    assert.deepEqual(world.orders, []);
  });

  describe('of the next holder', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await login(registration());
    });
    const insertBertils = (reader = 'A') => world.insert([bertils], { serialNumber: 'Bertil' }, reader);

    it('waits until the browser has cleared what the first one left', async () => {
      world.pull();
      await insertBertils();
      const second = login();
      await settle();
      assert.deepEqual(world.kinds, ['pin']);
      done(visits().owed[0]?.id);
      assertTokenOf(bertils, journal, await second);
      assert.deepEqual(world.kinds, ['pin', 'pin']);
    });

    it('waits for what came to be owed while it signed', async () => {
      await insertBertils('B');
      world.cards.update(world.source, picture({ A: ['mute', 1], B: ['present', 1] }));
      const signing = gate();
      const { signer } = world.driver;
      world.driver.signer = async (...call) => {
        await signing.promise;
        return signer(...call);
      };
      const second = login();
      let given = false;
      void second.then(() => (given = true));
      await waitUntil(() => world.signatures.length === 1, 'the signature', 5_000);
      world.clock.advance(limits.muteCardGrace);
      signing.open();
      await settle();
      assert.deepEqual([given, visits().open], [false, []]);
      done(visits().owed[0]?.id);
      assertTokenOf(bertils, journal, await second);
    });

    it('is refused when that takes too long, before anything is asked: ERR_AGENT_LOGOUT_PENDING', async () => {
      world.pull();
      await insertBertils();
      const second = login();
      second.catch(() => undefined);
      await settle();
      world.clock.advance(limits.clearingWait);
      await assert.rejects(second, kortbroError('ERR_AGENT_LOGOUT_PENDING'));
      assert.deepEqual(world.kinds, ['pin']);
      done(visits().owed[0]?.id);
      assertTokenOf(bertils, journal, await login());
    });

    it('is not held up at another site', async () => {
      world.pull();
      await insertBertils();
      assertTokenOf(bertils, prescriptions, await login(undefined, prescriptions));
    });

    it('does not wait for the site to be called', async () => {
      world.pull();
      done(visits().owed[0]?.id);
      await insertBertils();
      await login();
      assert.deepEqual([visits().open.length, world.called], [1, [`${journal}/out card-removed`]]);
    });

    it('ends what one whose reader is away owed, before a token is made', async () => {
      await insertBertils('B');
      world.cards.update(world.source, picture({ B: ['present', 1] }));
      const second = login();
      await waitUntil(() => visits().owed.length > 0, 'an order');
      assert.deepEqual(
        visits().owed.map(({ reason }) => reason),
        ['another-holder'],
      );
      assert.equal(world.signatures.length, 0);
      done(visits().owed[0]?.id);
      assertTokenOf(bertils, journal, await second);
    });

    it('takes the visit over from one whose card is only mute for a moment, and ends nothing else of hers', async () => {
      await login(undefined, prescriptions);
      const before = visits().open.map(({ id }) => id);
      await insertBertils('B');
      world.cards.update(world.source, picture({ A: ['mute', 1], B: ['present', 1] }));
      assertTokenOf(bertils, journal, await login());
      world.cards.update(world.source, picture({ A: ['present', 1], B: ['present', 1] }));
      await settle();
      world.clock.advance(60_000);
      assert.deepEqual(
        [
          visits()
            .open.map(({ id }) => id)
            .sort(),
          visits().owed,
        ],
        [before.sort(), []],
      );
      assert.deepEqual(world.called, [`${journal}/out another-holder`]);
    });

    it('is his own when he comes again: one visit, both sessions called', async () => {
      await login(registration({ token: 'u'.repeat(22) }));
      assert.equal(visits().open.length, 1);
      world.pull();
      done(visits().owed[0]?.id);
      assert.equal(world.called.length, 2);
    });
  });
});

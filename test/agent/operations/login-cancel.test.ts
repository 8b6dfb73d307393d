// Login called off at every step: a definite answer, nothing left over, and the next login works.
import assert from 'node:assert/strict';
import { TokenError } from '../../../agent/tokens/token.ts';
import { gate, kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { waitUntil } from '../../native-host/within.ts';
import { assertTokenOf, cancelled, inNewWorlds, staysOpen } from './login-checks.ts';
import { journal, type OperationWorld, prescriptions, stranger, type CardKey } from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa } = cards);
  });

  describe('can be cancelled', () => {
    const cancelAt = async (prepare: () => Promise<void> | void, isTime: () => boolean, origin = journal) => {
      await prepare();
      const asker = new AbortController();
      const login = world.login(origin, asker.signal);
      login.catch(() => undefined);
      await waitUntil(isTime, 'the right moment', 5_000);
      asker.abort(cancelled());
      await assert.rejects(login, kortbroError('ERR_REQUEST_CANCELLED'));
      await waitUntil(() => world.pinentry.alive.length === 0, 'the end of the dialog', 2_000);
    };
    const nextOneWorks = async () => {
      world.pinentry.is({});
      world.driver.bindInstead = undefined;
      world.driver.loginInstead = undefined;
      assertTokenOf(hsa, journal, await world.login());
    };

    it('before it begins', async () => {
      await world.insert([hsa]);
      const signal = AbortSignal.abort(cancelled());
      await assert.rejects(world.login(journal, signal), kortbroError('ERR_REQUEST_CANCELLED'));
      assert.deepEqual([world.kinds, world.driver.calls], [[], []]);
      await nextOneWorks();
    });

    it('while the card is being read', async () => {
      world.driver.bindInstead = () => new Promise(() => undefined);
      await cancelAt(
        () => world.place([hsa]),
        () => true,
      );
      world.driver.bindInstead = undefined;
      void world.cards.rebind('A', true);
      await nextOneWorks();
    });

    it('while a card that failed is being read again', async () => {
      world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_AGENT_DRIVER_CRASHED'));
      await cancelAt(
        async () => {
          world.place([hsa]);
          await settle();
          world.driver.bindInstead = () => new Promise(() => undefined);
        },
        () => world.driver.callsOf('bind').length === 2,
      );
    });

    it('while the PIN dialog is open', async () => {
      await cancelAt(
        async () => {
          await world.insert([hsa]);
          world.pinentry.is({ getPin: staysOpen });
        },
        () => world.pinentry.dialogs.length === 1,
      );
      assert.deepEqual(world.logins, []);
      await nextOneWorks();
    });

    it('while the last confirmation is open', async () => {
      await cancelAt(
        async () => {
          await world.insert([hsa], { pin: { state: 'final' } });
          world.pinentry.is({ confirm: staysOpen });
        },
        () => world.pinentry.dialogs.length === 1,
      );
      await nextOneWorks();
    });

    it('while the question of consent is open', async () => {
      await cancelAt(
        async () => {
          await world.insert([hsa]);
          await world.login();
          world.pinentry.is({ confirm: staysOpen });
        },
        () => world.pinentry.dialogs.length === 2,
        stranger,
      );
      assert.equal(world.context.pinSso.hasSite(world.cards.tokens[0]!, stranger), false);
    });

    it('while another dialog is open', async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: staysOpen });
      const first = world.login();
      first.catch(() => undefined);
      await world.dialogs(1);
      const asker = new AbortController();
      const second = world.login(prescriptions, asker.signal);
      await settle();
      asker.abort(cancelled());
      await assert.rejects(second, kortbroError('ERR_REQUEST_CANCELLED'));
      assert.equal(world.pinentry.alive.length, 1);
      world.pull();
      await assert.rejects(first, kortbroError('ERR_CARD_REMOVED'));
    });

    it('while the card signs: nobody gets the signature', async () => {
      const door = gate<Uint8Array>();
      await world.insert([hsa]);
      const { signer } = world.driver;
      world.driver.signer = () => door.promise;
      await cancelAt(
        () => undefined,
        () => world.signatures.length === 1,
      );
      door.open(new Uint8Array(64));
      world.driver.signer = signer;
      await settle();
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(world.kinds, ['pin']);
    });
  });
});

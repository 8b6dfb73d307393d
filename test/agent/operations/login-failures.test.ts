// Login when the card or its driver fails: nothing is released or retried, and PIN-SSO ends.
import assert from 'node:assert/strict';
import { TokenError } from '../../../agent/tokens/token.ts';
import { kortbroError, tokenError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { refusals, say } from '../pin/scripted-pinentry.ts';
import { waitUntil } from '../../native-host/within.ts';
import { assertTokenOf, inNewWorlds } from './login-checks.ts';
import { OperationWorld, prescriptions, type CardKey } from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, bertils } = cards);
  });

  describe('when the card lost the login', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
    });
    const losing = (times: number) => {
      const { signer } = world.driver;
      world.driver.signer = (...call) => {
        if (times-- > 0) throw new TokenError('login-lost', { native: 'CKR_USER_NOT_LOGGED_IN (0x101)' });
        return signer(...call);
      };
    };

    it('asks for the PIN again, once, and says why', async () => {
      losing(1);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(world.kinds, ['pin', 'pin']);
      assert.match(world.pinentry.text(1), /annat program/);
      assert.doesNotMatch(world.pinentry.text(0), /annat program/);
      assert.deepEqual(world.ends, ['login-lost']);
      assert.deepEqual(world.driver.calls, [
        'sign handle of A 45 ES256',
        'bind A reset',
        'login handle of A',
        'sign handle of A 45 ES256',
      ]);
    });

    it('asks nobody else: the holder of another card that is in by now is not asked for a PIN', async () => {
      world.driver.signer = () => {
        world.place([bertils], { serialNumber: 'another' });
        throw new TokenError('login-lost');
      };
      await assert.rejects(world.login(prescriptions), kortbroError('ERR_CARD_CHANGED'));
      assert.deepEqual([world.kinds, world.logins], [['pin'], []]);
    });

    it('gives up when it is lost again: two PINs at most, and the session is over', async () => {
      losing(9);
      await assert.rejects(world.login(prescriptions), tokenError('login-lost'));
      assert.deepEqual(world.kinds, ['pin', 'pin']);
      assert.deepEqual(world.ends, ['login-lost', 'login-lost']);
      assert.equal(world.signatures.length, 2);
    });

    it('signs nothing when the holder does not want to type it again', async () => {
      losing(1);
      world.pinentry.is({ getPin: say(refusals.cancelled) });
      await assert.rejects(world.login(prescriptions), kortbroError('ERR_USER_CANCELLED'));
      assert.equal(world.signatures.length, 1);
    });
  });

  describe('whose signature goes wrong', () => {
    beforeEach(async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
    });

    it('is refused when it is not the certificate\u2019s: nothing is released, PIN-SSO ends, the card is reset', async () => {
      const { signer } = world.driver;
      world.driver.signer = async (...call) => {
        const signature = await signer(...call);
        return signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
      };
      await assert.rejects(world.login(prescriptions), tokenError('ERR_CARD_FAILED'));
      assert.equal(world.ends.length, 1);
      await settle();
      assert.deepEqual(world.driver.calls, ['sign handle of A 45 ES256', 'bind A reset']);
      world.driver.signer = signer;
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(world.kinds, ['pin', 'pin']);
    });

    it('is refused when another card made it (an unseen swap)', async () => {
      const honest = new OperationWorld();
      await honest.insert([{ ...bertils, id: '45' }]);
      world.driver.signer = honest.driver.signer;
      await assert.rejects(world.login(prescriptions), tokenError('ERR_CARD_FAILED'));
      assert.equal(world.context.pinSso.endAll('forgotten'), 0);
      honest.pinentry.remove();
    });

    for (const failure of [
      'ERR_AGENT_DRIVER_CRASHED',
      'ERR_AGENT_DRIVER_HUNG',
      'ERR_CARD_FAILED',
      'ERR_CARD_REMOVED',
    ] as const) {
      it(`fails with ${failure}, is not tried again by itself, and PIN-SSO ends`, async () => {
        const { signer } = world.driver;
        world.driver.signer = () => Promise.reject(new TokenError(failure));
        await assert.rejects(world.login(prescriptions), tokenError(failure));
        assert.equal(world.signatures.length, 1);
        assert.equal(world.ends.length, 1);
        world.driver.signer = signer;
        await settle();
        assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
        assert.deepEqual(world.kinds, ['pin', 'pin']);
      });
    }

    it('is called off when the card is pulled meanwhile: ERR_CARD_REMOVED, at once', async () => {
      world.driver.signer = () => new Promise(() => undefined);
      const login = world.login(prescriptions);
      login.catch(() => undefined);
      await waitUntil(() => world.signatures.length === 1, 'the signature');
      world.pull();
      await assert.rejects(login, kortbroError('ERR_CARD_REMOVED'));
    });
  });
});

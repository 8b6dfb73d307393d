// Login with several certificates: the holder chooses, and nothing is ever "the first".
import assert from 'node:assert/strict';
import { kortbroError } from '../fake-backend.ts';
import { refusals, say } from '../pin/scripted-pinentry.ts';
import { assertTokenOf, inNewWorlds, staysOpen } from './login-checks.ts';
import { journal, type OperationWorld, prescriptions, type CardKey } from './operation-world.ts';

describe('A login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let personal: CardKey;
  let bertils: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa, personal, bertils } = cards);
  });

  describe('with several certificates', () => {
    beforeEach(() => {
      world.policy = world.policyOf({
        sites: [
          { origin: journal, access: 'silent', identity: 'any' },
          { origin: prescriptions, access: 'silent', identity: 'any' },
        ],
      });
    });
    const secondOne = (remembered: string) =>
      `if [ -e '${remembered}' ]; then ${say('OK')}; else touch '${remembered}'; ${say(refusals.notConfirmed)}; fi`;

    it('lets the holder choose, and remembers it for the site until the session ends', async () => {
      await world.insert([hsa, personal]);
      world.pinentry.is({ confirm: secondOne(`${world.pinentry.directory}/once`) });
      assertTokenOf(personal, journal, await world.login());
      assert.deepEqual(world.kinds, ['question', 'question', 'pin']);
      assert.ok(
        world.pinentry.text(0).includes('1\u00a0av\u00a02') && world.pinentry.text(1).includes('2\u00a0av\u00a02'),
      );
      assert.ok(world.pinentry.text(1).includes('199001012385') && world.pinentry.text(2).includes('199001012385'));
      assertTokenOf(personal, journal, await world.login());
      assert.equal(world.pinentry.dialogs.length, 3);
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(world.kinds.slice(3), ['question']);
      world.context.pinSso.endAll('forgotten');
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(world.kinds.slice(4), ['question', 'pin']);
    });

    it('takes none when the holder wants none', async () => {
      await world.insert([hsa, personal]);
      world.pinentry.is({ confirm: say(refusals.notConfirmed) });
      await assert.rejects(world.login(), kortbroError('ERR_USER_CANCELLED'));
      assert.deepEqual(world.kinds, ['question', 'question']);
      world.pinentry.is({ confirm: say(refusals.cancelled) });
      await assert.rejects(world.login(), kortbroError('ERR_USER_CANCELLED'));
      assert.deepEqual(world.kinds, ['question', 'question', 'question']);
      assert.deepEqual(world.driver.calls, []);
    });

    it('on two cards, logs in to the chosen one', async () => {
      await world.insert([hsa]);
      await world.insert([bertils], {}, 'B');
      world.pinentry.is({ confirm: secondOne(`${world.pinentry.directory}/once`) });
      assertTokenOf(bertils, journal, await world.login());
      assert.deepEqual(world.logins, ['login handle of B']);
      assertTokenOf(bertils, journal, await world.login());
      assert.equal(world.pinentry.dialogs.length, 3);
    });

    it('never takes the card whose PIN is given just because it is', async () => {
      await world.insert([hsa]);
      await world.login();
      await world.insert([bertils], {}, 'B');
      assertTokenOf(hsa, prescriptions, await world.login(prescriptions));
      assert.deepEqual(world.kinds, ['pin', 'question']);
    });

    it('of which one cannot be used takes the other without a question', async () => {
      await world.insert([{ ...personal, der: Buffer.from('broken') }, hsa]);
      assertTokenOf(hsa, journal, await world.login());
      assert.deepEqual(world.kinds, ['pin']);
    });

    it('ends the choice when one of the cards is pulled', async () => {
      await world.insert([hsa]);
      await world.insert([bertils], {}, 'B');
      world.pinentry.is({ confirm: staysOpen });
      const login = world.login();
      login.catch(() => undefined);
      await world.dialogs(1);
      world.pull('B');
      await assert.rejects(login, kortbroError('ERR_CARD_REMOVED'));
    });
  });
});

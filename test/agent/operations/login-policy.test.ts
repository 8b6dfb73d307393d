// Policy that changes while a login waits: what counts is what it says when the card is used.
import assert from 'node:assert/strict';
import { kortbroError } from '../fake-backend.ts';
import { sayPin } from '../pin/scripted-pinentry.ts';
import { assertTokenOf, inNewWorlds } from './login-checks.ts';
import { journal, prescriptions, stranger, settings, type CardKey, type OperationWorld } from './operation-world.ts';

describe('A login whose policy changes', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  inNewWorlds((next, cards) => {
    world = next;
    ({ hsa } = cards);
  });
  const slowly = `sleep 0.3; ${sayPin('123456')}`;

  for (const [what, site, code] of [
    ['wants another identity', { identity: 'personal-number' }, 'ERR_CARD_NO_CERTIFICATE'],
    ['wants another issuer', { issuers: ['Another CA'] }, 'ERR_CARD_NO_CERTIFICATE'],
    ['wants a higher assurance level', { minimumAssuranceLevel: 4 }, 'ERR_POLICY_ASSURANCE'],
  ] as const) {
    it(`to one that ${what} while the PIN is typed: it is not sent, nothing is signed`, async () => {
      await world.insert([hsa]);
      world.pinentry.is({ getPin: slowly });
      const login = world.login();
      login.catch(() => undefined);
      await world.dialogs(1);
      world.policy = world.policyOf({ sites: [{ origin: journal, access: 'silent', ...site }] });
      await assert.rejects(login, kortbroError(code));
      assert.deepEqual([world.logins, world.signatures], [[], []]);
    });

    it(`to one that ${what} while the holder is asked: nothing is signed`, async () => {
      await world.insert([hsa]);
      await world.login();
      world.driver.calls.length = 0;
      world.pinentry.is({ confirm: `sleep 0.3; printf 'OK\\n'` });
      const login = world.login(stranger);
      login.catch(() => undefined);
      await world.dialogs(2);
      world.policy = world.policyOf({ sites: [{ origin: stranger, access: 'ask', ...site }] });
      await assert.rejects(login, kortbroError(code));
      assert.deepEqual(world.signatures, []);
    });
  }

  it('to one that asks, while it waits behind another dialog: the holder is asked', async () => {
    await world.insert([hsa]);
    world.pinentry.is({ getPin: slowly });
    const first = world.login();
    await world.dialogs(1);
    const second = world.login(prescriptions);
    world.policy = world.policyOf({ sites: [settings.sites[0], { origin: prescriptions, access: 'ask' }] });
    assertTokenOf(hsa, journal, await first);
    assertTokenOf(hsa, prescriptions, await second);
    assert.deepEqual(world.kinds, ['pin', 'question']);
  });

  it('to one that refuses, while it waits behind another dialog: no dialog is shown for it', async () => {
    await world.insert([hsa]);
    world.pinentry.is({ getPin: slowly });
    const first = world.login();
    await world.dialogs(1);
    const second = world.login(stranger);
    second.catch(() => undefined);
    world.policy = world.policyOf({ ...settings, otherSites: 'refuse' });
    await first;
    await assert.rejects(second, kortbroError('ERR_POLICY_ORIGIN'));
    assert.deepEqual(world.kinds, ['pin']);
  });
});

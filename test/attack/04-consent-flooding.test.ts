// 04, for signing: nobody is worn down into signing. One consent at a time whoever asks, a bounded queue behind it, and a site whose
// consents or PIN dialogs come to nothing three times is muted, for logins too; reading a document holds up nobody's login.
import assert from 'node:assert/strict';
import { limits } from '../../shared/limits.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient } from '../support/signing-client.ts';
import {
  assertRefused,
  atConsent,
  atPin,
  honestSignature,
  newDocument,
  type OpenSigning,
  opened,
  raw,
  sayNo,
  sayYes,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { newNonce, prescriptions, withoutKeyUse } from './target.ts';

describe('04 flooding with consents and PIN dialogs', function () {
  this.timeout(40_000);
  let target: SigningTarget;
  let host: HostClient;

  before(async () => {
    target = await startSigningTarget();
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(async () => {
    await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    target.agent.pinentry.reset();
  });
  afterEach(async () => {
    await honestSignature(target, host);
  });

  const askAgain = (origin: string) => new SigningClient(host, [newDocument()]).open(origin, raw);

  async function assertMuted(origin: string): Promise<void> {
    const other = await target.agent.host();
    for (const asker of [host, other]) {
      const signing = new SigningClient(asker, [newDocument()]);
      assert.equal(codeOf(await signing.open(origin, raw)), 'ERR_POLICY_MUTED');
      assert.equal(codeOf(await asker.authenticate(origin, newNonce()).answer), 'ERR_POLICY_MUTED');
    }
    await other.end();
    assert.deepEqual(target.agent.pinentry.unawaited(), [], 'a dialog was shown');
  }

  const refusals: Readonly<Record<string, [string, (origin: string) => Promise<OpenSigning>]>> = {
    'a consent that is declined': [
      'ERR_USER_DECLINED',
      async (origin) => {
        const open = await atConsent(host, [newDocument()], raw, origin);
        sayNo(open);
        return open;
      },
    ],
    'a PIN dialog that is cancelled': [
      'ERR_USER_CANCELLED',
      async (origin) => {
        const open = await atPin(target.agent, host, [newDocument()], raw, origin);
        target.agent.pinentry.answer('cancel');
        return open;
      },
    ],
    'a PIN dialog that is left alone': [
      'ERR_USER_TIMEOUT',
      async (origin) => {
        const open = await atPin(target.agent, host, [newDocument()], raw, origin);
        target.agent.pinentry.answer('timeout');
        return open;
      },
    ],
  };
  for (const [number, [what, [code, refuse]]] of Object.entries(refusals).entries()) {
    it(`${what} three times in a row mutes its site, for logins too`, async () => {
      const origin = `https://nag${number}.example`;
      await withoutKeyUse(target, async () => {
        for (let i = 0; i < limits.cancelsBeforeMute; i++) {
          const { answer } = await refuse(origin);
          assert.equal(codeOf(await answer), code);
        }
        await assertMuted(origin);
      });
    });
  }

  const withdrawals: Readonly<Record<string, (open: OpenSigning) => void>> = {
    'takes its consent away': ({ signing }) => host.cancel(signing.id),
    'ends its consent by nonsense': ({ signing }) => signing.say({ type: 'taken' }),
    'ends its consent by one more piece': ({ signing }) =>
      signing.say({ type: 'document', document: 0, offset: 0, data: 'AAAA' }),
  };
  for (const [number, [what, withdraw]] of Object.entries(withdrawals).entries()) {
    it(`so does a site that ${what}, again and again`, async () => {
      const origin = `https://flicker${number}.example`;
      await withoutKeyUse(target, async () => {
        for (let i = 0; i < 2 * limits.cancelsBeforeMute; i++) {
          const open = await atConsent(host, [newDocument()], raw, origin);
          withdraw(open);
          assert.match(codeOf(await open.answer) ?? '', /^ERR_REQUEST_(CANCELLED|INVALID)$/);
        }
        await assertMuted(origin);
      });
    });
  }

  it('a decline and a cancelled login count together', async () => {
    const origin = 'https://mixed.example';
    await withoutKeyUse(target, async () => {
      for (let i = 0; i < 2; i++) {
        const open = await atConsent(host, [newDocument()], raw, origin);
        sayNo(open);
        await assertRefused(target, open, 'ERR_USER_DECLINED');
      }
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await host.authenticate(origin, newNonce()).answer), 'ERR_USER_CANCELLED');
      target.agent.pinentry.reset();
      await assertMuted(origin);
    });
  });

  it('one consent at a time, eight wait, the rest is ERR_AGENT_BUSY; the next is shown when the first is answered', async () => {
    await withoutKeyUse(target, async () => {
      const hosts = [host, await target.agent.host()];
      const all: OpenSigning[] = [];
      for (let i = 0; i < 14; i++) {
        // One that finds no place is refused once its bytes are there.
        const open = await opened(hosts[i % 2]!, [newDocument()], raw, `https://one${i}.example`);
        await open.signing.send();
        all.push(open);
      }
      const [first, ...others] = all;
      const busy = others.splice(limits.waitingForDialog);
      for (const { answer } of busy) assert.equal(codeOf(await answer), 'ERR_AGENT_BUSY');
      const shownTo = (open: OpenSigning): boolean =>
        open.signing.host.messages.some(
          (m) => m.type === 'signing' && m.id === open.signing.id && m.stage === 'consent',
        );
      assert.deepEqual(
        all.filter(shownTo).map(({ signing }) => signing.id),
        [first!.signing.id],
      );
      for (const [index, open] of [first!, ...others].entries()) {
        await open.signing.host.until((m) => m.type === 'signing' && m.id === open.signing.id && m.stage === 'consent');
        assert.equal(all.filter(shownTo).length, index + 1);
        sayNo(open);
        assert.equal(codeOf(await open.answer), 'ERR_USER_DECLINED');
      }
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
      await hosts[1]!.end();
    });
  });

  it('a document that is being read holds up nobody: others log in', async () => {
    const { agent, card } = target;
    const open = await withoutKeyUse(target, () => atConsent(host));
    agent.pinentry.answer(`pin ${card.authentication.pin}`);
    assert.equal(codeOf(await host.authenticate(prescriptions, newNonce()).answer), undefined);
    agent.pinentry.reset();
    await withoutKeyUse(target, async () => {
      sayNo(open);
      assert.equal(codeOf(await open.answer), 'ERR_USER_DECLINED');
    });
  });

  it('a consent and a login ask for their PINs one after the other', async () => {
    const { agent } = target;
    await withoutKeyUse(target, async () => {
      const login = host.authenticate(prescriptions, newNonce());
      await agent.pinentry.waitForDialog();
      const open = await atConsent(host);
      sayYes(open);
      assert.equal(codeOf(await host.authenticate('http://localhost', 'x').answer), 'ERR_REQUEST_ORIGIN');
      assert.deepEqual(agent.pinentry.unawaited(), [], 'two dialogs at a time');
      agent.pinentry.answer('cancel');
      assert.equal(codeOf(await login.answer), 'ERR_USER_CANCELLED');
      assert.match((await agent.pinentry.waitForDialog()).prompt, /signatures/);
      agent.pinentry.answer('cancel');
      assert.equal(codeOf(await open.answer), 'ERR_USER_CANCELLED');
    });
  });

  it('a site that signed is forgiven, one that is muted stays so', async () => {
    const origin = 'https://forgiven.example';
    for (let i = 0; i < 2; i++) {
      const open = await atConsent(host, [newDocument()], raw, origin);
      sayNo(open);
      await open.answer;
    }
    await honestSignature(target, host, origin);
    await withoutKeyUse(target, async () => {
      for (let i = 0; i < limits.cancelsBeforeMute; i++) {
        const open = await atConsent(host, [newDocument()], raw, origin);
        sayNo(open);
        assert.equal(codeOf(await open.answer), 'ERR_USER_DECLINED');
      }
      assert.equal(codeOf(await askAgain(origin)), 'ERR_POLICY_MUTED');
    });
  });
});

// 03: no signature that the holder has not agreed to. Every answer but one yes, once, under its own request, to what is being
// shown, with a key that was named, ends in a refusal before a PIN is asked for; and no open PIN session signs anything.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient } from '../support/signing-client.ts';
import {
  assertRefused,
  atConsent,
  atPin,
  honestSignature,
  newDocument,
  opened,
  raw,
  reached,
  sayNo,
  sayYes,
  signingPolicy,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { impose, journal, newNonce, prescriptions, withoutKeyUse } from './target.ts';

describe('03 silent or unwanted signature', function () {
  this.timeout(40_000);
  let target: SigningTarget;
  let host: HostClient;

  before(async () => {
    target = await startSigningTarget();
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(() => target.agent.pinentry.reset());
  afterEach(async () => {
    // Nobody is to be muted by what a test has cancelled.
    await honestSignature(target, host);
  });

  it('without an answer nothing happens: no PIN is asked for, however often the documents are read', async () => {
    await withoutKeyUse(target, async () => {
      const open = await atConsent(host);
      for (let i = 0; i < 20; i++) await open.signing.read('document', 0, open.signing.documents[0]!.content.length);
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
      host.cancel(open.signing.id);
      await assertRefused(target, open, 'ERR_REQUEST_CANCELLED');
    });
  });

  it('a yes that comes before anything is shown is no consent: not before the first byte', async () => {
    await withoutKeyUse(target, async () => {
      const early = await opened(host);
      sayYes(early);
      await assertRefused(target, early, 'ERR_REQUEST_INVALID');
    });
  });

  it('not between two pieces', async () => {
    await withoutKeyUse(target, async () => {
      const between = await opened(host);
      const { content } = between.signing.documents[0]!;
      const [first, rest] = [content.subarray(0, 4), content.subarray(4)].map((part) =>
        Buffer.from(part).toString('base64'),
      );
      between.signing.say({ type: 'document', document: 0, offset: 0, data: first });
      sayYes(between);
      between.signing.say({ type: 'document', document: 0, offset: 4, data: rest });
      await assertRefused(target, between, 'ERR_REQUEST_INVALID');
    });
  });

  it('nor with the last one, in one breath', async () => {
    await withoutKeyUse(target, async () => {
      const withTheLast = await opened(host);
      const whole = Buffer.from(withTheLast.signing.documents[0]!.content).toString('base64');
      withTheLast.signing.say({ type: 'document', document: 0, offset: 0, data: whole });
      sayYes(withTheLast);
      await assertRefused(target, withTheLast, 'ERR_REQUEST_INVALID');
    });
  });

  it('a yes while another consent is shown is none, and leaves that one alone', async () => {
    await withoutKeyUse(target, async () => {
      const shown = await atConsent(host);
      const waiting = await opened(host, [newDocument()], raw, prescriptions);
      await waiting.signing.send();
      sayYes(waiting);
      await assertRefused(target, waiting, 'ERR_REQUEST_INVALID');
      sayNo(shown);
      await assertRefused(target, shown, 'ERR_USER_DECLINED');
    });
  });

  it('another connection cannot answer for a request, whatever it knows of its id', async () => {
    await withoutKeyUse(target, async () => {
      const open = await atConsent(host);
      const other = await target.agent.host();
      for (const id of [open.signing.id, open.signing.id.toUpperCase(), 'x'])
        other.send({ type: 'consent', id, answer: 'sign', certificate: open.consent.keys[0]!.key });
      // Answered in order: what came before has been heard.
      assert.equal(codeOf(await other.authenticate('http://localhost', 'x').answer), 'ERR_REQUEST_ORIGIN');
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
      sayNo(open);
      await assertRefused(target, open, 'ERR_USER_DECLINED');
      await other.end();
    });
  });

  it('a yes that is said twice, or after a no, is a refusal', async () => {
    await withoutKeyUse(target, async () => {
      const twice = await atConsent(host);
      sayYes(twice);
      sayYes(twice);
      const end = await twice.answer;
      assert.equal(codeOf(end), 'ERR_REQUEST_INVALID');
      const changed = await atConsent(host);
      sayNo(changed);
      sayYes(changed);
      await assertRefused(target, changed, 'ERR_USER_DECLINED');
    });
  });

  it('a yes that is taken back at once, or while its PIN waits for another dialog, comes to nothing', async () => {
    const { pinentry } = target.agent;
    await withoutKeyUse(target, async () => {
      const atOnce = await atConsent(host);
      sayYes(atOnce);
      sayNo(atOnce);
      assert.match(codeOf(await atOnce.answer) ?? '', /^ERR_(REQUEST_INVALID|USER_CANCELLED)$/);
    });
    await honestSignature(target, host);
    await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
    await withoutKeyUse(target, async () => {
      const login = host.authenticate(prescriptions, newNonce());
      await pinentry.waitForDialog();
      const behind = await atConsent(host);
      sayYes(behind);
      sayNo(behind);
      // While the other dialog is still open.
      assert.equal(codeOf(await behind.answer), 'ERR_REQUEST_INVALID');
      pinentry.answer('cancel');
      assert.equal(codeOf(await login.answer), 'ERR_USER_CANCELLED');
      assert.deepEqual(pinentry.unawaited(), []);
    });
  });

  it('a no while the PIN is asked for takes its dialog away', async () => {
    await withoutKeyUse(target, async () => {
      const asked = await atPin(target.agent, host);
      sayNo(asked);
      assert.equal(codeOf(await asked.answer), 'ERR_USER_CANCELLED');
      await until(() => target.agent.processesNamed('pinentry').length === 0, 5_000, 'the dialog stays');
    });
  });

  it('a key that was not named signs nothing', async () => {
    const { keys } = target.card.authentication;
    const fingerprint = Buffer.from(keys[0]!.certificate).toString('base64').slice(0, 200);
    for (const key of ['0', '1', '-1', '', '00', ' 0', '0.0', '45', '46', '__proto__', 'constructor', fingerprint]) {
      await withoutKeyUse(target, async () => {
        const open = await atConsent(host);
        assert.deepEqual(
          open.consent.keys.map(({ usage }) => usage),
          ['signature'],
        );
        sayYes(open, key);
        await assertRefused(target, open, 'ERR_REQUEST_INVALID');
      });
      await honestSignature(target, host);
    }
  });

  it('an open PIN session signs nothing: the PIN for signatures is asked for, and its cancel is the end', async () => {
    const { agent, card } = target;
    agent.pinentry.answer(`pin ${card.authentication.pin}`);
    assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), undefined);
    agent.pinentry.reset();
    assert.equal(codeOf(await host.authenticate(journal, newNonce()).answer), undefined);
    assert.deepEqual(agent.pinentry.unawaited(), [], 'the PIN session is open');
    await withoutKeyUse(target, async () => {
      const open = await atPin(agent, host);
      agent.pinentry.answer('cancel');
      assert.equal(codeOf(await open.answer), 'ERR_USER_CANCELLED');
    });
  });

  it('each signature has its own consent and its own PIN, also right after another', async () => {
    await honestSignature(target, host);
    await withoutKeyUse(target, async () => {
      const next = await atConsent(host);
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
      sayYes(next);
      await target.agent.pinentry.waitForDialog();
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await next.answer), 'ERR_USER_CANCELLED');
    });
  });

  it('a yes under a request that is done is heard by nobody', async () => {
    const { agent, card } = target;
    const signing = new SigningClient(host, [newDocument()]);
    agent.pinentry.answer(`pin ${card.signature.pin}`);
    const { answer, consent } = await signing.run(journal, raw);
    assert.deepEqual(answer, { result: { signed: 1 } });
    agent.pinentry.reset();
    await withoutKeyUse(target, async () => {
      for (let i = 0; i < 5; i++) signing.say({ type: 'consent', answer: 'sign', certificate: consent?.keys[0]?.key });
      assert.equal(codeOf(await host.authenticate('http://localhost', 'x').answer), 'ERR_REQUEST_ORIGIN');
      assert.deepEqual(agent.pinentry.unawaited(), []);
    });
  });

  it('a yes after the card has left comes too late, also when the same card is back', async () => {
    const { simulator } = target.agent;
    await withoutKeyUse(target, async () => {
      const open = await atConsent(host);
      await simulator.remove();
      await simulator.insert('anna');
      sayYes(open);
      await assertRefused(target, open, 'ERR_CARD_REMOVED');
    });
  });

  it('a card that leaves while its PIN is typed takes the consent with it', async () => {
    const { pinentry, simulator } = target.agent;
    await withoutKeyUse(target, async () => {
      const open = await atPin(target.agent, host);
      await simulator.remove();
      await simulator.insert('anna');
      pinentry.answer(`pin ${target.card.signature.pin}`);
      assert.match(codeOf(await open.answer) ?? '', /^ERR_CARD_(REMOVED|CHANGED)$/);
    });
  });

  it('sites that policy refuses, and origins that are none, are not even asked for their bytes', async () => {
    await withoutKeyUse(target, async () => {
      for (const [origin, code] of [
        ['https://barred.example', 'ERR_POLICY_ORIGIN'],
        ['http://localhost', 'ERR_REQUEST_ORIGIN'],
        ['null', 'ERR_REQUEST_ORIGIN'],
        ['https://journal.example/', 'ERR_REQUEST_ORIGIN'],
      ] as const) {
        const signing = new SigningClient(host, [newDocument()]);
        assert.equal(codeOf(await signing.open(origin, raw)), code, origin);
      }
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
    });
  });

  it('what policy takes away between the consent and the PIN is gone', async () => {
    const { agent, card } = target;
    await withoutKeyUse(target, async () => {
      const open = await atPin(agent, host, [newDocument(), newDocument()]);
      await impose(target, host, signingPolicy({ documents: 1 }));
      agent.pinentry.answer(`pin ${card.signature.pin}`);
      assert.equal(codeOf(await open.answer), 'ERR_POLICY_SIGNING');
    });
    await impose(target, host, signingPolicy());
    await withoutKeyUse(target, async () => {
      const open = await atPin(agent, host);
      await reached(open, 'progress');
      await impose(target, host, { sites: [{ origin: journal, access: 'refuse' }] });
      agent.pinentry.answer(`pin ${card.signature.pin}`);
      assert.equal(codeOf(await open.answer), 'ERR_POLICY_ORIGIN');
    });
    await impose(target, host, signingPolicy());
  });
});

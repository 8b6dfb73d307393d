// 11: a PIN is tried only when the holder has typed it, once; nobody locks a card by asking. On the simulator and on the
// virtual IDPrime 940 alike.
import assert from 'node:assert/strict';
import { type PinentryAnswer } from '../../demo/pinentry-script.ts';
import { codeOf, type Answer, type HostClient } from '../support/host-client.ts';
import { randomPin } from '../support/test-cards.ts';
import { assertEndsConnection, honestLogin, journal, newNonce, startTarget, type Target } from './target.ts';
import { startVirtualTarget, virtualUnavailable } from './virtual-target.ts';

/** A card that tells what became of its PIN. */
interface PinWorld {
  readonly target: Target;
  tries(): Promise<number>;
  setTries(tries: number): Promise<void>;
  /** Signatures and, where the card counts them apart, PINs sent; APDUs where there are any. */
  used(): Promise<unknown>;
  /** PINs sent, or what cannot be told from it. */
  pinsSent(): Promise<number>;
  /** How many of those a request costs that only looks whether the card is still locked: an APDU, where a login takes three. */
  readonly looksAtLockedCard: number;
  stop(): Promise<void>;
}

async function simulatedWorld(): Promise<PinWorld> {
  const target = await startTarget();
  const { simulator } = target.agent;
  return {
    target,
    tries: async () => (await simulator.state()).cards['anna']?.triesLeft ?? -1,
    setTries: async (tries) => {
      await simulator.setTriesLeft('anna', tries);
    },
    used: () => target.agent.keyUse('anna'),
    pinsSent: async () => (await target.agent.keyUse('anna')).logins,
    looksAtLockedCard: 0,
    stop: () => target.agent.stop(),
  };
}

async function virtualWorld(): Promise<PinWorld> {
  const target = await startVirtualTarget();
  const { stack } = target;
  return {
    target,
    tries: async () => (await stack.pinState('anna')).triesLeft,
    setTries: (tries) => stack.setTriesLeft('anna', tries),
    used: () => stack.counts(),
    pinsSent: async () => (await stack.counts()).apdus,
    looksAtLockedCard: 1,
    stop: () => target.agent.stop(),
  };
}

for (const [name, start, obstacle] of [
  ['on the simulator', simulatedWorld, undefined],
  ['on the virtual IDPrime 940', virtualWorld, virtualUnavailable()],
] as const) {
  const title = `11 PIN brute force and card lock, ${name}`;
  const suite = obstacle === undefined ? describe : describe.skip;
  suite(obstacle === undefined ? title : `${title} (not run: ${obstacle})`, function () {
    this.timeout(40_000);
    let world: PinWorld;
    let target: Target;
    let host: HostClient;

    before(async () => {
      world = await start();
      ({ target } = world);
      host = await target.agent.host();
      await cardRead();
    });
    after(async () => world.stop());

    afterEach(async () => {
      target.agent.pinentry.reset();
      await fresh();
    });

    /** All tries back, nobody logged in, and the agent knows. */
    async function fresh(): Promise<void> {
      await world.setTries(3);
      await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
      await cardRead();
    }

    /** Waits until the card is in and read; the state that the agent believes in is then the card's own. */
    async function cardRead(): Promise<void> {
      for (let from = 0; ; from = host.messages.length) {
        const answer = await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
        if (/"card":"ready"/.test(JSON.stringify(answer))) return;
        await host.until((message) => message.type === 'event', from);
      }
    }

    /** A login of a site of its own, whose dialogs are answered so. */
    async function login(...answers: PinentryAnswer[]): Promise<Answer> {
      target.agent.pinentry.reset();
      target.agent.pinentry.answer(...answers);
      const answer = await host.authenticate(`https://${randomPin()}.example`, newNonce()).answer;
      assert.equal(target.agent.pinentry.unawaited().length, answers.length, 'dialogs');
      return answer;
    }

    const triesIn = (answer: Answer) => ('error' in answer ? answer.error.triesLeft : undefined);

    it('a wrong PIN costs one try and is not sent again; the last try is confirmed first; locked, nothing is sent at all', async () => {
      const first = await login(`pin ${randomPin()}`);
      assert.deepEqual([codeOf(first), triesIn(first), await world.tries()], ['ERR_PIN_WRONG', 2, 2]);
      const second = await login(`pin ${randomPin()}`);
      assert.deepEqual([codeOf(second), triesIn(second), await world.tries()], ['ERR_PIN_WRONG', 1, 1]);

      assert.deepEqual([codeOf(await login('cancel')), await world.tries()], ['ERR_USER_CANCELLED', 1]);
      const [shown] = target.agent.pinentry.unawaited();
      assert.equal(shown?.kind, 'confirmation');
      assert.match(shown.description, /Only one try is left/);

      assert.deepEqual([codeOf(await login('ok', `pin ${randomPin()}`)), await world.tries()], ['ERR_PIN_LOCKED', 0]);
      const before = await world.pinsSent();
      for (let i = 0; i < 5; i++) assert.equal(codeOf(await login()), 'ERR_PIN_LOCKED');
      assert.ok((await world.pinsSent()) - before <= world.looksAtLockedCard * 5, 'a PIN was sent to a locked card');

      await fresh();
      await honestLogin(target, host);
    });

    it('what cannot be a PIN costs no try', async () => {
      const answers: [PinentryAnswer, string][] = [
        ['pin 123', 'ERR_PIN_FORMAT'],
        ['pin 1234567890123', 'ERR_PIN_FORMAT'],
        ['pin 12345a', 'ERR_PIN_FORMAT'],
        ['pin 12 456', 'ERR_PIN_FORMAT'],
        ['pin %31%32%', 'ERR_PIN_FORMAT'],
        ['pin ', 'ERR_PIN_FORMAT'],
        ['ok', 'ERR_PIN_FORMAT'],
        ['garbage', 'ERR_PIN_PROMPT'],
        ['crash', 'ERR_PIN_PROMPT'],
        ['timeout', 'ERR_USER_TIMEOUT'],
      ];
      for (const [answer, code] of answers) assert.equal(codeOf(await login(answer)), code, answer);
      assert.equal(await world.tries(), 3);
      await honestLogin(target, host);
    });

    it('ten requests at once and one wrong PIN cost one try', async () => {
      const { pinentry } = target.agent;
      pinentry.reset();
      const asked = Array.from({ length: 9 }, () => host.authenticate(`https://${randomPin()}.example`, newNonce()));
      pinentry.answer(`pin ${randomPin()}`, ...Array.from({ length: 8 }, () => 'cancel' as const));
      const codes = (await Promise.all(asked.map(({ answer }) => answer))).map(codeOf).sort();
      assert.deepEqual(codes, ['ERR_PIN_WRONG', ...Array.from({ length: 8 }, () => 'ERR_USER_CANCELLED')].sort());
      assert.equal(await world.tries(), 2);
      await honestLogin(target, host);
    });

    it('no PIN comes from a page', async () => {
      const before = await world.used();
      for (const more of [
        { pin: target.anna.pin },
        { caller: { kind: 'page', origin: journal, pin: target.anna.pin } },
      ]) {
        const request = {
          type: 'request',
          id: 'a',
          language: 'en',
          verb: 'authenticate',
          nonce: newNonce(),
          caller: { kind: 'page', origin: journal },
          ...more,
        };
        await assertEndsConnection(target.agent, JSON.stringify(request));
      }
      assert.deepEqual(await world.used(), before);
      await honestLogin(target, host);
    });

    it('a card that another program locks while the dialog is open gets no PIN', async () => {
      const { pinentry } = target.agent;
      pinentry.reset();
      const { answer } = host.authenticate('https://patient.example', newNonce());
      await pinentry.waitForDialog();
      await world.setTries(0);
      assert.equal(codeOf(await answer), 'ERR_PIN_LOCKED');
      assert.equal(await world.tries(), 0);
    });

    it('a card that another program brings to its last try while the dialog is open gets no PIN without a second question', async () => {
      const { pinentry } = target.agent;
      pinentry.reset();
      const { answer } = host.authenticate('https://patient.example', newNonce());
      await pinentry.waitForDialog();
      await world.setTries(1);
      // Typed at once, before anybody could have looked at the card again: the PIN is kept back, and the question asked.
      pinentry.answer(`pin ${randomPin()}`);
      assert.equal((await pinentry.waitForDialog()).kind, 'confirmation');
      pinentry.answer('cancel');
      assert.equal(codeOf(await answer), 'ERR_USER_CANCELLED');
      assert.equal(await world.tries(), 1);
    });

    it('a request that is cancelled as the PIN is typed spends at most that one try, and is answered once', async () => {
      const { pinentry } = target.agent;
      for (let round = 0; round < 3; round++) {
        pinentry.reset();
        await world.setTries(3);
        const from = host.messages.length;
        const { id, answer } = host.authenticate('https://hasty.example', newNonce());
        await pinentry.waitForDialog();
        pinentry.answer(`pin ${randomPin()}`);
        host.cancel(id);
        assert.match(codeOf(await answer) ?? '', /^ERR_(REQUEST_CANCELLED|PIN_WRONG)$/);
        await cardRead();
        assert.ok((await world.tries()) >= 2);
        assert.equal(host.messages.slice(from).filter((message) => 'id' in message && message.id === id).length, 1);
      }
    });
  });
}

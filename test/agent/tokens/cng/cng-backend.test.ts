// What a card through CNG is asked, in which order, and what its refusals come to.
import assert from 'node:assert/strict';
import { CngBackend } from '../../../../agent/tokens/cng/cng-backend.ts';
import { openBackend } from '../../../../agent/tokens/open-backend.ts';
import { type PinSignature, type TokenDescription, TokenError } from '../../../../agent/tokens/token.ts';
import { PlayedCards, PlayedCng } from './played-cng.ts';

const idprime = Buffer.from('3b7f96000080318065b0855956fb120ffe829000', 'hex');
const unknown = Uint8Array.of(0x3b, 0x00);
const digest = new Uint8Array(32);
const typed = (text = '123456'): Buffer => Buffer.from(text);

describe('CNG elsewhere than on Windows', () => {
  it('is a driver that is missing', async function () {
    if (process.platform === 'win32') this.skip();
    const opening = openBackend({ type: 'cng' }, () => undefined);
    await assert.rejects(opening, { failure: 'ERR_AGENT_DRIVER_MISSING', native: 'CNG is part of Windows' });
  });
});

describe('A card through CNG', () => {
  let calls: string[];
  let cng: PlayedCng;
  let cards: PlayedCards;
  let backend: CngBackend;
  let token: TokenDescription;

  beforeEach(() => {
    calls = [];
    cng = new PlayedCng(calls);
    cards = new PlayedCards(calls);
    backend = new CngBackend(cng, cards);
    cng.keys = [
      { reader: 'A', container: 'one', certificate: 'first', pin: 1 },
      { reader: 'A', container: 'two', certificate: 'second', pin: 1 },
    ];
    cng.guids.set('A', 'aaaa');
  });

  /** Binds the card in A; what led there is forgotten. */
  async function bound(atr: Uint8Array = idprime): Promise<void> {
    if (atr === idprime) {
      cards.identity = 'anna';
      cards.pin = { state: 'ok', triesLeft: 3 };
    }
    const [first] = await backend.bind('A', atr, false);
    assert.ok(first);
    token = first;
    calls.length = 0;
  }

  const login = (confirmed = false): Promise<void> => backend.login(token.handle, typed(), confirmed);
  const sign = (): Promise<Uint8Array> => backend.sign(token.handle, token.certificates[0]?.id ?? '', 'RS256', digest);
  const sent = (): string[] => calls.filter((call) => call.startsWith('setPin'));

  describe('at a signature for its PIN', () => {
    const wanted = (changes: Partial<PinSignature> = {}): PinSignature => {
      const certificate = token.certificates[0]?.id ?? '';
      return { certificate, algorithm: 'RS256', digest, finalTryConfirmed: false, ...changes };
    };
    const signed = (changes: Partial<PinSignature> = {}, pin = typed()): Promise<Uint8Array> =>
      backend.signWithPin(token.handle, wanted(changes), pin);

    it('is asked who it is, gets the PIN, signs once and is reset', async () => {
      await bound();
      const pin = typed();
      assert.deepEqual(await signed({}, pin), Uint8Array.of(1));
      assert.deepEqual(calls.slice(-4), ['card facts', 'setPin one', 'sign one pkcs1 SHA256', 'reset A']);
      assert.equal(cng.openKeys, 0);
      assert.deepEqual(pin, Buffer.alloc(6));
      await assert.rejects(sign(), { failure: 'login-lost' });
    });

    it('stays logged in to where it was before', async () => {
      await bound();
      await login();
      calls.length = 0;
      await signed();
      assert.deepEqual(
        calls.filter((call) => /^(?:setPin|sign|reset)/.test(call)),
        ['reset A', 'setPin one', 'sign one pkcs1 SHA256'],
      );
      await sign();
    });

    it('gets no PIN for what it cannot sign, or for the last try unconfirmed', async () => {
      await bound();
      await assert.rejects(signed({ certificate: 'none' }), { failure: 'ERR_CARD_FAILED' });
      await assert.rejects(signed({ digest: new Uint8Array(20) }), { failure: 'ERR_CARD_FAILED' });
      await assert.rejects(signed({ algorithm: 'ES256' }), { failure: 'ERR_CARD_FAILED' });
      cards.pin = { state: 'final', triesLeft: 1 };
      await assert.rejects(signed(), { failure: 'final-try-unconfirmed' });
      cards.identity = 'bertil';
      await assert.rejects(signed({ finalTryConfirmed: true }), { failure: 'ERR_CARD_CHANGED' });
      assert.deepEqual(sent(), []);
    });

    it('is reset when it fails after the PIN, and not when the PIN was wrong', async () => {
      await bound();
      cng.failures.set('sign', 0x80090020);
      await assert.rejects(signed(), { failure: 'ERR_CARD_FAILED' });
      assert.equal(calls.at(-1), 'reset A');
      cng.failures.clear();
      await bound();
      cng.failures.set('setPin', 0x8010006b);
      await assert.rejects(signed(), { failure: 'ERR_PIN_WRONG' });
      assert.deepEqual(
        calls.filter((call) => call.startsWith('reset')),
        [],
      );
      assert.equal(sent().length, 1);
    });
  });

  describe('when it is bound', () => {
    it('is one token for each PIN, with what names the card and the PIN’s state where the card tells it', async () => {
      cng.keys = [
        { reader: 'A', container: 'one', certificate: 'first', pin: 1 },
        { reader: 'A', container: 'two', certificate: 'second', pin: 3, pinPad: true, group: 'ECDSA' },
        { reader: 'A', container: 'three', certificate: 'third', pin: 1 },
      ];
      cards.identity = 'anna';
      cards.pin = { state: 'ok', triesLeft: 3 };
      const tokens = await backend.bind('A', idprime, false);
      assert.deepEqual(
        tokens.map((one) => [
          one.certificates.map(({ label }) => label),
          one.mechanisms,
          one.protectedAuthenticationPath,
          one.identity,
          one.serialNumber,
          // The question by APDU is about one PIN.
          one.pin,
        ]),
        [
          [['one', 'three'], ['CKM_RSA_PKCS'], false, 'anna', 'aaaa', { state: 'unknown' }],
          [['two'], ['CKM_ECDSA'], true, 'anna', 'aaaa', { state: 'unknown' }],
        ],
      );
      await bound();
      assert.equal(cng.openKeys, 0);
    });

    it('tells the PIN’s state of a known card with one PIN', async () => {
      await bound();
      assert.deepEqual([token.pin, token.identity], [{ state: 'ok', triesLeft: 3 }, 'anna']);
    });

    it('is reset first where that is wanted', async () => {
      await backend.bind('A', idprime, true);
      assert.equal(calls[0], 'reset A');
    });

    it('is none when no provider has a certificate for it', async () => {
      cng.keys = [];
      assert.deepEqual(await backend.bind('A', unknown, false), []);
      cng.failures.set('listKeys', 0x8010000d);
      assert.deepEqual(await backend.bind('A', unknown, false), []);
    });

    it('is refused when it is exchanged while it is read', async () => {
      cards.identity = 'anna';
      cng.listKeys = () => {
        cards.identity = 'bertil';
        return Promise.resolve([{ name: 'one', algorithm: 'RSA', keySpec: 1 }]);
      };
      await assert.rejects(backend.bind('A', idprime, false), { failure: 'ERR_CARD_CHANGED' });
    });

    it('is refused when its keys are said to be on two cards', async () => {
      let asked = 0;
      const honest = cng.keyProperty;
      cng.keyProperty = (key, property) =>
        property === 'SmartCardGuid' ? Promise.resolve(Buffer.from([++asked])) : honest(key, property);
      await assert.rejects(backend.bind('A', unknown, false), { failure: 'ERR_CARD_CHANGED' });
    });
  });

  describe('at a login', () => {
    it('is asked who it is right before the PIN, which is sent once, and zeroed', async () => {
      await bound();
      const pin = typed();
      await backend.login(token.handle, pin, false);
      assert.deepEqual(calls, ['openKey \\\\.\\A\\one', 'openKey \\\\.\\A\\two', 'card facts', 'setPin one']);
      assert.ok(pin.every((byte) => byte === 0));
    });

    it('hears no PIN when it says that it is another', async () => {
      await bound();
      cards.identity = 'bertil';
      await assert.rejects(login(), { failure: 'ERR_CARD_CHANGED' });
      assert.deepEqual(sent(), []);
      await assert.rejects(login(), { failure: 'ERR_CARD_REMOVED' }, 'it has to be bound again');
    });

    it('hears no PIN when the provider says that it is another', async () => {
      await bound(unknown);
      cng.guids.set('A', 'bbbb');
      await assert.rejects(login(), { failure: 'ERR_CARD_CHANGED' });
      assert.deepEqual([sent(), cng.openKeys], [[], 0]);
    });

    it('hears no PIN when a key is gone from it', async () => {
      await bound(unknown);
      cng.keys = cng.keys.slice(0, 1);
      await assert.rejects(login(), { failure: 'ERR_CARD_CHANGED' });
      assert.deepEqual([sent(), cng.openKeys], [[], 0]);
    });

    it('hears no PIN when that is locked, or has an unconfirmed last try', async () => {
      await bound();
      cards.pin = { state: 'locked', triesLeft: 0 };
      await assert.rejects(login(true), { failure: 'ERR_PIN_LOCKED', triesLeft: 0 });
      cards.pin = { state: 'final', triesLeft: 1 };
      await assert.rejects(login(), { failure: 'final-try-unconfirmed', triesLeft: 1 });
      assert.deepEqual([sent(), cng.openKeys], [[], 0]);
      await login(true);
      assert.deepEqual(sent(), ['setPin one']);
    });

    it('hears no PIN that is empty, too long or not of printable ASCII', async () => {
      await bound();
      for (const text of ['', '1'.repeat(128), 'pin\0', 'åäö']) {
        const pin = typed(text);
        await assert.rejects(backend.login(token.handle, pin, true), { failure: 'ERR_PIN_FORMAT' });
        assert.ok(pin.every((byte) => byte === 0));
      }
      assert.deepEqual(calls, []);
    });

    it('tells of a wrong PIN with the tries that it tells itself', async () => {
      await bound();
      cng.failures.set('setPin', 0x8010006b);
      cng.setPin = afterwards(cng.setPin, () => (cards.pin = { state: 'low', triesLeft: 2 }));
      await assert.rejects(login(), { failure: 'ERR_PIN_WRONG', triesLeft: 2 });
      await assert.rejects(sign(), { failure: 'login-lost' });
      assert.equal(cng.openKeys, 0);
      cng.failures.clear();
      await login();
    });

    it('tells of a wrong PIN without a number where the card tells none', async () => {
      await bound(unknown);
      cng.failures.set('setPin', 0x8010006b);
      const error: unknown = await login().catch((failure: unknown) => failure);
      assert.ok(error instanceof TokenError);
      assert.deepEqual([error.failure, error.triesLeft], ['ERR_PIN_WRONG', undefined]);
      assert.deepEqual(sent(), ['setPin one'], 'one key has heard it, and no second');
    });

    it('is locked when the provider says so, until it is bound anew', async () => {
      await bound(unknown);
      cng.failures.set('setPin', 0x8010006c);
      await assert.rejects(login(), { failure: 'ERR_PIN_LOCKED', triesLeft: 0 });
      assert.deepEqual(await backend.pinStatus(token.handle), { state: 'locked', triesLeft: 0 });
      await assert.rejects(login(), { failure: 'ERR_PIN_LOCKED' });
      assert.equal(sent().length, 1);
      cng.failures.clear();
      await bound(unknown);
      await login();
    });

    it('is reset when it is logged in already', async () => {
      await bound();
      await login();
      calls.length = 0;
      await login();
      assert.equal(calls[0], 'reset A');
    });

    it('tells every key of a vendor’s provider the PIN, until one refuses it', async () => {
      const provider = 'Testsson Smart Card Key Storage Provider';
      cng.implementations.set(provider, 0x1);
      cng.stored = ['one', 'two'].map((container) => ({
        provider,
        providerType: 0,
        container,
        keySpec: 1,
        certificate: Buffer.from(container),
      }));
      cng.keys = cng.keys.map((key) => ({ ...key, provider }));
      await bound(unknown);
      await login();
      assert.deepEqual(sent(), ['setPin one', 'setPin two']);
      cng.failures.set('setPin', 0x8010006b);
      calls.length = 0;
      await assert.rejects(login(), { failure: 'ERR_PIN_WRONG' });
      assert.deepEqual(sent(), ['setPin one']);
    });

    it('is removed when its reader says so, after a failure that says nothing', async () => {
      await bound();
      cng.failures.set('setPin', 0x80090020);
      cards.absence = new TokenError('ERR_CARD_REMOVED');
      await assert.rejects(login(), { failure: 'ERR_CARD_REMOVED' });
    });
  });

  describe('at a signature', () => {
    it('signs with the key of the certificate, and asks nothing else', async () => {
      await bound();
      await login();
      calls.length = 0;
      await backend.sign(token.handle, token.certificates[1]?.id ?? '', 'PS256', digest);
      assert.deepEqual(calls, ['sign two pss SHA256']);
    });

    it('has no login before a PIN', async () => {
      await bound();
      await assert.rejects(sign(), { failure: 'login-lost' });
      assert.deepEqual(calls, []);
    });

    it('has lost it when the provider would ask again, and is bound no more', async () => {
      for (const code of [0x80090022, 0x8010006a, 0x80100068]) {
        cng.failures.clear();
        await bound();
        await login();
        cng.failures.set('sign', code);
        await assert.rejects(sign(), { failure: 'login-lost' });
        assert.equal(cng.openKeys, 0);
      }
    });

    it('tells of a PIN that the provider finds wrong only now, and asks with it no more', async () => {
      await bound();
      await login();
      cng.failures.set('sign', 0x8010006b);
      cards.pin = { state: 'low', triesLeft: 2 };
      await assert.rejects(sign(), { failure: 'ERR_PIN_WRONG', triesLeft: 2 });
      cng.failures.clear();
      calls.length = 0;
      await assert.rejects(sign(), { failure: 'login-lost' });
      assert.deepEqual([calls, cng.openKeys], [[], 0]);
    });

    it('tells of a PIN that the provider finds blocked only now', async () => {
      await bound(unknown);
      await login();
      cng.failures.set('sign', 0x8010006c);
      await assert.rejects(sign(), { failure: 'ERR_PIN_LOCKED', triesLeft: 0 });
      await assert.rejects(login(), { failure: 'ERR_PIN_LOCKED' });
      assert.equal(sent().length, 1);
    });

    it('has no key for a certificate that is not its own', async () => {
      await bound();
      await login();
      await assert.rejects(backend.sign(token.handle, 'other', 'RS256', digest), { failure: 'ERR_CARD_FAILED' });
    });
  });

  describe('at its end', () => {
    it('is reset when it is to forget the PIN, and is bound no more', async () => {
      await bound();
      await login();
      calls.length = 0;
      await backend.lock(token.handle);
      assert.deepEqual([calls, cng.openKeys], [['reset A'], 0]);
      await assert.rejects(sign(), { failure: 'ERR_CARD_REMOVED' });
    });

    it('is not touched when it is released', async () => {
      await bound();
      await login();
      calls.length = 0;
      await backend.release('A');
      assert.deepEqual([calls, cng.openKeys], [[], 0]);
      await assert.rejects(backend.pinStatus(token.handle), { failure: 'ERR_CARD_REMOVED' });
    });

    it('is reset when the agent is gone and somebody is logged in, and only then', async () => {
      await bound();
      await backend.forgetPins();
      assert.deepEqual(calls, []);
      await login();
      calls.length = 0;
      await backend.forgetPins();
      assert.deepEqual(calls, ['reset A']);
    });
  });
});

/** The same call, with something that happens at it. */
function afterwards<A extends unknown[], T>(
  call: (...values: A) => Promise<T>,
  happen: () => unknown,
): (...values: A) => Promise<T> {
  return async (...values) => {
    happen();
    return call(...values);
  };
}

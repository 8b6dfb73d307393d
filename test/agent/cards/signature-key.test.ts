// Keys for signatures and their PINs, and what a driver's answer comes to before anybody sees it.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { type BoundToken, bindToken } from '../../../agent/cards/bound-token.ts';
import { pinAfter } from '../../../agent/cards/pin-after.ts';
import { onePerCard, signWithPin } from '../../../agent/cards/signature-key.ts';
import { signDigest } from '../../../agent/tokens/simulator/simulated-key.ts';
import { TokenError, type TokenDescription } from '../../../agent/tokens/token.ts';
import { signatureKeys } from '../../support/signature-keys.ts';
import { certificateOf, extension } from '../certificates/der.ts';
import { description, FakeBackend, tokenError } from '../fake-backend.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const nonRepudiation = extension('2.5.29.15', Buffer.from([0x03, 0x02, 0x06, 0x40]), true);
const login = { id: '45', label: 'Legitimering', der: certificateOf() };
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
const signature = { id: '46', label: 'Underskrift', der: certificateOf({ extensions: [nonRepudiation], publicKey }) };

const digest = createHash('sha256').update('what is signed').digest();
const wanted = { algorithm: 'ES256' as const, digest, finalTryConfirmed: false };

describe('A key for signatures', () => {
  let backend: FakeBackend;
  let gone: AbortController;
  const tokenOf = (...certificates: TokenDescription['certificates']): BoundToken =>
    bindToken(description({ certificates }), {
      reader: 'A',
      generation: '1',
      backend,
      gone: gone.signal,
      namesItself: false,
    });
  const pinNamed = (text = '654321'): Buffer => Buffer.from(text);
  const never = new AbortController().signal;

  beforeEach(() => {
    backend = new FakeBackend();
    backend.signer = (_handle, _id, algorithm, bytes) => signDigest(keys.privateKey, algorithm, bytes);
    gone = new AbortController();
  });

  it('knows whether it wants the PIN for each signature as far as its driver tells', () => {
    const [told] = signatureKeys([tokenOf({ ...signature, alwaysAuthenticate: true })]);
    const [untold] = signatureKeys([tokenOf(signature)]);
    assert.deepEqual([told?.key.alwaysAuthenticate, untold?.key.alwaysAuthenticate], [true, undefined]);
  });

  it('gives the signature that its driver made for the PIN, once', async () => {
    const [key] = signatureKeys([tokenOf(signature)]);
    const pin = pinNamed();
    const made = await signWithPin(key!, { ...wanted, finalTryConfirmed: true }, pin, never);
    assert.equal(made.length, 64);
    assert.deepEqual([backend.calls, backend.pins], [['signWithPin h1 46 ES256 final'], ['654321']]);
    assert.deepEqual(pin, Buffer.alloc(6));
  });

  it('gives no signature that another key made, or that is over something else', async () => {
    const [key] = signatureKeys([tokenOf(signature)]);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const liars: FakeBackend['signer'][] = [
      (_handle, _id, algorithm, bytes) => signDigest(other, algorithm, bytes),
      (_handle, _id, algorithm) => signDigest(keys.privateKey, algorithm, Buffer.alloc(32, 1)),
      () => new Uint8Array(),
      () => new Uint8Array(64),
    ];
    for (const signer of liars) {
      backend.signer = signer;
      await assert.rejects(signWithPin(key!, wanted, pinNamed(), never), tokenError('ERR_CARD_FAILED'));
    }
    assert.equal(backend.calls.length, liars.length);
  });

  it('sends nothing when the caller has given up, or the card has left', async () => {
    const [key] = signatureKeys([tokenOf(signature)]);
    const pin = pinNamed();
    await assert.rejects(signWithPin(key!, wanted, pin, AbortSignal.abort(new Error('enough'))), /enough/);
    assert.deepEqual(pin, Buffer.alloc(6));
    gone.abort(new Error('left'));
    await assert.rejects(signWithPin(key!, wanted, pinNamed(), never), /left/);
    assert.deepEqual(backend.calls, []);
  });

  it('remembers of its token what a refusal tells of the PIN, and that it is well after the right one', async () => {
    const [key] = signatureKeys([tokenOf(signature)]);
    for (const [failure, triesLeft] of [
      ['ERR_PIN_WRONG', 1],
      ['ERR_PIN_LOCKED', 0],
      ['ERR_CARD_FAILED', undefined],
    ] as const) {
      backend.loginInstead = () => {
        throw new TokenError(failure, triesLeft === undefined ? {} : { triesLeft });
      };
      await assert.rejects(signWithPin(key!, wanted, pinNamed(), never), tokenError(failure));
      assert.equal(key!.token.pin.state, failure === 'ERR_PIN_WRONG' ? 'final' : 'locked');
    }
    backend.loginInstead = undefined;
    await signWithPin(key!, wanted, pinNamed(), never);
    assert.deepEqual(key!.token.pin, { state: 'ok' });
  });
});

describe('The tokens of a card', () => {
  const tokenOf = (serialNumber: string, ...certificates: TokenDescription['certificates']): BoundToken => {
    const { signal: gone } = new AbortController();
    const place = { reader: 'A', generation: '1', backend: new FakeBackend(), gone, namesItself: false };
    return bindToken(description({ serialNumber, certificates }), place);
  };

  it('are one card to its holder: that of its login keys', () => {
    const [one, two, other] = [tokenOf('1', login), tokenOf('1', signature), tokenOf('2', signature)];
    assert.deepEqual(onePerCard([one, two]), [one]);
    assert.deepEqual(onePerCard([two, one]), [one]);
    assert.deepEqual(onePerCard([one, two, other]), [one, other]);
  });

  it('are all shown where none of them has a login key, and where each has one', () => {
    const blank = [tokenOf('1'), tokenOf('1', signature)];
    assert.deepEqual(onePerCard(blank), blank);
    const both = [tokenOf('1', login), tokenOf('1', login, signature)];
    assert.deepEqual(onePerCard(both), both);
    assert.deepEqual(onePerCard([]), []);
  });
});

describe('What a refusal tells of the PIN', () => {
  const cases: [string, Parameters<typeof pinAfter>[0], ReturnType<typeof pinAfter>][] = [
    ['locked', { failure: 'ERR_PIN_LOCKED' }, { state: 'locked', triesLeft: 0 }],
    ['the last try', { failure: 'final-try-unconfirmed' }, { state: 'final', triesLeft: 1 }],
    ['two left', { failure: 'ERR_PIN_WRONG', triesLeft: 2 }, { state: 'low', triesLeft: 2 }],
    ['one left', { failure: 'ERR_PIN_WRONG', triesLeft: 1 }, { state: 'final', triesLeft: 1 }],
    ['none left', { failure: 'ERR_PIN_WRONG', triesLeft: 0 }, { state: 'locked', triesLeft: 0 }],
    ['no number', { failure: 'ERR_PIN_WRONG' }, { state: 'low' }],
    ['nothing', { failure: 'ERR_CARD_FAILED' }, undefined],
  ];
  for (const [name, failure, status] of cases) it(name, () => assert.deepEqual(pinAfter(failure), status));
});

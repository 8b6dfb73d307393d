// The simulated card with a PIN for signatures of its own, through a real module host and the agent's way to a signature: every promise
// of TokenBackend.signWithPin that needs no hardware.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindCard } from '../../../agent/cards/bind-card.ts';
import { type BoundToken } from '../../../agent/cards/bound-token.ts';
import { signWithPin } from '../../../agent/cards/signature-key.ts';
import { ModuleHost } from '../../../agent/tokens/module-host.ts';
import { writeSimulatedCard } from '../../../agent/tokens/simulator/simulated-card-file.ts';
import { SimulatorControl } from '../../../agent/tokens/simulator/simulator-control.ts';
import { type SignatureAlgorithm } from '../../../agent/tokens/token.ts';
import { signatureKeys, type SignatureKey } from '../../support/signature-keys.ts';
import {
  simulatedCard,
  simulatedTwoPinCard,
  testCard,
  twoPinCard,
  type TwoPinTestCard,
} from '../../support/test-cards.ts';
import { failsWith, firstReader } from './simulated-world.ts';

const message = Buffer.from('what is signed');
const wrongPin = '00000000';
const algorithms: readonly SignatureAlgorithm[] = ['RS256', 'PS512', 'ES256', 'ES384'];

describe('a simulated card with a PIN for signatures', () => {
  let directory: string;
  let control: SimulatorControl;
  let host: ModuleHost;
  let anna: TwoPinTestCard;
  let bertil: TwoPinTestCard;
  let onePin: string;
  let login: BoundToken;
  let signature: BoundToken;

  before(async function () {
    this.timeout(60_000);
    anna = await twoPinCard('anna', { signature: ['rsa-2048', 'rsa-3072', 'ec-p256', 'ec-p384'] });
    bertil = await twoPinCard('bertil', { authentication: ['ec-p256'], signature: ['ec-p256'] });
  });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-sim-'));
    writeSimulatedCard(directory, 'anna', simulatedTwoPinCard(anna));
    writeSimulatedCard(directory, 'bertil', simulatedTwoPinCard(bertil));
    const single = await testCard('cecilia');
    onePin = single.pin;
    writeSimulatedCard(directory, 'cecilia', simulatedCard(single));
    control = new SimulatorControl(directory);
    host = new ModuleHost({ source: { type: 'simulator', directory }, operationMilliseconds: 20_000 });
    await host.start();
    await control.insert('anna');
    [login, signature] = await bind();
  });
  afterEach(async () => {
    await host.stop();
    rmSync(directory, { recursive: true });
  });

  async function bind(): Promise<[BoundToken, BoundToken]> {
    const place = { reader: firstReader, generation: '1', atr: new Uint8Array(), gone: new AbortController().signal };
    const bound = await bindCard(place, [host], false);
    assert.ok(Array.isArray(bound));
    const [first, second, ...others] = bound;
    assert.ok(first !== undefined && second !== undefined && others.length === 0);
    return [first, second];
  }
  const keyOf = (at = 2): SignatureKey => signatureKeys([signature])[at]!;
  const digestFor = (algorithm: SignatureAlgorithm): Buffer =>
    createHash(`sha${algorithm.slice(2)}`)
      .update(message)
      .digest();
  const sign = (
    key: SignatureKey,
    pin: string | Buffer = anna.signature.pin,
    changes: { algorithm?: SignatureAlgorithm; finalTryConfirmed?: boolean; signal?: AbortSignal } = {},
  ): Promise<Uint8Array> => {
    const { algorithm = 'ES256', finalTryConfirmed = false, signal = new AbortController().signal } = changes;
    const wanted = { algorithm, digest: digestFor(algorithm), finalTryConfirmed };
    return signWithPin(key, wanted, Buffer.from(pin), signal);
  };
  const pin2 = async (card = 'anna') => (await control.state()).cards[card]?.signaturePin;

  it('is two tokens of one card, one for each PIN', () => {
    const [one, two] = [login.description, signature.description];
    assert.deepEqual([one.label, two.label], ['Anna Testsson (Legitimering)', 'Anna Testsson (Underskrift)']);
    assert.deepEqual([one.serialNumber, one.identity], [two.serialNumber, two.identity]);
    assert.deepEqual(
      [login, signature].map(({ keys }) => keys.map(({ id, alwaysAuthenticate }) => [id, alwaysAuthenticate])),
      [[['45', false]], ['46', '47', '48', '49'].map((id) => [id, true])],
    );
  });

  for (const [at, algorithm] of algorithms.entries()) {
    it(`signs with ${algorithm} for PIN2, and leaves it spent`, async () => {
      const made = await sign(keyOf(at), anna.signature.pin, { algorithm });
      assert.equal(made.length, [256, 384, 64, 96][at]);
      assert.deepEqual(await pin2(), { verified: false, triesLeft: 3, logins: 1, signatures: 1 });
      const { logins, verified } = (await control.state()).cards['anna'] ?? {};
      assert.deepEqual({ logins, verified }, { logins: 0, verified: false });
    });
  }

  it('leaves whoever is logged in for login as he was', async () => {
    await host.login(login.description.handle, Buffer.from(anna.authentication.pin), false);
    await sign(keyOf());
    await assert.rejects(sign(keyOf(), wrongPin), failsWith('ERR_PIN_WRONG', 2));
    await host.sign(login.description.handle, '45', 'RS256', digestFor('RS256'));
    assert.equal((await control.state()).cards['anna']?.verified, true);
  });

  it('takes PIN1 for no signature, and shows the key to no login', async () => {
    await assert.rejects(sign(keyOf(), anna.authentication.pin), failsWith('ERR_PIN_WRONG', 2));
    const { key } = keyOf();
    await assert.rejects(sign({ token: login, key }, anna.authentication.pin), failsWith('ERR_CARD_FAILED'));
    assert.deepEqual([(await pin2())?.signatures, (await control.state()).cards['anna']?.logins], [0, 0]);
  });

  it('counts down, wants the last try confirmed, and is sent nothing once it is locked', async () => {
    await assert.rejects(sign(keyOf(), wrongPin), failsWith('ERR_PIN_WRONG', 2));
    await assert.rejects(sign(keyOf(), wrongPin), failsWith('ERR_PIN_WRONG', 1));
    assert.deepEqual(signature.pin, { state: 'final', triesLeft: 1 });
    await assert.rejects(sign(keyOf()), failsWith('final-try-unconfirmed', 1));
    await assert.rejects(sign(keyOf(), wrongPin, { finalTryConfirmed: true }), failsWith('ERR_PIN_LOCKED', 0));
    assert.deepEqual(signature.pin, { state: 'locked', triesLeft: 0 });
    await assert.rejects(
      sign(keyOf(), anna.signature.pin, { finalTryConfirmed: true }),
      failsWith('ERR_PIN_LOCKED', 0),
    );
    assert.deepEqual(await pin2(), { verified: false, triesLeft: 0, logins: 3, signatures: 0 });
    assert.deepEqual(await host.pinStatus(login.description.handle), { state: 'ok', triesLeft: 3 });
    // What is spent stays spent.
    const kept = JSON.parse(readFileSync(join(directory, 'cards/anna.json'), 'utf8')) as { signature: unknown };
    assert.deepEqual(kept.signature, { pin: anna.signature.pin, puk: anna.signature.puk, triesLeft: 0 });
  });

  it('can be told by a test how many tries are left of either PIN', async () => {
    await control.setTriesLeft('anna', 1, 'signature');
    assert.equal((await host.pinStatus(signature.description.handle)).state, 'final');
    assert.equal((await host.pinStatus(login.description.handle)).state, 'ok');
    await sign(keyOf(), anna.signature.pin, { finalTryConfirmed: true });
    assert.equal((await pin2())?.triesLeft, 3);
  });

  it('releases no signature that the certificate does not verify', async () => {
    await control.corruptSignature('signWithPin');
    await assert.rejects(sign(keyOf()), failsWith('ERR_CARD_FAILED'));
    // Another card, which answers as if the PIN had been given to it, signs nothing either.
    await control.swap('bertil', { unseen: true, verified: true });
    await assert.rejects(sign(keyOf()), failsWith('ERR_CARD_CHANGED'));
    assert.deepEqual(await pin2('bertil'), { verified: true, triesLeft: 3, logins: 0, signatures: 0 });
  });

  it('signs what was handed over, whatever becomes of it meanwhile', async () => {
    const digest = digestFor('ES256');
    const wanted = { algorithm: 'ES256' as const, digest, finalTryConfirmed: false };
    const { signal } = new AbortController();
    const signing = signWithPin(keyOf(), wanted, Buffer.from(anna.signature.pin), signal);
    digest.fill(0);
    const key = createPublicKey(anna.signature.keys[2]!.privateKey);
    assert.ok(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, await signing));
  });

  it('is sent no PIN for what it cannot sign, or what was called off before its turn; the PIN is zeroed all the same', async () => {
    const { signal } = new AbortController();
    const pin = Buffer.from(anna.signature.pin);
    const short = { algorithm: 'ES256' as const, digest: Buffer.alloc(20), finalTryConfirmed: false };
    await assert.rejects(signWithPin(keyOf(), short, pin, signal), failsWith('ERR_CARD_FAILED'));
    await assert.rejects(sign(keyOf(), anna.signature.pin, { algorithm: 'RS256' }), failsWith('ERR_CARD_FAILED'));
    const waiting = new AbortController();
    const busy = sign(keyOf());
    const calledOff = sign(keyOf(), anna.signature.pin, { signal: waiting.signal });
    waiting.abort(new Error('enough'));
    await assert.rejects(calledOff, /enough/);
    await busy;
    assert.deepEqual(pin, Buffer.alloc(pin.length));
    assert.equal((await pin2())?.logins, 1);
  });

  it('that is pulled or hangs tells so, and nothing is sent again', async () => {
    await control.failAt('signWithPin', 'ERR_CARD_FAILED');
    await assert.rejects(sign(keyOf()), failsWith('ERR_CARD_FAILED'));
    await control.remove();
    await assert.rejects(sign(keyOf()), failsWith('ERR_CARD_REMOVED'));
    await control.insert('anna');
    [, signature] = await bind();
    await control.crashAt('signWithPin');
    await assert.rejects(sign(keyOf()), failsWith('ERR_AGENT_DRIVER_CRASHED'));
    assert.equal((await pin2())?.logins ?? 0, 0);
  });

  it('with one PIN for everything signs for it as well, and forgets it unless somebody was logged in', async () => {
    await control.swap('cecilia');
    const place = { reader: firstReader, generation: '2', atr: new Uint8Array(), gone: new AbortController().signal };
    const bound = await bindCard(place, [host], false);
    assert.ok(Array.isArray(bound));
    const [key] = signatureKeys(bound);
    assert.ok(key !== undefined && bound.length === 1);
    const verified = async () => (await control.state()).cards['cecilia']?.verified;
    await sign(key, onePin, { algorithm: 'RS256' });
    assert.equal(await verified(), false);
    const { handle } = key.token.description;
    await host.login(handle, Buffer.from(onePin), false);
    await sign(key, onePin, { algorithm: 'RS256' });
    assert.equal(await verified(), true);
    await host.sign(handle, '45', 'RS256', digestFor('RS256'));
    await assert.rejects(sign(key, wrongPin, { algorithm: 'RS256' }), failsWith('ERR_PIN_WRONG', 2));
    await assert.rejects(host.sign(handle, '45', 'RS256', digestFor('RS256')), failsWith('login-lost'));
  });
});

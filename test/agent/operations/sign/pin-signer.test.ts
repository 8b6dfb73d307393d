// The PIN of one consent: used for each signature, and forgotten at the end, whatever the card is doing then.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { PinSigner } from '../../../../agent/operations/sign/pin-signer.ts';
import { type SigningPlace } from '../../../../agent/operations/sign/signing-places.ts';
import { waitUntil } from '../../../native-host/within.ts';
import { gate } from '../../fake-backend.ts';
import { cardKey, type CardKey, journal, OperationWorld } from '../operation-world.ts';

describe('The PIN of a consent to sign', () => {
  const document = Buffer.from('intyg');
  let card: CardKey;
  let world: OperationWorld;
  let signer: PinSigner;

  before(async () => {
    card = await cardKey('45', undefined, { kind: 'signature' });
  });
  beforeEach(async () => {
    world = new OperationWorld();
    const token = await world.insert([card]);
    world.driver.signer = () => sign('sha256', document, { key: card.privateKey, dsaEncoding: 'ieee-p1363' });
    const place: SigningPlace = { token, key: token.keys[0]!, algorithm: 'ES256' };
    const holder = { holder: 'Anna Testsson', organisation: '', holderId: '', issuer: '' };
    const call = { language: 'sv' as const, signal: new AbortController().signal, profile: 'p' };
    signer = new PinSigner(world.context, call, { site: journal, holder, documents: [], isHash: false }, () => place);
  });

  it('is asked for once, and given to the card for each signature', async () => {
    for (let times = 0; times < 3; times++) await signer.sign(document);
    assert.deepEqual(world.kinds, ['pin']);
    assert.deepEqual(world.driver.pins, ['123456', '123456', '123456']);
  });

  it('is asked for anew after the end', async () => {
    await signer.sign(document);
    signer.end();
    await signer.sign(document);
    assert.deepEqual(world.kinds, ['pin', 'pin']);
  });

  it('is not kept by a signature that the card makes after the end', async () => {
    const card = gate();
    world.driver.loginInstead = () => card.promise;
    const late = signer.sign(document);
    await waitUntil(() => world.driver.callsOf('signWithPin').length === 1, 'a signature under way');
    signer.end();
    card.open();
    await late;
    await signer.sign(document);
    assert.deepEqual(world.kinds, ['pin', 'pin']);
  });
});

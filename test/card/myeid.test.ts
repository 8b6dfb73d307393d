// The virtual PKCS#15 card by itself, without a reader: two PINs that know nothing of each other, a verification that one signature
// spends, and every refusal.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, publicDecrypt, constants, verify } from 'node:crypto';
import fc from 'fast-check';
import { type TwoPinCardDefinition } from './card-definition.ts';
import { type IsoCard } from './iso7816.ts';
import { createMyEid } from './myeid.ts';

const PIN1 = '123456';
const PIN2 = '654321';
const PUK1 = '11111111';
const PUK2 = '22222222';

const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsa3072 = generateKeyPairSync('rsa', { modulusLength: 3072 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const certificate = Buffer.from('not a certificate');
const message = Buffer.from('a message');

const definition = (changes: Partial<TwoPinCardDefinition> = {}): TwoPinCardDefinition => ({
  kind: 'myeid',
  id: 'test card 1',
  label: 'Anna Testsson',
  authentication: {
    pin: PIN1,
    puk: PUK1,
    keys: [rsa2048, p256].map(({ privateKey }) => ({ privateKey, certificate })),
  },
  signature: { pin: PIN2, puk: PUK2, keys: [rsa3072, p384].map(({ privateKey }) => ({ privateKey, certificate })) },
  ...changes,
});

/** A PIN as the driver sends it: digits, then FF up to 8 bytes. */
const padded = (digits: string): string => Buffer.from(digits.padEnd(8, '\xff'), 'latin1').toString('hex');
const send = (card: IsoCard, hex: string): string =>
  card.transmit(Buffer.from(hex.replaceAll(' ', ''), 'hex')).toString('hex');
const status = (card: IsoCard, pin: number): string => send(card, `0020000${pin}`);
const verifyPin = (card: IsoCard, pin: number, digits: string): string =>
  send(card, `0020000${pin}08${padded(digits)}`);
const change = (card: IsoCard, pin: number, from: string, to: string): string =>
  send(card, `0024000${pin}10${padded(from)}${padded(to)}`);
const unblock = (card: IsoCard, pin: number, puk: string, to: string): string =>
  send(card, `002c000${pin}10${padded(puk)}${padded(to)}`);
const prepare = (card: IsoCard, algorithm: string, file: string): string =>
  send(card, `002241b60a 8001${algorithm} 8102${file} 840100`);
const sign = (card: IsoCard, data: Buffer): string =>
  send(card, `002a9e9a${data.length.toString(16).padStart(2, '0')}${data.toString('hex')}00`);
const digest = (hash: string): Buffer => createHash(hash).update(message).digest();
const digestInfo = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest('sha256')]);

describe('the virtual PKCS#15 card', () => {
  let card: IsoCard;
  beforeEach(() => {
    card = createMyEid(definition());
  });

  it('tells another serial number for another card, and the same one again for the same', () => {
    const identity = send(card, '00ca01a014');
    assert.match(identity, /^4d79454944040500[\da-f]{20}00009000$/);
    assert.equal(send(createMyEid(definition()), '00ca01a014'), identity);
    assert.notEqual(send(createMyEid(definition({ id: 'test card 2' })), '00ca01a014'), identity);
  });

  it('has two PINs: what happens to one is nothing to the other', () => {
    assert.equal(verifyPin(card, 1, PIN2), '63c2');
    assert.deepEqual([status(card, 1), status(card, 2)], ['63c2', '63c3']);
    assert.equal(verifyPin(card, 2, PIN2), '9000');
    assert.deepEqual([status(card, 1), status(card, 2)], ['63c2', '9000']);
    verifyPin(card, 1, '000000');
    assert.equal(verifyPin(card, 1, '000000'), '6983');
    assert.deepEqual([verifyPin(card, 1, PIN1), status(card, 2)], ['6983', '9000']);
    assert.deepEqual(
      [...card.profile.pins.values()].map((pin) => pin.verifications),
      [4, 1],
    );
  });

  it('unlocks each PIN by its own PUK alone, and changes each for the old one', () => {
    for (const pin of [1, 2]) for (let wrong = 0; wrong < 3; wrong += 1) verifyPin(card, pin, '000000');
    assert.equal(unblock(card, 1, PUK2, '333333'), '63c9');
    assert.equal(unblock(card, 1, PUK1, '333333'), '9000');
    assert.deepEqual([status(card, 1), status(card, 2)], ['63c3', '6983']);
    assert.equal(change(card, 1, PIN1, '444444'), '63c2');
    assert.equal(change(card, 1, '333333', '44444'), '6a80');
    assert.equal(change(card, 1, '333333', '444444'), '9000');
    assert.equal(verifyPin(card, 1, '444444'), '9000');
    assert.equal(unblock(card, 2, PUK2, '555555'), '9000');
    assert.equal(verifyPin(card, 2, '555555'), '9000');
  });

  it('signs for login as often as it is asked once PIN1 is verified, and never by PIN2', () => {
    assert.equal(prepare(card, '02', '4b01'), '9000');
    assert.equal(sign(card, digestInfo), '6982');
    verifyPin(card, 2, PIN2);
    assert.equal(sign(card, digestInfo), '6982');
    verifyPin(card, 1, PIN1);
    for (let time = 0; time < 2; time += 1) {
      const answer = Buffer.from(sign(card, digestInfo), 'hex');
      assert.equal(answer.subarray(-2).toString('hex'), '9000');
      assert.ok(verify('sha256', message, rsa2048.publicKey, answer.subarray(0, -2)));
    }
    assert.equal(prepare(card, '04', '4b02'), '9000');
    const answer = Buffer.from(sign(card, digest('sha256')), 'hex');
    assert.ok(verify('sha256', message, p256.publicKey, answer.subarray(0, -2)));
    assert.deepEqual(card.profile.signatures, [2, 1, 0, 0]);
  });

  it('wants PIN2 for each signature, and never takes PIN1 for it', () => {
    verifyPin(card, 1, PIN1);
    assert.equal(prepare(card, '04', '4b04'), '9000');
    assert.equal(sign(card, digest('sha384')), '6982');
    verifyPin(card, 2, PIN2);
    const answer = Buffer.from(sign(card, digest('sha384')), 'hex');
    assert.ok(verify('sha384', message, p384.publicKey, answer.subarray(0, -2)));
    assert.equal(sign(card, digest('sha384')), '6982');
    assert.deepEqual([status(card, 1), status(card, 2)], ['9000', '63c3']);
    assert.deepEqual(card.profile.signatures, [0, 0, 0, 1]);
  });

  it('has spent PIN2 also for a signature that could not be made', () => {
    verifyPin(card, 2, PIN2);
    prepare(card, '04', '4b04');
    assert.equal(sign(card, Buffer.alloc(20)), '6a80');
    assert.equal(status(card, 2), '63c3');
    assert.deepEqual(card.profile.signatures, [0, 0, 0, 0]);
  });

  it('can be made so that PIN2 stays verified', () => {
    card = createMyEid(definition({ signature: { ...definition().signature, alwaysAuthenticate: false } }));
    verifyPin(card, 2, PIN2);
    prepare(card, '02', '4b03');
    for (let time = 0; time < 2; time += 1) assert.match(sign(card, digestInfo), /6180$/);
  });

  it('signs whole blocks that come in a chain, and gives longer signatures in parts', () => {
    verifyPin(card, 1, PIN1);
    prepare(card, '00', '4b01');
    const block = Buffer.alloc(256, 0x11);
    assert.equal(send(card, `102a9e9aff${block.subarray(0, 255).toString('hex')}`), '9000');
    const raw = Buffer.from(send(card, `002a9e9a01${block.subarray(255).toString('hex')}00`), 'hex').subarray(0, -2);
    assert.deepEqual(publicDecrypt({ key: rsa2048.publicKey, padding: constants.RSA_NO_PADDING }, raw), block);
    verifyPin(card, 2, PIN2);
    prepare(card, '02', '4b03');
    const first = sign(card, digestInfo);
    assert.equal(first.slice(-4), '6180');
    const signature = Buffer.from(first.slice(0, -4) + send(card, '00c0000080').slice(0, -4), 'hex');
    assert.ok(verify('sha256', message, rsa3072.publicKey, signature));
  });

  it('forgets PINs and what was prepared when its power goes, and PINs when it is told to', () => {
    verifyPin(card, 1, PIN1);
    verifyPin(card, 2, PIN2);
    assert.equal(send(card, '002e0002'), '9000');
    assert.deepEqual([status(card, 1), status(card, 2)], ['9000', '63c3']);
    prepare(card, '02', '4b01');
    assert.equal(send(card, '002e0000'), '9000');
    assert.equal(status(card, 1), '63c3');
    verifyPin(card, 1, PIN1);
    card.powerCycle();
    assert.equal(sign(card, digestInfo), '6985');
  });

  for (const [name, hex, answer] of [
    ['an unknown PIN', '00200003', '6a88'],
    ['a PIN of nine bytes, without spending a try', '0020000109313233343536373839', '6700'],
    ['old and new PIN that are not filled up', '002400010c313131313131323232323232', '6700'],
    ['an unknown data object', '00ca9f7f00', '6a88'],
    ['an unknown key', '002241b60a 800102 81024b05 840100', '6a88'],
    ['ECDSA with an RSA key', '002241b60a 800104 81024b01 840100', '6a80'],
    ['RSA with a key of a curve', '002241b60a 800102 81024b02 840100', '6a80'],
    ['an algorithm that it does not have', '002241b60a 800112 81024b01 840100', '6a80'],
    ['an environment without a key', '002241b603 800102', '6a80'],
    ['an environment that does not add up', '002241b603 800502', '6a80'],
    ['an environment for deciphering', '002241b80a 800102 81024b01 840100', '6a86'],
    ['a signature before its environment', '002a9e9a02 0102 00', '6985'],
    ['deciphering', '002a808602 8100', '6a86'],
    ['to forget a PIN that it does not have', '002e0003', '6a88'],
    ['an unknown file', '00a40000024b09', '6a82'],
    ['an unknown instruction', '00f00000', '6d00'],
    ['secure messaging', '0c200001', '6e00'],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.equal(send(card, hex), answer);
      assert.deepEqual([status(card, 1), status(card, 2)], ['63c3', '63c3']);
    });
  }

  it('answers any bytes, in any order, with a status word and never a fault, and signs nothing without a PIN', () => {
    const likely = fc
      .tuple(
        fc.constantFrom(0x00, 0x10),
        fc.constantFrom(0xa4, 0xb0, 0x20, 0x24, 0x2c, 0x2e, 0x22, 0x2a, 0xca, 0xc0),
        fc.constantFrom(0x00, 0x01, 0x04, 0x08, 0x41, 0x9e),
        fc.constantFrom(0x00, 0x01, 0x02, 0x0c, 0xb6, 0x9a, 0xa0),
        fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(Buffer.from('80010281024b01840100', 'hex'))),
      )
      .map(([cla, ins, p1, p2, rest]) => Uint8Array.of(cla, ins, p1, p2, rest.length, ...rest));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), likely), { maxLength: 20 }), (commands) => {
        const fresh = createMyEid(definition());
        for (const command of commands) {
          const answer = fresh.transmit(command);
          assert.ok(answer.length >= 2);
          assert.notEqual(answer.readUInt16BE(answer.length - 2), 0x6f00);
        }
        assert.deepEqual(fresh.profile.signatures, [0, 0, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('cannot be made with keys that its driver does not know, or with PINs out of bounds', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' });
    const { signature } = definition();
    for (const changes of [
      { signature: { ...signature, keys: [{ privateKey, certificate }] } },
      { signature: { ...signature, pin: '12345' } },
      { signature: { ...signature, puk: '1234567' } },
      { label: 'x'.repeat(33) },
    ]) {
      assert.throws(() => createMyEid(definition(changes)), TypeError);
    }
  });
});

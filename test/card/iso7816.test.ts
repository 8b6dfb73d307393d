// The virtual card by itself, without a reader: every refusal of the core, the PIN's arithmetic, and bytes of any shape.
import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { type CardDefinition } from './card-definition.ts';
import { parseCommandApdu } from './command-apdu.ts';
import { createIdPrime } from './idprime.ts';
import { type IsoCard } from './iso7816.ts';

const PIN = '123456';
const PUK = '87654321';

/** A PIN as the driver sends it: digits, then 00 up to 16 bytes. */
const padded = (digits: string): string => Buffer.from(digits.padEnd(16, '\0')).toString('hex');

const send = (card: IsoCard, hex: string): string =>
  card.transmit(Buffer.from(hex.replaceAll(' ', ''), 'hex')).toString('hex');
const status = (card: IsoCard): string => send(card, '00200011');
const verifyPin = (card: IsoCard, digits: string): string => send(card, `0020001110${padded(digits)}`);
const change = (card: IsoCard, from: string, to: string): string =>
  send(card, `0024001120${padded(from)}${padded(to)}`);
const unblock = (card: IsoCard, puk: string, to: string): string => send(card, `002c001120${padded(puk)}${padded(to)}`);

describe('a command APDU', () => {
  const cases: [string, string, number, number | undefined][] = [
    ['case 1', '00200011', 0, undefined],
    ['case 2, one byte of Le', '00b0000010', 0, 16],
    ['case 2, Le of 00 means 256', '00b0000000', 0, 256],
    ['case 3', '00a4000002 0101', 2, undefined],
    ['case 4', '00a4000002 0101 00', 2, 256],
    ['case 2 extended', '00b00000 00 0100', 0, 256],
    ['case 2 extended, Le of 0000 means 65536', '00b00000 00 0000', 0, 65_536],
    ['case 3 extended', '00a40000 00 0002 0101', 2, undefined],
    ['case 4 extended', '00a40000 00 0002 0101 0100', 2, 256],
  ];
  for (const [name, hex, length, le] of cases) {
    it(`is read in ${name}`, () => {
      const command = parseCommandApdu(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
      assert.equal(command?.data.length, length);
      assert.equal(command.le, le);
    });
  }

  for (const [name, hex] of [
    ['shorter than its header', '0020'],
    ['shorter than its Lc says', '00a4000003 0101'],
    ['longer than Lc and Le', '00a4000002 0101 0000'],
    ['of an extended Lc of zero', '00a40000 00 0000 00'],
    ['of six bytes with Lc of zero', '00a40000 00 00'],
  ] as const) {
    it(`is refused when it is ${name}`, () => {
      assert.equal(parseCommandApdu(Buffer.from(hex.replaceAll(' ', ''), 'hex')), undefined);
    });
  }
});

describe('the virtual IDPrime 940', () => {
  let keys: { privateKey: KeyObject; publicKey: KeyObject };
  let card: IsoCard;
  const definition = (changes: Partial<CardDefinition> = {}): CardDefinition => ({
    id: 'test card 1',
    label: 'Anna Testsson',
    pin: PIN,
    puk: PUK,
    keys: [{ privateKey: keys.privateKey, certificate: Buffer.from('not a certificate') }],
    ...changes,
  });

  before(() => {
    keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  });
  beforeEach(() => {
    card = createIdPrime(definition());
  });

  it('tells another identity for another card, and the same one again for the same', () => {
    const identity = send(card, '00ca9f7f2d');
    assert.match(identity, /^9f7f2a[\da-f]{84}9000$/);
    assert.equal(identity.slice(22, 24), '04');
    assert.equal(send(createIdPrime(definition()), '00ca9f7f2d'), identity);
    assert.notEqual(send(createIdPrime(definition({ id: 'test card 2' })), '00ca9f7f2d'), identity);
  });

  it('tells the PIN status without data and without spending a try', () => {
    assert.equal(status(card), '63c3');
    assert.equal(status(card), '63c3');
    assert.equal(verifyPin(card, PIN), '9000');
    assert.equal(status(card), '9000');
  });

  it('takes the PIN with and without filling', () => {
    assert.equal(send(card, `0020001106${Buffer.from(PIN).toString('hex')}`), '9000');
    card.powerCycle();
    assert.equal(verifyPin(card, PIN), '9000');
  });

  it('counts wrong PINs down, locks, and then refuses the right one too', () => {
    assert.equal(verifyPin(card, '000000'), '63c2');
    assert.equal(verifyPin(card, '000000'), '63c1');
    assert.equal(verifyPin(card, '000000'), '6983');
    assert.equal(verifyPin(card, PIN), '6983');
    assert.equal(status(card), '6983');
  });

  it('counts from three again after the right PIN', () => {
    verifyPin(card, '000000');
    assert.equal(verifyPin(card, PIN), '9000');
    card.powerCycle();
    assert.equal(status(card), '63c3');
  });

  it('keeps the count of tries, but not the verification, when the power goes', () => {
    verifyPin(card, '000000');
    card.powerCycle();
    assert.equal(status(card), '63c2');
    verifyPin(card, PIN);
    card.powerCycle();
    assert.equal(status(card), '63c3');
  });

  it('is not verified any more after a wrong PIN', () => {
    verifyPin(card, PIN);
    assert.equal(verifyPin(card, '000000'), '63c2');
    assert.equal(status(card), '63c2');
  });

  it('can start with few tries, or locked', () => {
    assert.equal(status(createIdPrime(definition({ triesLeft: 1 }))), '63c1');
    assert.equal(status(createIdPrime(definition({ triesLeft: 0 }))), '6983');
  });

  it('changes the PIN for the old one', () => {
    assert.equal(change(card, '000000', '13572468'), '63c2');
    assert.equal(change(card, PIN, '13572468'), '9000');
    assert.equal(verifyPin(card, PIN), '63c2');
    assert.equal(verifyPin(card, '13572468'), '9000');
  });

  for (const [name, pin] of [
    ['five digits', '12345'],
    ['nine digits', '123456789'],
    ['letters', 'abcdef'],
  ] as const) {
    it(`refuses a new PIN of ${name} and keeps the old one`, () => {
      assert.equal(change(card, PIN, pin), '6a80');
      assert.equal(verifyPin(card, PIN), '9000');
    });
  }

  it('refuses old and new PIN that are not filled up, without spending a try', () => {
    assert.equal(send(card, `002400110c${Buffer.from(PIN + PIN).toString('hex')}`), '6700');
    assert.equal(status(card), '63c3');
  });

  it('is unlocked by the PUK, which has ten tries of its own', () => {
    card = createIdPrime(definition({ triesLeft: 0 }));
    assert.equal(unblock(card, '00000000', '222222'), '63c9');
    assert.equal(unblock(card, PUK, '222222'), '9000');
    assert.equal(status(card), '63c3');
    assert.equal(verifyPin(card, '222222'), '9000');
    for (let wrong = 1; wrong < 10; wrong += 1) assert.match(unblock(card, '00000000', '222222'), /^63c\d$/);
    assert.equal(unblock(card, '00000000', '222222'), '6983');
    assert.equal(unblock(card, PUK, '222222'), '6983');
  });

  for (const [name, algorithm, hash, padding] of [
    ['PKCS #1 with SHA-256', '42', 'sha256', constants.RSA_PKCS1_PADDING],
    ['PKCS #1 with SHA-384', '52', 'sha384', constants.RSA_PKCS1_PADDING],
    ['PKCS #1 with SHA-512', '62', 'sha512', constants.RSA_PKCS1_PADDING],
    ['PSS with SHA-256', '45', 'sha256', constants.RSA_PKCS1_PSS_PADDING],
    ['PSS with SHA-384', '55', 'sha384', constants.RSA_PKCS1_PSS_PADDING],
    ['PSS with SHA-512', '65', 'sha512', constants.RSA_PKCS1_PSS_PADDING],
  ] as const) {
    it(`signs a digest in ${name}, once, and only while the PIN is verified`, () => {
      const digest = createHash(hash).update('a message').digest();
      const prepare = (): string => {
        assert.equal(send(card, `002241b606 8001${algorithm} 840156`), '9000');
        return send(card, `002a90a0${hexByte(digest.length + 2)}90${hexByte(digest.length)}${digest.toString('hex')}`);
      };
      assert.equal(prepare(), `${digest.toString('hex')}9000`);
      assert.equal(send(card, '002a9e9a00'), '6982');
      verifyPin(card, PIN);
      prepare();
      const answer = Buffer.from(send(card, '002a9e9a00'), 'hex');
      assert.equal(answer.subarray(-2).toString('hex'), '9000');
      const saltLength = padding === constants.RSA_PKCS1_PSS_PADDING ? digest.length : undefined;
      const key = { key: keys.publicKey, padding, ...(saltLength === undefined ? {} : { saltLength }) };
      assert.ok(verify(hash, Buffer.from('a message'), key, answer.subarray(0, -2)));
      assert.equal(send(card, '002a9e9a00'), '6985');
    });
  }

  for (const [name, algorithm, length] of [
    ['a digest of the wrong length', '42', 20],
    ['more than the key can take', '02', 250],
    ['an algorithm that it does not have', '44', 32],
  ] as const) {
    it(`refuses to sign ${name}`, () => {
      verifyPin(card, PIN);
      send(card, `002241b606 8001${algorithm} 840156`);
      send(card, `002a90a0${hexByte(length + 2)}90${hexByte(length)}${'00'.repeat(length)}`);
      assert.equal(send(card, '002a9e9a00'), '6a80');
    });
  }

  it('gives an answer that is longer than asked for in parts', () => {
    send(card, '00a40000020101');
    verifyPin(card, PIN);
    const digest = createHash('sha256').update('a message').digest('hex');
    send(card, '002241b606 800142 840156');
    send(card, `002a90a0229020${digest}`);
    const first = send(card, '002a9e9a80');
    assert.equal(first.slice(-4), '6180');
    const second = send(card, '00c0000080');
    assert.equal(second.slice(-4), '9000');
    assert.equal(first.length + second.length, 2 * (256 + 4));
    assert.equal(send(card, '00c0000080'), '6985');
  });

  it('joins chained commands and refuses a chain that is broken by another command', () => {
    const hash = createHash('sha256').update('a message').digest('hex');
    assert.equal(send(card, `102a90a0029020`), '9000');
    assert.equal(send(card, `002a90a020${hash}`), `${hash}9000`);
    assert.equal(send(card, `102a90a0029020`), '9000');
    assert.equal(status(card), '6883');
    assert.equal(status(card), '63c3');
  });

  it('keeps its certificates compressed, under the names and lengths of its index', () => {
    send(card, '00a4040c0ba000000018800000000662');
    assert.match(send(card, '00a40000020210'), /^6f0e8102[\da-f]{4}820101830202108a01059000$/);
    const file = Buffer.from(send(card, '00b0000000'), 'hex').subarray(0, -2);
    assert.equal(file.readUInt16LE(2), 'not a certificate'.length);
    assert.equal(inflateSync(file.subarray(4)).toString(), 'not a certificate');
  });

  it('can have no certificates at all', () => {
    const empty = createIdPrime(definition({ keys: [] }));
    assert.equal(send(empty, '00a40000020210'), '6a82');
    assert.equal(send(empty, '002241b606 800142 840156'), '6a88');
  });

  it('reads files by offset up to their end', () => {
    assert.equal(send(card, '00b0000010'), '6986');
    send(card, '00a40000020202');
    assert.equal(send(card, '00b0000006'), '0000000000009000');
    assert.equal(send(card, '00b0000406'), '00006282');
    assert.equal(send(card, '00b0000706'), '6b00');
  });

  for (const [name, hex, answer] of [
    ['an unknown instruction', '00f00000', '6d00'],
    ['secure messaging', '0c200011', '6e00'],
    ['an unknown file', '00a40000020fff', '6a82'],
    ['an unknown application', '00a4040c05a000000001', '6a82'],
    ['an unknown PIN', '00200083', '6a88'],
    ['an unknown data object', '00ca0101', '6a88'],
    ['an unknown key', '002241b606 800142 840199', '6a88'],
    ['a security environment that does not add up', '002241b603 800542', '6a80'],
    ['deciphering', '002a808602 8100', '6a86'],
    ['GET RESPONSE with nothing waiting', '00c0000000', '6985'],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.equal(send(card, hex), answer);
    });
  }

  it('answers any bytes, in any order, with a status word and never a fault', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    // Bytes that begin like a command reach further than chance does.
    const likely = fc
      .tuple(
        fc.constantFrom(0x00, 0x10),
        fc.constantFrom(0xa4, 0xb0, 0x20, 0x24, 0x2c, 0x22, 0x2a, 0xca, 0x84, 0xc0),
        fc.constantFrom(0x00, 0x04, 0x41, 0x90, 0x9e, 0x9f),
        fc.constantFrom(0x00, 0x0c, 0x11, 0xb6, 0xa0, 0x9a, 0x7f),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([cla, ins, p1, p2, rest]) => Uint8Array.of(cla, ins, p1, p2, rest.length, ...rest));
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, likely), { maxLength: 20 }), (commands) => {
        const fresh = createIdPrime(definition());
        for (const command of commands) {
          const answer = fresh.transmit(command);
          assert.ok(answer.length >= 2);
          assert.notEqual(answer.readUInt16BE(answer.length - 2), 0x6f00);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is never verified by bytes that do not hold the PIN', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 16 }), (presented) => {
        fc.pre(!Buffer.from(presented).toString('latin1').startsWith(PIN));
        const fresh = createIdPrime(definition());
        fresh.transmit(Uint8Array.of(0x00, 0x20, 0x00, 0x11, presented.length, ...presented));
        assert.notEqual(status(fresh), '9000');
      }),
    );
  });

  for (const [name, changes] of [
    ['a PIN of five digits', { pin: '12345' }],
    ['a PUK of seven digits', { puk: '1234567' }],
    ['a label that does not fit a token', { label: 'x'.repeat(33) }],
  ] as const) {
    it(`cannot be made with ${name}`, () => {
      assert.throws(() => createIdPrime(definition(changes)), TypeError);
    });
  }
});

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

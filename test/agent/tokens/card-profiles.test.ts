import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cardProfile, identityOf, pinStatusOf, profileFor } from '../../../agent/tokens/card/card-profiles.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('what a card can be asked past its module', () => {
  for (const [name, atr] of [
    ['840', '3b7f96000080318065b0850300ef120ffe829000'],
    ['940', '3b7f96000080318065b0855956fb120ffe829000'],
    ['940C', '3b7f96000080318065b085050039120ffe829000'],
  ] as const) {
    it(`is identity and PIN state for an IDPrime ${name}`, () => {
      const profile = cardProfile(bytes(atr));
      assert.equal(profile.name, 'IDPrime');
      assert.deepEqual(Buffer.from(profile.identity), bytes('00ca9f7f00'));
      assert.deepEqual(Buffer.from(profile.pinStatus ?? []), bytes('00200011'));
      assert.equal(profile.certificateIndex, true);
    });

    it(`is not the PIN state for an IDPrime ${name} on which the driver sees two PINs`, () => {
      const { pinStatus, ...others } = cardProfile(bytes(atr));
      assert.ok(pinStatus);
      assert.deepEqual(profileFor(2, cardProfile(bytes(atr))), others);
      assert.deepEqual(profileFor(1, cardProfile(bytes(atr))), { pinStatus, ...others });
    });
  }

  for (const atr of ['3bf59600008031fe454d7945494414', '3bf51800008131fe454d794549449a']) {
    it(`is identity alone for a MyEID (${atr})`, () => {
      const profile = { name: 'MyEID', known: true, identity: bytes('00ca01a000'), identityLength: 18 };
      assert.deepEqual(cardProfile(bytes(atr)), profile);
      assert.deepEqual(profileFor(2, cardProfile(bytes(atr))), profile);
    });
  }

  it('is never the PIN state for a card that is not in the table, however much its ATR looks like one that is', () => {
    const almost = [
      '3b7f96000080318065b0845956fb120ffe829000',
      '3b7f96000080318065b0855956fb120ffe8290',
      '3b7f96000080318065b0855956fb120ffe82900000',
      '3bf59600008031fe454d7945494514',
      '',
    ];
    for (const atr of almost)
      assert.deepEqual([cardProfile(bytes(atr)).known, cardProfile(bytes(atr)).pinStatus], [false, undefined]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 36 }), (atr) => cardProfile(atr).pinStatus === undefined));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 36 }), (atr) => cardProfile(atr).certificateIndex === undefined));
  });
});

describe('the answer to the question who a card is', () => {
  it('is what the card told, as hex', () => {
    const myEid = { identityLength: 18 };
    const told = (changes: string) => identityOf(bytes(`4d7945494404050000112233445566778899${changes}9000`), myEid);
    assert.equal(told('0001'), told('0002'), 'writing to a card makes it no other card');
    assert.equal(identityOf(bytes('9f7f030102039000')), '9f7f03010203');
  });

  it('is nothing when the card refused or told nothing', () => {
    for (const answer of ['6a88', '6d00', '9000', '000000009000', '', '90'])
      assert.equal(identityOf(bytes(answer)), '');
  });
});

describe('the answer to VERIFY without data', () => {
  const cases: [answer: string, state: string, triesLeft: number | undefined][] = [
    ['63c3', 'ok', 3],
    ['63c2', 'low', 2],
    ['63c1', 'final', 1],
    ['63c0', 'locked', 0],
    ['6983', 'locked', 0],
    ['6984', 'locked', 0],
    ['63cf', 'ok', 15],
  ];
  for (const [answer, state, triesLeft] of cases) {
    it(`${answer} is ${state}`, () => {
      assert.deepEqual(pinStatusOf(bytes(answer)), { state, triesLeft });
    });
  }

  it('9000 is a PIN that is verified, with no number', () => {
    assert.deepEqual(pinStatusOf(bytes('9000')), { state: 'ok' });
  });

  it('is unknown for everything else, never a guess', () => {
    for (const answer of ['6300', '63d1', '6982', '6a88', '6700', '', '63']) {
      assert.deepEqual(pinStatusOf(bytes(answer)), { state: 'unknown' });
    }
  });
});

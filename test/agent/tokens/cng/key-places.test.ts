// Which keys are found for the card in a reader, and where.
import assert from 'node:assert/strict';
import { CngError, cngProperty, smartCardProvider } from '../../../../agent/native/cng.ts';
import { keyPlaces } from '../../../../agent/tokens/cng/key-places.ts';
import { notSupported, PlayedCng } from './played-cng.ts';

const vendor = 'Testsson Smart Card Key Storage Provider';
const stored = (provider: string, container: string, certificate: string, providerType = 0) => ({
  provider,
  providerType,
  container,
  keySpec: 1,
  certificate: Buffer.from(certificate),
});

describe('The keys of the card in a reader', () => {
  let calls: string[];
  let cng: PlayedCng;
  const found = async (reader = 'A'): Promise<string[]> =>
    (await keyPlaces(cng, reader)).map(({ name, certificate }) => `${name} ${Buffer.from(certificate).toString()}`);

  beforeEach(() => {
    calls = [];
    cng = new PlayedCng(calls);
  });
  afterEach(() => assert.equal(cng.openKeys, 0, 'no key stays open'));

  it('are those of the smart-card provider, opened in that reader alone, each with its certificate', async () => {
    cng.keys = [
      { reader: 'A', container: 'one', certificate: 'first' },
      { reader: 'A', container: 'two', certificate: 'second', keySpec: 2, group: 'ECDSA' },
      { reader: 'B', container: 'one', certificate: 'of another card' },
    ];
    assert.deepEqual(await found(), ['\\\\.\\A\\one first', '\\\\.\\A\\two second']);
    assert.ok(!calls.includes('storedCertificates'));
  });

  it('are told with their PIN, their card and what they are', async () => {
    cng.keys = [{ reader: 'A', container: 'one', certificate: 'first', pin: 3, pinPad: true, group: 'ECDSA' }];
    cng.guids.set('A', '0011aabb');
    const [place] = await keyPlaces(cng, 'A');
    assert.ok(place);
    assert.deepEqual([place.pin, place.pinPad, place.group, place.card], [3, true, 'ECDSA', '0011aabb']);
  });

  it('are told with their card by the provider for the reader where the key does not tell it', async () => {
    cng.keys = [{ reader: 'A', container: 'one', certificate: 'first' }];
    cng.guids.set('by reader A', '99');
    assert.equal((await keyPlaces(cng, 'A'))[0]?.card, '99');
    assert.ok(calls.includes(`${cngProperty.cardIdentifier} of provider for 'A'`));
  });

  it('have their certificates from the user’s store where the provider gives none', async () => {
    cng.keys = ['one', 'two', 'three'].map((container) => ({ reader: 'A', container }));
    cng.stored = [
      stored(vendor, 'one', "a vendor's of the same name"),
      stored(smartCardProvider, 'one', 'first'),
      stored('Microsoft Base Smart Card Crypto Provider', '\\\\.\\A\\two', 'second', 1),
    ];
    assert.deepEqual(await found(), ['\\\\.\\A\\one first', '\\\\.\\A\\two second']);
  });

  it('leave out keys that sign nothing', async () => {
    cng.keys = [
      { reader: 'A', container: 'one', certificate: 'first', group: 'ECDH' },
      { reader: 'A', container: 'two', certificate: 'second' },
    ];
    assert.deepEqual(await found(), ['\\\\.\\A\\two second']);
  });

  it('are at most as many as the protocol takes', async () => {
    cng.keys = Array.from({ length: 40 }, (_, index) => ({ reader: 'A', container: `c${index}`, certificate: 'x' }));
    assert.equal((await found()).length, 16);
  });

  describe("with a vendor's provider", () => {
    beforeEach(() => {
      cng.implementations.set(vendor, 0x1);
      cng.failures.set('listKeys', 0x8010000d);
      cng.keys = [
        { provider: vendor, reader: 'A', container: 'mine' },
        { provider: vendor, reader: 'B', container: 'other' },
      ];
      cng.stored = [
        stored(vendor, 'mine', 'first'),
        stored(vendor, 'other', 'second'),
        stored(vendor, 'away', 'third'),
      ];
    });

    it('are those of which it says that they are in the reader', async () => {
      assert.deepEqual(await found(), ['mine first']);
      assert.deepEqual(await found('B'), ['other second']);
    });

    it('are none where it says nothing of the reader', async () => {
      cng.failures.set(cngProperty.reader, notSupported);
      assert.deepEqual(await found(), []);
    });

    it('are none where it is of software, or is missing', async () => {
      cng.implementations.set(vendor, 0x2);
      assert.deepEqual(await found(), []);
      cng.implementations.delete(vendor);
      assert.deepEqual(await found(), []);
      assert.ok(!calls.some((call) => call.startsWith('openKey')));
    });

    it("are not looked for with CryptoAPI's providers, nor with Windows' own that have no cards", async () => {
      const others = ['Microsoft Software Key Storage Provider', 'Microsoft Passport Key Storage Provider'];
      for (const provider of others) cng.implementations.set(provider, 0x1);
      cng.stored = [
        stored(vendor, 'mine', 'first', 1),
        ...others.map((provider) => stored(provider, 'mine', 'second')),
      ];
      assert.deepEqual(await found(), []);
      assert.deepEqual(calls.slice(1), ['storedCertificates']);
    });
  });

  for (const [code, failure] of [
    [0x80100069, 'ERR_CARD_REMOVED'],
    [0x8010001d, 'ERR_CARD_SERVICE'],
    [0x80090020, 'ERR_CARD_FAILED'],
  ] as const) {
    it(`are not known when the list fails with 0x${code.toString(16)}: ${failure}`, async () => {
      cng.failures.set('listKeys', code);
      await assert.rejects(keyPlaces(cng, 'A'), { failure });
    });
  }

  it('leave out one that cannot be opened, unless there is no other', async () => {
    cng.keys = ['one', 'two'].map((container) => ({ reader: 'A', container, certificate: container }));
    const honest = cng.openKey;
    cng.openKey = (provider, name, keySpec) =>
      name.endsWith('one') ? Promise.reject(new CngError(0x80090016)) : honest(provider, name, keySpec);
    assert.deepEqual(await found(), ['\\\\.\\A\\two two']);
    cng.openKey = () => Promise.reject(new CngError(0x80090020));
    await assert.rejects(keyPlaces(cng, 'A'), { failure: 'ERR_CARD_FAILED' });
  });

  it('are not known when the card is pulled while they are read', async () => {
    cng.keys = [{ reader: 'A', container: 'one', certificate: 'first' }];
    cng.failures.set(cngProperty.certificate, 0x80100069);
    await assert.rejects(keyPlaces(cng, 'A'), { failure: 'ERR_CARD_REMOVED' });
  });

  it('let what is no answer of CNG pass', async () => {
    cng.listKeys = () => Promise.reject(new RangeError('x'));
    await assert.rejects(keyPlaces(cng, 'A'), RangeError);
  });
});

// Tokens through CNG from backend to DLL, with a card that the fake ncrypt.dll plays. PC/SC is played here: the card's own words.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CngError, smartCardProvider, systemCng } from '../../../agent/native/cng.ts';
import { type CardAccess, CngBackend } from '../../../agent/tokens/cng/cng-backend.ts';
import { openBackend } from '../../../agent/tokens/open-backend.ts';
import { type SignatureAlgorithm, type TokenDescription, TokenError } from '../../../agent/tokens/token.ts';

const folder = join(dirname(process.execPath), 'card');
const reader = 'Påhittad läsare 0';
const vendor = 'Testsson Smart Card Key Storage Provider';
const pin = '123456';
const message = Buffer.from('what is signed');
const digest = createHash('sha256').update(message).digest();
const place = (name: string): string => join(folder, name);

const standard: Readonly<Record<string, string | number>> = {
  reader,
  guid: '00112233445566778899aabbccddeeff',
  pin,
  check: 'set',
  enumerates: 'known',
  asks: 'once',
  present: 1,
  tries: 3,
  certificates: 1,
};
const keyLines = ['key le-anna-rsa 1 RSA rsa 1', 'key le-anna-ec 2 ECDSA_P256 ec 1'];

/** Makes the card anew. */
function card(changes: Readonly<Record<string, string | number>> = {}, keys = keyLines): void {
  const values = Object.entries({ ...standard, ...changes }).map(([name, value]) => `${name} ${value}`);
  writeFileSync(place('card.txt'), `${[...values, ...keys].join('\n')}\n`);
}

function calls(beginning = ''): string[] {
  const all = existsSync(place('calls.txt')) ? readFileSync(place('calls.txt'), 'utf8').trim().split('\n') : [];
  return all.filter((line) => line.startsWith(beginning));
}

const triesLeft = (): number => Number(/^tries (\d)/m.exec(readFileSync(place('card.txt'), 'utf8'))?.[1]);

/** A card that says nothing of itself by APDU. */
const mute: CardAccess = {
  readCardFacts: () => Promise.resolve({ identity: '', pin: undefined }),
  readIdentity: () => Promise.resolve(''),
  readPinStatus: () => Promise.resolve(undefined),
  resetCardIn: () => Promise.resolve(),
  absenceOf: () => Promise.resolve(undefined),
};

const failure = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof TokenError, String(error));
  assert.equal(error.failure, expected, error.message);
  return true;
};

const typed = (text = pin): Buffer => {
  const bytes = Buffer.from(new ArrayBuffer(text.length));
  bytes.write(text);
  return bytes;
};

describe('a card through CNG', () => {
  let backend: CngBackend;
  let token: TokenDescription;

  async function bound(changes: Readonly<Record<string, string | number>> = {}, keys = keyLines): Promise<void> {
    card(changes, keys);
    backend = new CngBackend(systemCng, mute);
    const [first, ...others] = await backend.bind(reader, new Uint8Array(), false);
    assert.ok(first !== undefined && others.length === 0);
    token = first;
  }

  const login = (text = pin): Promise<void> => backend.login(token.handle, typed(text), true);

  async function signatureBy(id: string, algorithm: SignatureAlgorithm): Promise<Uint8Array> {
    return backend.sign(token.handle, id, algorithm, digest);
  }

  beforeEach(() => rmSync(place('calls.txt'), { force: true }));

  afterEach(async () => {
    await backend.release(reader);
    assert.deepEqual(
      calls().filter((line) => line.endsWith(' LOUD')),
      [],
      'every call that can be silent is',
    );
  });

  it('is listed with both its certificates and what names it', async () => {
    await bound();
    assert.deepEqual(
      token.certificates.map(({ label, der }) => [label, Buffer.from(der)]),
      [
        ['le-anna-rsa', readFileSync(place('rsa.der'))],
        ['le-anna-ec', readFileSync(place('ec.der'))],
      ],
    );
    assert.deepEqual(
      [token.serialNumber, token.model, token.mechanisms, token.pin],
      [standard['guid'], smartCardProvider, ['CKM_RSA_PKCS', 'CKM_ECDSA'], { state: 'unknown' }],
    );
  });

  it('is named by its reader where the provider does not say it of a key', async () => {
    await bound({ enumerates: 'guid-by-reader' });
    assert.equal(token.serialNumber, standard['guid']);
  });

  it('signs with PKCS#1, PSS and ECDSA', async () => {
    await bound();
    await login();
    const [first, second] = token.certificates;
    assert.ok(first && second);
    const { publicKey } = new X509Certificate(first.der);
    assert.ok(verify('sha256', message, publicKey, await signatureBy(first.id, 'RS256')), 'PKCS#1');
    const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    assert.ok(verify('sha256', message, pss, await signatureBy(first.id, 'PS256')), 'PSS');
    const curve = { key: new X509Certificate(second.der).publicKey, dsaEncoding: 'ieee-p1363' as const };
    const signature = await signatureBy(second.id, 'ES256');
    assert.equal(signature.length, 64);
    assert.ok(verify('sha256', message, curve, signature), 'ECDSA');
  });

  /** Logs in and signs: wherever the provider checks the PIN, it has by then. */
  async function use(text = pin): Promise<void> {
    await login(text);
    await signatureBy(token.certificates[0]?.id ?? '', 'RS256');
  }

  async function refusesWrongPin(check: 'set' | 'sign'): Promise<void> {
    await bound({ check }, keyLines.slice(0, 1));
    await assert.rejects(use('654321'), failure('ERR_PIN_WRONG'));
    assert.deepEqual([triesLeft(), calls('VERIFY')], [2, ['VERIFY wrong']]);
    await assert.rejects(signatureBy(token.certificates[0]?.id ?? '', 'RS256'), failure('login-lost'));
    assert.equal(triesLeft(), 2);
    await use();
    assert.equal(triesLeft(), 3);
  }

  async function tellsOfBlockedPin(check: 'set' | 'sign'): Promise<void> {
    await bound({ check, tries: 0 }, keyLines.slice(0, 1));
    await assert.rejects(use(), failure('ERR_PIN_LOCKED'));
    const sent = calls('NCryptSetProperty SmartCardPin').length;
    await assert.rejects(use(), failure('ERR_PIN_LOCKED'));
    assert.deepEqual(await backend.pinStatus(token.handle), { state: 'locked', triesLeft: 0 });
    assert.deepEqual([sent, calls('NCryptSetProperty SmartCardPin').length], [1, 1]);
  }

  it('refuses a wrong PIN that is checked when it is set, once, and takes the right one afterwards', () =>
    refusesWrongPin('set'));
  it('refuses a wrong PIN that is checked at the first signature, once, and takes the right one afterwards', () =>
    refusesWrongPin('sign'));
  it('tells of a blocked PIN when it is set, and sends none after that', () => tellsOfBlockedPin('set'));
  it('tells of a blocked PIN at the first signature, and sends none after that', () => tellsOfBlockedPin('sign'));

  it('hears the PIN once, with its closing zero, and nothing of it stays in memory', async () => {
    await bound();
    const bytes = typed();
    await backend.login(token.handle, bytes, true);
    assert.ok(bytes.every((byte) => byte === 0));
    await signatureBy(token.certificates[0]?.id ?? '', 'RS256');
    assert.deepEqual(calls('NCryptSetProperty'), ['NCryptSetProperty SmartCardPin 14']);
    assert.deepEqual(calls('pin-memory'), ['pin-memory zero']);
  });

  it('never hears an empty PIN, nor one that cannot be typed everywhere', async () => {
    await bound();
    for (const text of ['', 'åäö123', '1'.repeat(128)]) {
      const bytes = Buffer.from(text);
      await assert.rejects(backend.login(token.handle, bytes, true), failure('ERR_PIN_FORMAT'));
      assert.ok(bytes.every((byte) => byte === 0));
    }
    assert.deepEqual(calls('NCryptSetProperty SmartCardPin'), []);
  });

  it('is gone when it is pulled: at the login, and at the next signature', async () => {
    await bound();
    card({ present: 0 });
    await assert.rejects(login(), failure('ERR_CARD_REMOVED'));
    assert.deepEqual(calls('NCryptSetProperty'), []);
    await bound();
    await login();
    card({ present: 0 });
    await assert.rejects(signatureBy(token.certificates[0]?.id ?? '', 'RS256'), failure('ERR_CARD_REMOVED'));
    await assert.rejects(login(), failure('ERR_CARD_REMOVED'));
  });

  it('hears no PIN when another card with the same containers has taken its place', async () => {
    await bound();
    card({ guid: 'ff112233445566778899aabbccddee00' });
    await assert.rejects(login(), failure('ERR_CARD_CHANGED'));
    assert.deepEqual([calls('NCryptSetProperty'), triesLeft()], [[], 3]);
  });

  it('hears no PIN when a card with other containers has taken its place', async () => {
    await bound();
    card({}, ['key le-bertil-rsa 1 RSA rsa 1']);
    await assert.rejects(login(), failure('ERR_CARD_CHANGED'));
    assert.deepEqual([calls('NCryptSetProperty'), triesLeft()], [[], 3]);
  });

  it('has lost its login when the provider would ask again', async () => {
    await bound();
    await login();
    card({ asks: 'again' });
    await assert.rejects(signatureBy(token.certificates[0]?.id ?? '', 'RS256'), failure('login-lost'));
  });

  it('is none of ours when no provider knows it', async () => {
    card({ enumerates: 'unknown' });
    backend = new CngBackend(systemCng, mute);
    assert.deepEqual(await backend.bind(reader, new Uint8Array(), false), []);
  });

  it('leaves no key open when it is released', async () => {
    await bound();
    await login();
    await backend.release(reader);
    assert.equal(calls('NCryptFreeObject').length, calls('NCryptOpenKey').length);
    await assert.rejects(systemCng.keyProperty(1, 'SmartCardGuid'), CngError);
    await assert.rejects(systemCng.setPin(1, Buffer.alloc(0)), RangeError);
  });

  it('is reached by the policy’s word for it', async () => {
    card();
    const opened = await openBackend({ type: 'cng' }, () => undefined);
    assert.ok(opened.backend instanceof CngBackend);
    assert.deepEqual(calls('NCrypt'), ['NCryptGetProperty Impl Type']);
  });

  describe('with certificates in the user’s store alone', () => {
    const store = (name: string, provider: string, container: string, spec: number): void => {
      const program = join(dirname(process.execPath), 'store-certificate.exe');
      execFileSync(program, [place(`${name}.der`), provider, container, String(spec)], { stdio: 'ignore' });
    };

    it('joins those of the smart-card provider to its keys', async () => {
      store('stored', smartCardProvider, 'le-anna-stored', 1);
      await bound({ certificates: 0 }, [...keyLines, 'key le-anna-stored 1 RSA stored 1']);
      assert.deepEqual(
        token.certificates.map(({ der }) => Buffer.from(der)),
        [readFileSync(place('stored.der'))],
      );
    });

    it("finds those of a vendor's provider, and signs with each of its keys", async () => {
      store('rsa', vendor, 'le-anna-rsa', 1);
      store('ec', vendor, 'le-anna-ec', 2);
      await bound({ enumerates: 'unknown', certificates: 0, check: 'sign' });
      assert.deepEqual([token.model, token.certificates.length], [vendor, 2]);
      await login();
      for (const { id, der } of token.certificates) {
        const { publicKey } = new X509Certificate(der);
        const isCurve = publicKey.asymmetricKeyType === 'ec';
        const signature = await signatureBy(id, isCurve ? 'ES256' : 'RS256');
        assert.ok(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature));
      }
      assert.equal(calls('NCryptSetProperty SmartCardPin').length, 2);
    });

    it('shows none whose reader is another', async () => {
      card({ enumerates: 'unknown', certificates: 0 });
      backend = new CngBackend(systemCng, mute);
      assert.deepEqual(await backend.bind('En annan läsare', new Uint8Array(), false), []);
      assert.ok(calls('NCryptGetProperty SmartCardReader').length > 0);
    });
  });
});

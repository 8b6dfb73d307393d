// The simulated card through a real module host: what the agent, the demo and every test without hardware stand on.
import assert from 'node:assert/strict';
import { constants, createHash, verify } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readerStateBits } from '../../../agent/native/reader-picture.ts';
import { type ModuleHost } from '../../../agent/tokens/module-host.ts';
import { type ReaderPicture } from '../../../agent/tokens/token.ts';
import {
  bindOne,
  failsWith,
  firstReader,
  hostOf,
  makeWorld,
  rightPin,
  secondReader,
  type SimulatedWorld,
  wrongPin,
} from './simulated-world.ts';

const message = Buffer.from('what is signed');
const digest = (name: string): Buffer => createHash(name).update(message).digest();
const pin = (text: string): Buffer => Buffer.from(text);

describe('the simulated card', () => {
  let world: SimulatedWorld;
  let host: ModuleHost;
  let pictures: ReaderPicture[];

  beforeEach(async () => {
    world = makeWorld();
    host = hostOf(world);
    pictures = [];
    host.onReaders((picture) => pictures.push(picture));
    await host.start();
  });

  afterEach(async () => {
    await host.stop();
    world.remove();
  });

  it('shows two empty readers at the start, and insertion and removal as PC/SC counts them', async () => {
    await world.control.insert('anna');
    await world.control.remove();
    const states = pictures.map(({ readers }) => readers.map(({ eventState }) => eventState));
    const { empty, present } = readerStateBits;
    assert.deepEqual(states, [
      [empty, empty],
      [0x10000 | present, empty],
      [0x20000 | empty, empty],
    ]);
    assert.deepEqual(
      pictures.map(({ readers }) => readers[0]?.atr.length),
      [0, 9, 0],
    );
  });

  it('is bound with its certificates, of which one that is too large comes without its bytes', async () => {
    await world.control.insert('anna', 1);
    const token = await bindOne(host, secondReader);
    assert.equal(token.label, 'Card of anna');
    assert.deepEqual(token.pin, { state: 'ok', triesLeft: 3 });
    assert.deepEqual(token.mechanisms, ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_ECDSA']);
    assert.deepEqual(
      token.certificates.map(({ id, der }) => [id, Buffer.from(der).toString()]),
      [
        ['01', 'certificate of anna'],
        ['02', 'another'],
        ['', ''],
      ],
    );
  });

  it('signs with every algorithm once the PIN is given, and the PIN is zeroed', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    const typed = pin(rightPin);
    await host.login(handle, typed, false);
    assert.deepEqual([...typed], [0, 0, 0, 0, 0, 0]);
    for (const bits of ['256', '384', '512'] as const) {
      const hash = `sha${bits}`;
      const rs = await host.sign(handle, '02', `RS${bits}`, digest(hash));
      assert.ok(verify(hash, message, { key: world.rsaKey, padding: constants.RSA_PKCS1_PADDING }, rs));
      const ps = await host.sign(handle, '02', `PS${bits}`, digest(hash));
      const pss = { key: world.rsaKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 };
      assert.ok(verify(hash, message, pss, ps));
    }
    const es = await host.sign(handle, '01', 'ES256', digest('sha256'));
    assert.ok(verify('sha256', message, { key: world.publicKeys.anna, dsaEncoding: 'ieee-p1363' }, es));
    assert.equal((await world.control.state()).cards['anna']?.signatures, 7);
  });

  it('does not sign before the PIN is given', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await assert.rejects(host.sign(handle, '01', 'ES256', digest('sha256')), failsWith('login-lost'));
    assert.equal((await world.control.state()).cards['anna']?.signatures, 0);
  });

  it('counts wrong PINs, asks for the last try to be confirmed, and locks', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await assert.rejects(host.login(handle, pin(wrongPin), false), failsWith('ERR_PIN_WRONG', 2));
    await assert.rejects(host.login(handle, pin(wrongPin), false), failsWith('ERR_PIN_WRONG', 1));
    await assert.rejects(host.login(handle, pin(rightPin), false), failsWith('final-try-unconfirmed'));
    await assert.rejects(host.login(handle, pin(wrongPin), true), failsWith('ERR_PIN_LOCKED', 0));
    await assert.rejects(host.login(handle, pin(rightPin), true), failsWith('ERR_PIN_LOCKED'));
    assert.deepEqual(await host.pinStatus(handle), { state: 'locked', triesLeft: 0 });
    assert.equal((await world.control.state()).cards['anna']?.logins, 3);
  });

  it('gives back all tries after the right PIN, and keeps what is left on disk', async () => {
    const left = (): unknown => JSON.parse(readFileSync(join(world.directory, 'cards/anna.json'), 'utf8'));
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await assert.rejects(host.login(handle, pin(wrongPin), false), failsWith('ERR_PIN_WRONG', 2));
    assert.equal((left() as { triesLeft: number }).triesLeft, 2);
    await host.login(handle, pin(rightPin), false);
    assert.equal((left() as { triesLeft: number }).triesLeft, 3);
  });

  it('gets no PIN when it took the place of another unseen', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    const before = pictures.length;
    await world.control.swap('bertil', { unseen: true });
    assert.equal(pictures.length, before);
    await assert.rejects(host.login(handle, pin(rightPin), false), failsWith('ERR_CARD_CHANGED'));
    const { cards } = await world.control.state();
    assert.equal(cards['bertil']?.logins, 0);
  });

  it('signs with its own key, as real modules do, when it is verified and took the place of another unseen', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await host.login(handle, pin(rightPin), false);
    await world.control.swap('bertil', { unseen: true, verified: true });
    const signature = await host.sign(handle, '01', 'ES256', digest('sha256'));
    const checked = (key: 'anna' | 'bertil'): boolean =>
      verify('sha256', message, { key: world.publicKeys[key], dsaEncoding: 'ieee-p1363' }, signature);
    assert.deepEqual([checked('anna'), checked('bertil')], [false, true]);
  });

  it('forgets the PIN when it is locked, reset by another program, muted, or pulled', async () => {
    await world.control.insert('anna');
    const verified = async (): Promise<unknown> => (await world.control.state()).cards['anna']?.verified;
    const ends: ((handle: string) => Promise<unknown>)[] = [
      (handle) => host.lock(handle),
      () => world.control.resetByOther(),
      () => world.control.setMute(true).then(() => world.control.setMute(false)),
      () => world.control.remove().then(() => world.control.insert('anna')),
    ];
    for (const end of ends) {
      const { handle } = await bindOne(host);
      await host.login(handle, pin(rightPin), false);
      assert.equal(await verified(), true);
      await end(handle);
      assert.equal(await verified(), false);
      await assert.rejects(host.sign(handle, '01', 'ES256', digest('sha256')));
    }
  });

  it('tells a lost login from a pulled card', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await host.login(handle, pin(rightPin), false);
    await world.control.resetByOther();
    await assert.rejects(host.sign(handle, '01', 'ES256', digest('sha256')), failsWith('login-lost'));
    await world.control.remove();
    await assert.rejects(host.sign(handle, '01', 'ES256', digest('sha256')), failsWith('ERR_CARD_REMOVED'));
    await world.control.insert('anna');
    await assert.rejects(host.pinStatus(handle), failsWith('ERR_CARD_REMOVED'));
  });

  it('is gone with the smart-card service, and must be bound anew when that is back', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await host.login(handle, pin(rightPin), false);
    await world.control.stopService();
    await assert.rejects(host.bind(firstReader, new Uint8Array(), false), failsWith('ERR_CARD_SERVICE'));
    await world.control.startService();
    await assert.rejects(host.sign(handle, '01', 'ES256', digest('sha256')), failsWith('ERR_CARD_REMOVED'));
    await host
      .sign((await bindOne(host)).handle, '01', 'ES256', digest('sha256'))
      .then(() => assert.fail('it was still verified'), failsWith('login-lost'));
    const [before, , after] = pictures.slice(-4).map(({ service, connection }) => [service, connection]);
    assert.deepEqual(
      [before, after],
      [
        ['running', 1],
        ['running', 2],
      ],
    );
  });

  it('can be made to lie, once', async () => {
    await world.control.insert('anna');
    const { handle } = await bindOne(host);
    await host.login(handle, pin(rightPin), false);
    await world.control.corruptSignature();
    const checked = async (): Promise<boolean> => {
      const signature = await host.sign(handle, '01', 'ES256', digest('sha256'));
      return verify('sha256', message, { key: world.publicKeys.anna, dsaEncoding: 'ieee-p1363' }, signature);
    };
    assert.deepEqual([await checked(), await checked()], [false, true]);
  });

  it('is controlled over a socket that belongs to its user alone, and refuses what it does not know', async () => {
    assert.equal(statSync(join(world.directory, 'control.sock')).mode & 0o777, 0o600);
    await assert.rejects(world.control.insert('nobody'), /ENOENT/);
    await assert.rejects(world.control.insert('../anna'));
    await assert.rejects(world.control.insert('anna', 7));
  });
});

// Calls that are called off while a real module host is busy: what has not been sent never reaches the card.
import assert from 'node:assert/strict';
import { createHash, verify } from 'node:crypto';
import { type ModuleHost } from '../../../agent/tokens/module-host.ts';
import { bindOne, hostOf, makeWorld, rightPin, secondReader, type SimulatedWorld } from './simulated-world.ts';

const message = Buffer.from('what is signed');
const digest = createHash('sha256').update(message).digest();
const enough = new Error('enough');
const isReason = (error: unknown): boolean => error === enough;

describe('a call that is called off', () => {
  let world: SimulatedWorld;
  let host: ModuleHost;
  let handle: string;
  const sign = (signal?: AbortSignal): Promise<Uint8Array> => host.sign(handle, '01', 'ES256', digest, signal);
  const used = async (card: 'anna' | 'bertil') => {
    const { logins, signatures, verified } = (await world.control.state()).cards[card] ?? {};
    return { logins, signatures, verified };
  };

  beforeEach(async () => {
    // The card is busy for so long that whatever is asked meanwhile has to wait.
    world = makeWorld({ signMilliseconds: 400 });
    host = hostOf(world);
    await host.start();
    await world.control.insert('anna');
    ({ handle } = await bindOne(host));
    await host.login(handle, Buffer.from(rightPin), false);
  });
  afterEach(async () => {
    await host.stop();
    world.remove();
  });

  it('before its turn makes no signature; the one before it and the one after it are made', async () => {
    const asker = new AbortController();
    const first = sign();
    const second = sign(asker.signal);
    const third = sign();
    asker.abort(enough);
    await assert.rejects(second, isReason);
    assert.deepEqual(await used('anna'), { logins: 1, signatures: 0, verified: true });
    for (const signature of await Promise.all([first, third])) {
      assert.ok(verify('sha256', message, { key: world.publicKeys.anna, dsaEncoding: 'ieee-p1363' }, signature));
    }
    assert.deepEqual(await used('anna'), { logins: 1, signatures: 2, verified: true });
  });

  it('before it is made is not made', async () => {
    await assert.rejects(sign(AbortSignal.abort(enough)), isReason);
    await sign();
    assert.equal((await used('anna')).signatures, 1);
  });

  it('on its way to the card runs to its end', async () => {
    const asker = new AbortController();
    const signing = sign(asker.signal);
    asker.abort(enough);
    await signing;
    assert.equal((await used('anna')).signatures, 1);
  });

  it('before its turn sends no PIN, and zeroes it at once', async () => {
    await world.control.insert('bertil', 1);
    const bertil = await bindOne(host, secondReader);
    const asker = new AbortController();
    const busy = sign();
    const pin = Buffer.from(rightPin);
    const login = host.login(bertil.handle, pin, false, asker.signal);
    asker.abort(enough);
    await assert.rejects(login, isReason);
    assert.deepEqual([...pin], [0, 0, 0, 0, 0, 0]);
    await busy;
    assert.deepEqual(await used('bertil'), { logins: 0, signatures: 0, verified: false });
    await host.login(bertil.handle, Buffer.from(rightPin), false);
  });
});

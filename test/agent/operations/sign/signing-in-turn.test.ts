// From the holder's consent to the last signature: what may happen while other dialogs are open, and while many documents are signed.
import assert from 'node:assert/strict';
import { sign as signBytes } from 'node:crypto';
import { type RequestChannel } from '../../../../agent/operations/context.ts';
import { sign } from '../../../../agent/operations/sign/sign.ts';
import { limits } from '../../../../shared/limits.ts';
import { type RequestOf } from '../../../../shared/messages.ts';
import { type Signed, type SigningMessage } from '../../../../shared/signing.ts';
import { waitUntil } from '../../../native-host/within.ts';
import { gate, kortbroError } from '../../fake-backend.ts';
import { type TokenDescription } from '../../../../agent/tokens/token.ts';
import { bertil, cardKey, type CardKey, journal, OperationWorld } from '../operation-world.ts';

const policy = { sites: [{ origin: journal, signing: { documents: 3 } }] };

describe('Signing, once the holder has agreed', () => {
  let key: CardKey;
  let world: OperationWorld;
  const request = (count: number): RequestOf<'sign'> => ({
    type: 'request',
    id: 'one',
    language: 'sv',
    verb: 'sign',
    caller: { kind: 'page', origin: journal },
    documents: Array.from({ length: count }, (_, index) => ({ name: `${index}.txt`, type: 'text/plain', size: 0 })),
    format: { type: 'raw' },
  });

  before(async () => {
    key = await cardKey('45', undefined, { kind: 'signature' });
  });
  beforeEach(async () => {
    world = new OperationWorld(policy);
    await world.insert([key]);
    world.driver.signer = (_handle, _id, _algorithm, digest) => signDigest(key, digest);
  });

  /** A holder who agrees at once, and a browser that takes everything. */
  const start = (count = 1) => {
    let listener: (message: SigningMessage) => void = () => undefined;
    let signed: Signed | undefined;
    let agreed = false;
    const channel: RequestChannel = {
      hear: (hears) => (listener = hears),
      tell: (answer) => {
        if (answer.type !== 'signing') return;
        if (answer.stage === 'consent') {
          const certificate = answer.consent.keys[0]?.key ?? '';
          queueMicrotask(() => {
            agreed = true;
            listener({ type: 'consent', id: 'one', answer: 'sign', certificate });
          });
        }
        if (answer.stage === 'signed') {
          ({ signed } = answer);
          queueMicrotask(() => listener({ type: 'taken', id: 'one' }));
        }
      },
    };
    const call = { language: 'sv' as const, signal: new AbortController().signal, profile: 'p' };
    const done = sign(world.context, call, request(count), channel);
    done.catch(() => undefined);
    return { done, hasAgreed: () => waitUntil(() => agreed, 'the consent', 5_000), signed: () => signed };
  };
  /** Another dialog that is open until `end`. */
  const otherDialog = (): (() => void) => {
    const { promise, open } = gate();
    void world.context.dialogs.inTurn(new AbortController().signal, () => promise);
    return open;
  };

  it('goes on with a batch that takes longer than a consent may wait', async () => {
    world.driver.signer = (_handle, _id, _algorithm, digest) => {
      world.clock.advance(limits.consentTime + 1);
      return signDigest(key, digest);
    };
    const { done, signed } = start(3);
    assert.deepEqual((await done).result, { signed: 3 });
    assert.deepEqual(
      signed()?.documents.map(({ status }) => status),
      ['signed', 'signed', 'signed'],
    );
  });

  it('writes a fault of ours at one document down, once, and tells the same incident', async () => {
    let calls = 0;
    world.driver.signer = (_handle, _id, _algorithm, digest) => {
      calls++;
      if (calls === 2) throw new RangeError('with words that nobody may read: 191212121212');
      return signDigest(key, digest);
    };
    const { done, signed } = start(3);
    assert.deepEqual((await done).result, { signed: 1 });
    const [first, second, third] = signed()?.documents ?? [];
    assert.equal(first?.status, 'signed');
    assert.ok(second?.status === 'failed' && second.code === 'ERR_AGENT_INTERNAL');
    assert.match(second.incident ?? '', /^[0-9a-f]{8}$/);
    assert.deepEqual(third, second);
    const lines = world.log.filter(({ event }) => event === 'internal-error');
    assert.equal(lines.length, 1);
    assert.match(
      JSON.stringify(lines),
      new RegExp(`"incident":"${second.incident}","where":"RangeError [\\w.-]+:\\d+:\\d+"`),
    );
    assert.doesNotMatch(JSON.stringify(world.log), /words|1912/);
  });

  it('refuses a signature that is more than can be handed on, and goes on with the next document', async () => {
    const bounds = limits as { signatureSize: number };
    const { signatureSize } = bounds;
    let calls = 0;
    world.driver.signer = (_handle, _id, _algorithm, digest) => {
      calls++;
      const signature = signDigest(key, digest);
      bounds.signatureSize = calls === 2 ? signature.length - 1 : signature.length;
      return signature;
    };
    try {
      const { done, signed } = start(3);
      assert.deepEqual((await done).result, { signed: 2 });
      assert.deepEqual(
        signed()?.documents.map((entry) => (entry.status === 'failed' ? entry.code : entry.status)),
        ['signed', 'ERR_DOCUMENT_TOO_LARGE', 'signed'],
      );
    } finally {
      bounds.signatureSize = signatureSize;
    }
  });

  it('asks no PIN for a consent that waited too long behind another dialog', async () => {
    const end = otherDialog();
    const { done, hasAgreed } = start();
    await hasAgreed();
    world.clock.advance(limits.consentTime + 1);
    end();
    await assert.rejects(done, kortbroError('ERR_USER_TIMEOUT'));
    assert.deepEqual(world.kinds, []);
  });

  it('waits for a card that is read anew when its turn comes', async () => {
    const end = otherDialog();
    const { done, hasAgreed } = start();
    await hasAgreed();
    const reading = gate<TokenDescription[]>();
    world.driver.bindInstead = () => reading.promise;
    void world.cards.rebind('A', true);
    end();
    await new Promise((resolve) => setImmediate(resolve));
    reading.open(world.driver.cards.get('A') ?? []);
    assert.deepEqual((await done).result, { signed: 1 });
    assert.equal(world.kinds.length, 1);
  });

  it('signs with no other algorithm, when the card is read anew by a driver that can do less', async () => {
    const rsa = await cardKey('45', undefined, { kind: 'signature', key: 'rsa-2048' });
    await world.insert([rsa]);
    const end = otherDialog();
    const { done, hasAgreed } = start();
    await hasAgreed();
    world.driver.bindInstead = () =>
      (world.driver.cards.get('A') ?? []).map((one) => ({ ...one, mechanisms: ['CKM_RSA_PKCS_PSS'] }));
    void world.cards.rebind('A', true);
    end();
    await assert.rejects(done, kortbroError('ERR_CARD_CHANGED'));
    assert.deepEqual(world.kinds, []);
  });

  it('says that the card has left when it was pulled behind another dialog', async () => {
    const end = otherDialog();
    const { done, hasAgreed } = start();
    await hasAgreed();
    world.pull();
    end();
    await assert.rejects(done, kortbroError('ERR_CARD_REMOVED'));
    assert.deepEqual(world.driver.callsOf('signWithPin'), []);
  });

  for (const [name, kind] of [
    ['another key', 'signature'],
    ['no key for signatures', 'authentication'],
  ] as const) {
    it(`says that the card was exchanged behind another dialog for one with ${name}`, async () => {
      const end = otherDialog();
      const { done, hasAgreed } = start();
      await hasAgreed();
      await world.insert([await cardKey('45', bertil, { kind })]);
      end();
      await assert.rejects(done, kortbroError('ERR_CARD_CHANGED'));
      assert.deepEqual(world.kinds, []);
    });
  }
});

/** The card's part: ECDSA over a hash that is ready, which node:crypto makes of a message only. Verified against the empty document. */
function signDigest({ privateKey }: CardKey, digest: Uint8Array): Uint8Array {
  assert.equal(digest.length, 32);
  return signBytes('sha256', new Uint8Array(), { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

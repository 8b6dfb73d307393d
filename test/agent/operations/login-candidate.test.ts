// Why there is no certificate to log in with: the table of codes, each telling the holder something else to do.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { loginCandidates } from '../../../agent/operations/login-candidate.ts';
import { whyNoToken } from '../../../agent/operations/token-places.ts';
import { type ReaderEntry } from '../../../agent/cards/card-table.ts';
import { type ErrorCode } from '../../../shared/errors.ts';
import { certificateOf } from '../certificates/der.ts';
import { kortbroError } from '../fake-backend.ts';
import { bertil, cardKey, OperationWorld, type CardKey } from './operation-world.ts';

const reader = (card: ReaderEntry['card'], problem?: ErrorCode): ReaderEntry => ({
  name: 'A',
  card,
  tokens: [],
  ...(problem === undefined ? {} : { problem }),
});

const cases: [string, ReaderEntry[], boolean, ErrorCode][] = [
  ['no service', [], false, 'ERR_CARD_SERVICE'],
  ['no reader', [], true, 'ERR_CARD_NO_READER'],
  ['no card', [reader('empty')], true, 'ERR_CARD_ABSENT'],
  ['no card in two readers', [reader('empty'), reader('empty')], true, 'ERR_CARD_ABSENT'],
  ['a mute card', [reader('mute')], true, 'ERR_CARD_UNSUPPORTED'],
  ['a mute card beside an empty reader', [reader('empty'), reader('mute')], true, 'ERR_CARD_UNSUPPORTED'],
  ['an unknown card', [reader('unsupported', 'ERR_CARD_UNSUPPORTED')], true, 'ERR_CARD_UNSUPPORTED'],
  ['no driver', [reader('unsupported', 'ERR_AGENT_DRIVER_MISSING')], true, 'ERR_AGENT_DRIVER_MISSING'],
  [
    'a driver that hangs',
    [reader('empty'), reader('unsupported', 'ERR_AGENT_DRIVER_HUNG')],
    true,
    'ERR_AGENT_DRIVER_HUNG',
  ],
  ['a card that fails', [reader('unsupported', 'ERR_CARD_FAILED')], true, 'ERR_CARD_FAILED'],
];

describe('Why there is no token', () => {
  for (const [name, readers, running, code] of cases) {
    it(`${name}: ${code}`, () => assert.equal(whyNoToken(readers, running), code));
  }
});

describe('The candidates for a login', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  const wanted = { identity: 'any', issuers: [] } as const;
  const candidates = () => loginCandidates(world.context, { ...wanted, issuers: [] }).map(({ key }) => key.id);
  const spki = (type: 'ed25519' | 'x25519' | 'rsa') => {
    const { publicKey } =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 1024 })
        : type === 'ed25519'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('x25519');
    return publicKey.export({ type: 'spki', format: 'der' });
  };

  before(async () => {
    hsa = await cardKey('45');
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  it('are those of every card in every reader', async () => {
    await world.insert([hsa]);
    await world.insert([await cardKey('47', bertil)], {}, 'B');
    assert.deepEqual(candidates(), ['45', '47']);
    world.pull('A');
    assert.deepEqual(candidates(), ['47']);
  });

  const unusable: [string, () => Uint8Array, string][] = [
    ['an RSA key of 1024 bits', () => certificateOf({ publicKey: spki('rsa') }), 'ERR_CARD_CERTIFICATE_INVALID'],
    ['an Ed25519 key', () => certificateOf({ publicKey: spki('ed25519') }), 'ERR_CARD_NO_CERTIFICATE'],
    ['an X25519 key', () => certificateOf({ publicKey: spki('x25519') }), 'ERR_CARD_NO_CERTIFICATE'],
  ];
  for (const [name, der, code] of unusable) {
    it(`are none with ${name}: ${code}`, async () => {
      await world.insert([{ ...hsa, id: '50', der: der() }]);
      assert.throws(candidates, kortbroError(code));
    });

    it(`leave out ${name} beside a good one`, async () => {
      await world.insert([{ ...hsa, id: '50', der: der() }, hsa]);
      assert.deepEqual(candidates(), ['45']);
    });
  }

  it('are none that the token has no mechanism for', async () => {
    await world.insert([hsa], { mechanisms: [] });
    assert.throws(candidates, kortbroError('ERR_CARD_NO_CERTIFICATE'));
  });

  it('tell of a certificate that does not parse only when none else is there', async () => {
    await world.insert([{ ...hsa, der: Buffer.from('x') }]);
    assert.throws(candidates, kortbroError('ERR_CARD_CERTIFICATE_INVALID'));
    world.pull();
    await world.insert([{ ...hsa, der: Buffer.from('x') }, hsa]);
    assert.deepEqual(candidates(), ['45']);
  });

  it('are none in a locked session, which is said as such', async () => {
    await world.insert([hsa]);
    world.suspend();
    assert.throws(candidates, kortbroError('ERR_AGENT_SESSION_LOCKED'));
  });

  it('are none by a broken policy', async () => {
    await world.insert([hsa]);
    world.policy = { ok: false, path: 'p', line: 1, reason: 'x' };
    assert.throws(candidates, kortbroError('ERR_POLICY_INVALID'));
  });
});

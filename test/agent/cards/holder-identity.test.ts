// By what a holder is known again: the same card behind two drivers, a card that does not name itself, and what is never told.
import assert from 'node:assert/strict';
import { type BoundToken, bindToken } from '../../../agent/cards/bound-token.ts';
import { holderIdentity, seenToken } from '../../../agent/cards/holder-identity.ts';
import { type TokenDescription } from '../../../agent/tokens/token.ts';
import { limits } from '../../../shared/limits.ts';
import { certificateOf } from '../certificates/der.ts';
import { FakeBackend, description } from '../fake-backend.ts';

const used = { id: '45', label: 'Legitimering', der: certificateOf() };
const other = { id: '46', label: 'Underskrift', der: Buffer.from('another certificate') };

function token(changes: Partial<TokenDescription> = {}, namesItself = true, generation = '1/A/1'): BoundToken {
  const place = {
    reader: 'A',
    generation,
    backend: new FakeBackend(),
    gone: new AbortController().signal,
    namesItself,
  };
  return bindToken(description({ identity: '9f7f', certificates: [used, other], ...changes }), place);
}

/** Who logs in with the first certificate. */
function identity(of: BoundToken, ...siblings: BoundToken[]) {
  const [key] = of.keys;
  assert.ok(key);
  return holderIdentity({ token: of, key }, [of, ...siblings]);
}

const isKnownAgain = (then: BoundToken, now: BoundToken) => seenToken(now).names.includes(identity(then).card);

describe('A holder is known again', () => {
  const cases: [boolean, string, BoundToken, BoundToken][] = [
    [true, 'the same card', token(), token()],
    [true, 'a card that names itself, behind another driver', token(), token({ serialNumber: 'aaaa' })],
    [false, 'another card with the same serial number', token(), token({ identity: '9f80' })],
    [true, 'a card that did not name itself at login', token({ identity: '' }), token()],
    [
      false,
      'a card that did not name itself at login, behind another driver',
      token({ identity: '' }),
      token({ serialNumber: 'aaaa' }),
    ],
    [false, 'a card that does not name itself now', token(), token({ identity: '' })],
    [true, 'a card of an unknown kind', token({}, false), token({ identity: '' }, false)],
    [
      false,
      'a card of an unknown kind, behind another driver',
      token({}, false),
      token({ serialNumber: 'aaaa' }, false),
    ],
  ];
  for (const [expected, name, then, now] of cases) {
    it(`${expected ? 'by' : 'not by'} ${name}`, () => assert.equal(isKnownAgain(then, now), expected));
  }

  it('for certain, unless the card should have named itself and did not, or has no serial number', () => {
    const isNameless = (one: BoundToken) => seenToken(one).isNameless;
    assert.deepEqual(
      [token(), token({ identity: '' }), token({}, false), token({ serialNumber: '' }, false)].map(isNameless),
      [false, true, false, true],
    );
  });

  it('not by a serial number that reads like what a chip says', () => {
    assert.equal(isKnownAgain(token({ identity: '0001' }), token({ serialNumber: '0001' }, false)), false);
  });

  it('beside his other certificates: those of all tokens of the card in this stay, each once', () => {
    const sibling = token({ handle: 'h2', certificates: [other, { ...other, der: Buffer.from('a third') }] });
    const { certificate, beside } = identity(token(), sibling, token({ certificates: [used] }, true, '1/B/1'));
    assert.equal(beside.length, 2);
    assert.deepEqual(
      [certificate, ...beside],
      [...seenToken(token()).certificates, ...seenToken(sibling).certificates.slice(1)],
    );
    const many = Array.from({ length: 40 }, (_, at) => ({ ...other, der: Buffer.from(`${at}`) }));
    assert.equal(identity(token({ certificates: [used, ...many] })).beside.length, limits.certificatesPerToken);
  });

  it('by the certificates that could be read', () => {
    const { certificates } = seenToken(token({ certificates: [used, { id: '', label: '', der: new Uint8Array() }] }));
    assert.deepEqual(certificates, [identity(token()).certificate]);
  });

  it('by hashes, which tell neither number nor certificate', () => {
    const { card, certificate, beside } = identity(token({ serialNumber: '199001012385' }));
    for (const hash of [card, certificate, ...beside]) assert.match(hash, /^[\da-f]{32}$/);
  });
});

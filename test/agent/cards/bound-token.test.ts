// What becomes of a driver's description when the card is bound: keys with certificates that parse, names that can be shown.
import assert from 'node:assert/strict';
import { bindToken } from '../../../agent/cards/bound-token.ts';
import { hiddenCertificate } from '../../../agent/tokens/shown-certificate.ts';
import { certificateOf } from '../certificates/der.ts';
import { FakeBackend, description } from '../fake-backend.ts';

const place = {
  reader: 'A',
  generation: '1/A/1',
  backend: new FakeBackend(),
  gone: new AbortController().signal,
  namesItself: false,
};
const one = { id: '45', label: 'Legitimering', der: certificateOf() };

describe('A bound token', () => {
  it('has a key for each certificate that parses, and counts the others', () => {
    const broken = { id: '46', label: 'x', der: Buffer.from('certificate') };
    const token = bindToken(description({ certificates: [broken, one, { ...one, id: '47' }] }), place);
    assert.deepEqual(
      token.keys.map(({ id }) => id),
      ['45', '47'],
    );
    assert.equal(token.unreadable, 1);
  });

  it('counts a certificate that its driver does not show among those that do not parse', () => {
    const shown = bindToken(description({ certificates: [one] }), place);
    const token = bindToken(description({ certificates: [one, hiddenCertificate] }), place);
    assert.deepEqual([token.keys.length, token.unreadable], [1, 1]);
    assert.equal(token.fingerprint, shown.fingerprint);
  });

  it('may have none', () => {
    const token = bindToken(description({ certificates: [] }), place);
    assert.deepEqual([token.keys, token.unreadable], [[], 0]);
  });

  it('shows labels that cannot break what stands around them', () => {
    const token = bindToken(description({ certificates: [{ ...one, label: 'a\u202eb\n<i>' }] }), place);
    assert.equal(token.keys[0]?.label, 'ab i');
  });

  it('has another key at each binding, and the same fingerprint while card and first certificate are the same', () => {
    const first = bindToken(description({ certificates: [one] }), place);
    const again = bindToken(description({ certificates: [one] }), place);
    const other = bindToken(description({ certificates: [one], serialNumber: '0002' }), place);
    const renewed = bindToken(description({ certificates: [{ ...one, der: Buffer.from('another') }] }), place);
    assert.notEqual(first, again);
    assert.equal(first.fingerprint, again.fingerprint);
    assert.equal(new Set([first, other, renewed].map(({ fingerprint }) => fingerprint)).size, 3);
  });

  it('has a fingerprint that tells neither serial number nor holder', () => {
    assert.match(bindToken(description({ serialNumber: '199001012385' }), place).fingerprint, /^[0-9a-f]{16}$/);
  });
});

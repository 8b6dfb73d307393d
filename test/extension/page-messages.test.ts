import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parsePageMessage, parsePageText } from '../../extension/page-api/page-messages.ts';
import { encodeBase64 } from '../../shared/base64.ts';
import { limits } from '../../shared/limits.ts';
import { nonce } from './agent-states.ts';

const ids = fc.stringMatching(/^[\w-]{1,64}$/);
const nonces = fc.uint8Array({ minLength: 33, maxLength: 96 }).map(encodeBase64);

describe("a page's message", () => {
  it('is taken in its closed forms and comes out as a new, equal value', () => {
    const messages = fc.oneof(
      fc.record({ id: ids, verb: fc.constantFrom('status', 'cancel') }, { noNullPrototype: true }),
      fc.record({ id: ids, verb: fc.constant('authenticate'), nonce: nonces }, { noNullPrototype: true }),
      fc.constant({ verb: 'listen' }),
    );
    fc.assert(
      fc.property(messages, (message) => {
        assert.deepEqual(parsePageText(JSON.stringify(message)), message);
        const parsed = parsePageMessage(message);
        assert.deepEqual(parsed, message);
        assert.notEqual(parsed, message);
      }),
    );
  });

  it('never throws, whatever it is, and is either refused or in a closed form', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const message = parsePageMessage(value);
        if ('refused' in message) assert.match(message.refused, /^ERR_REQUEST_/);
        else assert.ok(['status', 'authenticate', 'cancel', 'listen', 'received', 'settled'].includes(message.verb));
      }),
    );
    fc.assert(fc.property(fc.anything(), (value) => 'refused' in parsePageText(value)));
    fc.assert(fc.property(fc.string(), (text) => 'refused' in parsePageText(text)));
  });

  it('with one key too many is refused, whatever the key', () => {
    const base = fc.constantFrom(
      { id: '1', verb: 'status' },
      { id: '1', verb: 'authenticate', nonce },
      { verb: 'listen' },
    );
    const keys = fc.string().filter((key) => !['id', 'verb', 'nonce', 'since', 'logout'].includes(key));
    fc.assert(
      fc.property(base, keys, fc.jsonValue(), (message, key, value) => {
        const text = JSON.stringify(Object.fromEntries([...Object.entries(message), [key, value]]));
        assert.ok('refused' in parsePageText(text));
      }),
    );
  });

  it('longer than the limit is refused before it is parsed', () => {
    const text = JSON.stringify({ id: '1', verb: 'status' }).padEnd(limits.pageMessage + 1, ' ');
    assert.deepEqual(parsePageText(text), { refused: 'ERR_REQUEST_TOO_LARGE' });
    assert.deepEqual(parsePageText(text.slice(0, limits.pageMessage)), { id: '1', verb: 'status' });
  });

  it('may name what was seen last only when a content script says it', () => {
    assert.deepEqual(parsePageMessage({ verb: 'listen', since: 3 }), { verb: 'listen', since: 3 });
    assert.deepEqual(parsePageText('{"verb":"listen","since":3}'), { refused: 'ERR_REQUEST_INVALID' });
    for (const since of [-1, 1.5, Number.NaN, '3', 2 ** 53]) {
      assert.deepEqual(parsePageMessage({ verb: 'listen', since }), { refused: 'ERR_REQUEST_INVALID' });
    }
  });

  it('has a nonce of 44 to 128 characters of canonical base64', () => {
    const ask = (text: string) => parsePageMessage({ id: '1', verb: 'authenticate', nonce: text });
    const refused = { id: '1', refused: 'ERR_REQUEST_NONCE' };
    assert.deepEqual(ask('A'.repeat(40)), refused);
    assert.deepEqual(ask('A'.repeat(43)), refused);
    assert.deepEqual(ask('A'.repeat(44)), { id: '1', verb: 'authenticate', nonce: 'A'.repeat(44) });
    assert.deepEqual(ask('A'.repeat(128)), { id: '1', verb: 'authenticate', nonce: 'A'.repeat(128) });
    assert.deepEqual(ask('A'.repeat(132)), refused);
    assert.deepEqual(ask(`${'A'.repeat(43)}-`), refused);
    assert.deepEqual(ask(`${'A'.repeat(42)}B=`), refused);
    assert.deepEqual(ask(`${nonce}\n`), refused);
  });

  describe('with a registration for logging out', () => {
    const registration = { url: 'https://journal.example/logout', token: 'a'.repeat(22) };
    const ask = (logout: unknown) => parsePageMessage({ id: '1', verb: 'authenticate', nonce, logout });

    it('is taken with or without a lease and a guard', () => {
      for (const logout of [registration, { ...registration, leaseSeconds: 60 }, { ...registration, guard: true }]) {
        assert.deepEqual(ask(logout), { id: '1', verb: 'authenticate', nonce, logout });
      }
    });

    it('is refused whole where it is out of its form or its bounds', () => {
      for (const logout of [
        null,
        'x',
        [],
        {},
        { url: registration.url },
        { ...registration, url: '' },
        { ...registration, url: `https://journal.example/${'x'.repeat(limits.logoutUrlLength)}` },
        { ...registration, token: 'a'.repeat(21) },
        { ...registration, token: 'a'.repeat(513) },
        { ...registration, token: `${registration.token} ` },
        { ...registration, leaseSeconds: limits.leaseMinimum - 1 },
        { ...registration, leaseSeconds: limits.leaseMaximum + 1 },
        { ...registration, leaseSeconds: 10.5 },
        { ...registration, guard: 1 },
        { ...registration, more: 1 },
      ]) {
        assert.deepEqual(ask(logout), { id: '1', refused: 'ERR_REQUEST_LOGOUT' }, JSON.stringify(logout));
      }
    });
  });

  it('may say that it has settled, and only a content script that it has received', () => {
    assert.deepEqual(parsePageText('{"verb":"settled","number":3}'), { verb: 'settled', number: 3 });
    assert.deepEqual(parsePageText('{"verb":"received","number":3}'), { refused: 'ERR_REQUEST_INVALID' });
    assert.deepEqual(parsePageMessage({ verb: 'received', number: 3 }), { verb: 'received', number: 3 });
    assert.deepEqual(parsePageText('{"verb":"settled","number":-1}'), { refused: 'ERR_REQUEST_INVALID' });
  });
});

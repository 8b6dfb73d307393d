import assert from 'node:assert/strict';
import { parseAuthenticationToken } from '../../relying-party/src/authentication-token.ts';
import { TokenError, type TokenErrorCode } from '../../relying-party/src/index.ts';

describe('the parser of authentication tokens', () => {
  const fields = {
    unverifiedCertificate: Buffer.alloc(300, 1).toString('base64'),
    algorithm: 'ES256',
    signature: Buffer.alloc(64, 2).toString('base64'),
    format: 'web-eid:1.0',
    appVersion: 'https://example.org/kortbro/releases/0.1.0',
  };
  const assertRefuses = (token: unknown, code: TokenErrorCode = 'ERR_TOKEN_MALFORMED'): void => {
    assert.throws(
      () => parseAuthenticationToken(token),
      (error: unknown) => error instanceof TokenError && error.code === code,
      JSON.stringify(token),
    );
  };

  it('reads JSON text and what a body parser made of it alike', () => {
    const expected = {
      ...fields,
      unverifiedCertificate: new Uint8Array(300).fill(1),
      signature: new Uint8Array(64).fill(2),
    };
    assert.deepEqual(parseAuthenticationToken(fields), expected);
    assert.deepEqual(parseAuthenticationToken(JSON.stringify(fields)), expected);
  });

  it('refuses text shorter than 100 or longer than 10 000 characters', () => {
    assertRefuses('{}');
    const text = JSON.stringify(fields);
    assert.ok(parseAuthenticationToken(text + ' '.repeat(10_000 - text.length)));
    assertRefuses(text + ' '.repeat(10_001 - text.length));
  });

  it('refuses text that is not JSON, and never quotes it', () => {
    const secret = `secret ${'x'.repeat(100)}`;
    assert.throws(
      () => parseAuthenticationToken(secret),
      (error: unknown) => error instanceof TokenError && !error.message.includes('secret') && error.cause === undefined,
    );
  });

  it('refuses everything that is not an object', () => {
    for (const token of [undefined, null, true, 7, [], [fields], () => fields, Symbol('token')]) assertRefuses(token);
    assertRefuses(JSON.stringify([fields]));
    assertRefuses(`[${'['.repeat(9000)}`);
  });

  for (const name of Object.keys(fields) as (keyof typeof fields)[]) {
    it(`refuses a token whose ${name} is missing, empty, endless or not text`, () => {
      for (const value of [undefined, '', 7, null, {}, [fields[name]], 'A'.repeat(10_004)]) {
        assertRefuses({ ...fields, [name]: value });
      }
    });
  }

  it('refuses base64 that is not the one spelling of its bytes', () => {
    for (const signature of ['AAA', 'AAA=\n', 'AAB=', 'AA-_', 'AA==AA==', ' AAAA'])
      assertRefuses({ ...fields, signature });
    assertRefuses({ ...fields, unverifiedCertificate: `${fields.unverifiedCertificate} ` });
  });

  it('refuses another major version of the format', () => {
    for (const format of [
      'web-eid:2.0',
      'web-eid:1',
      'web-eid:11.0',
      'web-eid:1.0 ',
      'web-eid:1.01',
      'web-eid:1.x',
      'x',
    ]) {
      assertRefuses({ ...fields, format }, 'ERR_TOKEN_FORMAT_UNSUPPORTED');
    }
  });

  it('refuses a field that format 1.0 does not have', () => {
    assertRefuses({ ...fields, unverifiedSigningCertificates: [] });
    const polluted = JSON.stringify(fields).replace('{', '{"__proto__":{"algorithm":"none"},');
    assertRefuses(polluted);
  });

  it('passes over the additional fields of a later minor version', () => {
    const later = { ...fields, format: 'web-eid:1.1', unverifiedSigningCertificates: [{ certificate: 'x' }] };
    assert.equal('unverifiedSigningCertificates' in parseAuthenticationToken(later), false);
    const crowd = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`field${index}`, index]));
    assertRefuses({ ...later, ...crowd });
  });
});

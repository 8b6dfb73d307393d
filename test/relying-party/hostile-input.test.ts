import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Issued, type TestPki } from '../../demo/pki/pki.ts';
import { createTokenVerifier, TokenError, type TokenVerifier } from '../../relying-party/src/index.ts';
import { createPki, issueAnna, signToken, siteOptions, type TokenFields } from './login-fixture.ts';

describe('hostile input to the token verifier', () => {
  let pki: TestPki;
  let verifier: TokenVerifier;
  let card: Issued;
  let token: TokenFields;
  before(async () => {
    pki = await createPki();
    verifier = createTokenVerifier(siteOptions(pki));
    card = await issueAnna(pki);
    token = signToken(card);
  });

  /** The code of the refusal; fails if the attempt passes, or ends in anything but an expected TokenError. */
  const refusal = async (attempt: unknown): Promise<string> => {
    try {
      await verifier.verify({ token: attempt, session: 'session-1' });
    } catch (error) {
      assert.ok(error instanceof TokenError, String(error));
      assert.notEqual(error.code, 'ERR_VERIFIER_FAILED', String(error.cause));
      return error.code;
    }
    return assert.fail('the attempt passed');
  };
  const refusesAlways = async (attempt: unknown): Promise<void> => assert.match(await refusal(attempt), /^ERR_/);
  const name = fc.constantFrom<keyof TokenFields>('unverifiedCertificate', 'algorithm', 'signature', 'format');
  const base64 = fc.uint8Array({ minLength: 1, maxLength: 900 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), base64);

  it('any text or value in the place of the token is refused', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(anyText, fc.json(), fc.anything()), refusesAlways));
  });

  it('any text or value in the place of a field is refused', async () => {
    const value = fc.oneof(anyText, fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(name, value, async (field, text) => {
        fc.pre(
          text !== token[field] && !(field === 'format' && typeof text === 'string' && text.startsWith('web-eid:1.')),
        );
        await refusal({ ...token, [field]: text });
        await refusal(JSON.stringify({ ...token, [field]: text }));
      }),
    );
  });

  it('any change of one character in the token text is refused, but in what no signature covers', async () => {
    const text = JSON.stringify(token);
    const minor = text.indexOf('web-eid:1.0') + 'web-eid:1.'.length;
    const free = [text.indexOf(token.appVersion), text.indexOf(token.appVersion) + token.appVersion.length] as const;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: text.length - 1 }), fc.integer({ min: 0x20, max: 0x7e }), async (at, code) => {
        const character = String.fromCharCode(code);
        fc.pre(character !== text[at] && at !== minor && !(at >= free[0] && at < free[1]));
        await refusal(text.slice(0, at) + character + text.slice(at + 1));
      }),
      { numRuns: 500 },
    );
  });

  it('the free parts change nothing but what is told as the app version', async () => {
    const honest = await verifier.verify({ token, session: 'session-1' });
    const changed = { ...token, appVersion: 'x', format: 'web-eid:1.7' };
    assert.deepEqual(await verifier.verify({ token: changed, session: 'session-1' }), { ...honest, appVersion: 'x' });
  });

  it('any change of one byte in the certificate is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: card.certificate.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const certificate = Buffer.from(card.certificate);
          certificate[at] = (certificate[at] ?? 0) ^ change;
          await refusal({ ...token, unverifiedCertificate: certificate.toString('base64') });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('every bit of both signatures, and of what the signature of the CA does not cover, counts', async () => {
    const certificate = Buffer.from(card.certificate);
    // Behind the signed part: the name of the algorithm, and the signature with its count of unused bits.
    const unsigned = 4 + 4 + certificate.readUInt16BE(6);
    for (const [field, bytes, from] of [
      ['unverifiedCertificate', certificate, unsigned],
      ['signature', Buffer.from(token.signature, 'base64'), 0],
    ] as const) {
      for (let bit = from * 8; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await refusal({ ...token, [field]: changed.toString('base64') });
      }
    }
  });

  it('a certificate with bytes cut out or put in is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: card.certificate.length }),
        fc.nat({ max: 20 }),
        fc.uint8Array({ maxLength: 20 }),
        async (at, cut, put) => {
          const certificate = Buffer.concat([card.certificate.slice(0, at), put, card.certificate.slice(at + cut)]);
          fc.pre(!certificate.equals(card.certificate) && certificate.length > 0);
          await refusal({ ...token, unverifiedCertificate: certificate.toString('base64') });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('an extension with any content, from the trusted issuer itself, is read or refused', async () => {
    const oid = fc.constantFrom('2.5.29.17', '2.5.29.37', '2.5.29.32', '2.5.29.31', '1.3.6.1.5.5.7.1.1', '2.999.5');
    await fc.assert(
      fc.asyncProperty(oid, fc.uint8Array({ maxLength: 60 }), async (type, value) => {
        const issued = await issueAnna(pki, {
          key: card,
          extendedKeyUsage: [],
          ...(type === '2.5.29.32' && { policies: [] }),
          extensions: [{ oid: type, critical: false, value }],
        });
        try {
          await verifier.verify({ token: signToken(issued), session: 'session-1' });
        } catch (error) {
          assert.ok(error instanceof TokenError && error.code !== 'ERR_VERIFIER_FAILED', String(error));
        }
      }),
      { numRuns: 150 },
    );
  });
});

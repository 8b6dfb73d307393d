import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TEST_ASSURANCE_LEVELS } from '../../demo/pki/policies.ts';
import { createTokenVerifier, type TokenVerifier } from '../../relying-party/src/index.ts';
import { assertRefused, type TokenFields } from './login-fixture.ts';

interface KnownAnswers {
  readonly origin: string;
  readonly at: string;
  readonly root: string;
  readonly issuers: { readonly hsaId3: string; readonly hsaId2: string; readonly id3: string; readonly id2: string };
  readonly vectors: readonly {
    readonly name: string;
    readonly nonce: string;
    readonly token: TokenFields;
    readonly certificateSha256: string;
  }[];
}

const answers = JSON.parse(
  readFileSync(join(import.meta.dirname, 'known-answers.json'), 'utf8'),
) as unknown as KnownAnswers;

const site = (nonce: string, origin = answers.origin): TokenVerifier =>
  createTokenVerifier({
    origin,
    nonces: { consume: () => Promise.resolve(nonce) },
    roots: [answers.root],
    trustedIssuers: [
      { certificate: answers.issuers.hsaId3, assuranceLevel: 3 },
      { certificate: answers.issuers.id3, assuranceLevel: 3 },
      { certificate: answers.issuers.hsaId2, assuranceLevel: 2 },
    ],
    assuranceLevels: TEST_ASSURANCE_LEVELS,
    minimumLevel: 2,
    clock: () => Date.parse(answers.at),
  });

describe('tokens made with the openssl command line', () => {
  for (const { name, nonce, token, certificateSha256 } of answers.vectors) {
    it(`pass: ${name}`, async () => {
      const holder = await site(nonce).verify({ token: JSON.stringify(token), session: 'session-1' });
      assert.equal(holder.certificateSha256, certificateSha256);
      assert.match(name, new RegExp(`level ${holder.assuranceLevel}$`));
      assert.match(name, holder.identity.kind === 'hsa-id' ? /HSA-id/ : /personal number/);
    });

    it(`are refused with another nonce or another origin: ${name}`, async () => {
      const attempt = { token, session: 'session-1' };
      const other = `${nonce.startsWith('A') ? 'B' : 'A'}${nonce.slice(1)}`;
      await assertRefused(site(other).verify(attempt), 'ERR_SIGNATURE_INVALID');
      await assertRefused(site(nonce, 'https://recept.example.org').verify(attempt), 'ERR_SIGNATURE_INVALID');
    });
  }
});

// A document of 50 MB, the largest that is taken: signing it adds one copy to memory, its result, and takes a second or so.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { limits } from '../../../shared/limits.ts';
import { pdfOfSize } from '../../signatures/documents.ts';
import { pem, TestAuthority } from '../../signatures/test-authority.ts';

describe('A document of 50 MB', function () {
  this.timeout(120_000);
  let authority: TestAuthority;

  before(async () => {
    authority = await TestAuthority.create();
    const { certificate, privateKey } = await authority.issueSigner({ key: 'ec-p256' });
    writeFileSync(authority.path('signer.pem'), pem(certificate));
    writeFileSync(authority.path('signer.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(authority.path('large.pdf'), await pdfOfSize(limits.documentSize - 20_000));
  });
  after(() => authority.close());

  for (const container of ['pades', 'cms']) {
    it(`is signed (${container}) in less than three times its memory, the document among them`, () => {
      const files = ['large.pdf', 'signer.pem', 'signer.key'].map((name) => authority.path(name));
      const program = ['--import', 'tsx', `${import.meta.dirname}/sign-large.ts`, container, ...files];
      const told = JSON.parse(execFileSync(process.execPath, program, { encoding: 'utf8' })) as Record<string, number>;
      const { document = 0, signed = 0, grown = 0, time = 0 } = told;
      assert.ok(document > 52_000_000 && signed > document, JSON.stringify(told));
      assert.ok(grown < 1.6 * document, JSON.stringify(told));
      assert.ok(time < 10_000, JSON.stringify(told));
    });
  }
});

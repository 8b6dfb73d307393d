import assert from 'node:assert/strict';
import { anna } from '../../demo/pki/persons.ts';
import { type TestPki } from '../../demo/pki/pki.ts';
import { assertRefused, createPki, issueAnna, present, signToken } from './login-fixture.ts';

describe('the token verifier reads the holder', () => {
  let pki: TestPki;
  before(async () => {
    pki = await createPki();
  });

  const refusedSubject = async (subject: readonly (readonly ['CN' | 'serialNumber' | 'O', string])[]) => {
    await assertRefused(present(pki, signToken(await issueAnna(pki, { subject }))), 'ERR_HOLDER_UNREADABLE');
  };

  it('and refuses a subject without a name or a serialNumber', async () => {
    await refusedSubject([['serialNumber', anna.hsaId]]);
    await refusedSubject([['CN', 'Anna Testsson']]);
  });

  it('and refuses a serialNumber that is neither HSA-id nor personal number', async () => {
    for (const serialNumber of [
      '19900101-2385',
      '9001012385',
      'SE0000000000',
      'se0000000000-1ABC',
      `SE0000000000-${'A'.repeat(19)}`,
    ]) {
      await refusedSubject([
        ['CN', 'Anna Testsson'],
        ['serialNumber', serialNumber],
      ]);
    }
  });

  it('and refuses two serialNumbers', async () => {
    await refusedSubject([
      ['CN', 'Anna Testsson'],
      ['serialNumber', anna.hsaId],
      ['serialNumber', 'SE0000000000-2DEF'],
    ]);
  });

  it('and refuses names with control or direction characters, and endless ones', async () => {
    for (const name of ['Anna\u0000', 'Anna\u202enossteT', 'Anna\nTestsson', 'A\u200bnna', 'A'.repeat(257)]) {
      await refusedSubject([
        ['CN', name],
        ['serialNumber', anna.hsaId],
      ]);
    }
    await refusedSubject([
      ['CN', 'Anna Testsson'],
      ['O', '\u2066Kliniken'],
      ['serialNumber', anna.hsaId],
    ]);
  });

  it('and hands markup on as the text that it is', async () => {
    const issued = await issueAnna(pki, {
      subject: [
        ['CN', '<b>Anna</b>, "T"'],
        ['serialNumber', 'TSTNMT0000000000-1ABC'],
      ],
    });
    const { name, identity } = await present(pki, signToken(issued));
    assert.equal(name, '<b>Anna</b>, "T"');
    assert.deepEqual(identity, { kind: 'hsa-id', hsaId: 'TSTNMT0000000000-1ABC' });
  });
});

// What the PIN dialog says of documents: site, names and fingerprints, whatever else there is; in both languages.
import assert from 'node:assert/strict';
import { escapeText } from '../../../agent/pin/assuan.ts';
import { signingPinDialog, type SigningText } from '../../../agent/pin/signature-texts.ts';

const fingerprint = `0123456789abcdef${'f'.repeat(48)}`;
const holder = { holder: 'Anna Testsson', organisation: 'Region Exempel', holderId: 'SE0000000000-1ABC', issuer: 'CA' };
const text = (count: number, changes: Partial<SigningText> = {}): SigningText => ({
  site: 'https://journal.example.se',
  holder,
  documents: Array.from({ length: count }, (_, i) => ({ name: `intyg ${i + 1}.pdf`, fingerprint })),
  isHash: false,
  ...changes,
});

describe('The PIN dialog of a signature', () => {
  it('repeats site, document, fingerprint and holder', () => {
    const dialog = signingPinDialog('sv', text(1), { state: 'ok' });
    for (const part of [
      'https://journal.example.se vill att du skriver under.',
      'Dokument: intyg 1.pdf',
      'Fingeravtryck: 0123\u00a04567\u00a089ab\u00a0cdef',
      'Kort: Anna Testsson, Region Exempel',
    ])
      assert.ok(dialog.description.includes(part), part);
    assert.deepEqual([dialog.ok, dialog.notice], ['Skriv under', undefined]);
  });

  it('counts the documents of a batch, and names the first ones', () => {
    const { description } = signingPinDialog('en', text(5), { state: 'ok' });
    assert.ok(description.includes('asks you to sign 5\u00a0documents.'));
    assert.equal(description.match(/Document: /g)?.length, 2);
    assert.ok(description.includes('and 3\u00a0more'));
  });

  it('holds all of this, however long site and names are', () => {
    const documents = Array.from({ length: 100 }, () => ({ name: '字'.repeat(60), fingerprint }));
    const site = `https://${'a'.repeat(246)}.se`;
    const { description } = signingPinDialog('sv', text(0, { documents, site }), { state: 'final' });
    assert.ok(escapeText(description).includes('Kort: Anna Testsson'));
  });

  it('says before all else what must not be overlooked: the last try, contents that nobody can show', () => {
    const dialog = signingPinDialog('sv', text(1, { isHash: true }), { state: 'final' });
    assert.match(dialog.notice ?? '', /Sista försöket.*\n.*Innehållet kan inte visas/);
    assert.ok(dialog.description.indexOf('Innehållet') < dialog.description.indexOf('Dokument:'));
  });
});

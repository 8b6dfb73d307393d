// What the journal's forms let through, and the documents that are made of it.
import assert from 'node:assert/strict';
import { PDFDocument } from '@cantoo/pdf-lib';
import { decisionPdf } from '../../../demo/sites/signing/decision-pdf.ts';
import { parseWish } from '../../../demo/sites/signing/signing-forms.ts';
import { wishes } from './signing-clinic.ts';

const author = { name: 'Anna Testsson', hsaId: 'SE0000000000-1ABC', organisation: 'Testkliniken (demo)' };

describe("the journal's forms for signing", () => {
  const certificate = {
    patient: 'Doris Demosson',
    diagnosis: 'J06.9',
    assessment: 'Feber.',
    extent: '50',
    from: '2026-03-01',
    to: '2026-03-01',
  };
  const parsed = (kind: string, fields: unknown) => parseWish(JSON.stringify({ kind, fields }));

  it('let through what they ask for', () => {
    assert.equal(parsed('certificate', certificate)?.kind, 'certificate');
    assert.equal(parsed('prescriptions', {})?.kind, 'prescriptions');
    const decision = parsed('decision', {
      patient: 'Frida Fiktiv',
      decision: 'refused',
      reason: ' Rad ett.\r\nRad två. ',
    });
    assert.ok(decision?.kind === 'decision');
    assert.equal(decision.fields.reason, 'Rad ett.\nRad två.');
  });

  for (const [title, change] of [
    ['a patient whom nobody knows', { patient: 'Greta Garant' }],
    ['nothing where there should be something', { diagnosis: '  ' }],
    ['two lines where there is one', { diagnosis: 'a\nb' }],
    ['more text than there is room for', { assessment: 'a'.repeat(1_001) }],
    ['a character that is not seen', { assessment: 'not\u200b here' }],
    ['a direction that turns the text around', { diagnosis: 'a\u202eb' }],
    ['a control character', { assessment: 'a\u0000b' }],
    ['half a character', { assessment: 'a\ud800' }],
    ['an end before the beginning', { to: '2026-02-28' }],
    ['a day that does not exist', { to: '2026-03-32' }],
    ['an extent of its own', { extent: '60' }],
    ['a field more', { signature: 'yes' }],
  ] as const) {
    it(`refuse ${title}`, () => assert.equal(parsed('certificate', { ...certificate, ...change }), undefined));
  }

  it('refuse what is no form at all', () => {
    for (const body of ['', 'null', '[]', '{"kind":"certificate"}', '{"kind":"other","fields":{}}']) {
      assert.equal(parseWish(body), undefined);
    }
    assert.equal(parsed('decision', { patient: 'Frida Fiktiv', decision: 'granted', reason: 'Жанна' }), undefined);
  });

  it('make a decision of one page of the longest and widest text', async () => {
    assert.ok(wishes.decision.kind === 'decision');
    const { fields } = wishes.decision;
    for (const reason of ['W'.repeat(600), `${'a\n'.repeat(5)}${'W'.repeat(588)}`, 'lång text '.repeat(60).trim()]) {
      assert.ok(parsed('decision', { ...fields, reason }), 'the form lets it through');
      const pdf = await decisionPdf({ ...fields, reason }, { ...author, name: 'Жанна Testsson' }, new Date());
      assert.equal((await PDFDocument.load(pdf)).getPageCount(), 1);
    }
  });
});

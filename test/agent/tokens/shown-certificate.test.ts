import assert from 'node:assert/strict';
import { hiddenCertificate, shownCertificate } from '../../../agent/tokens/shown-certificate.ts';
import { limits } from '../../../shared/limits.ts';

const der = Buffer.from('certificate');

describe('a certificate as a driver shows it', () => {
  it('is told of as it is', () => {
    const largest = Buffer.alloc(limits.certificateSize);
    assert.deepEqual(shownCertificate('45', 'Legitimering', der), { id: '45', label: 'Legitimering', der });
    assert.equal(shownCertificate('45', '', largest).der, largest);
  });

  it('is told of without its bytes when they are too many, or its id is too long', () => {
    assert.equal(shownCertificate('45', 'x', Buffer.alloc(limits.certificateSize + 1)), hiddenCertificate);
    assert.equal(shownCertificate('45'.repeat(101), 'x', der), hiddenCertificate);
  });

  it('has a label that fits, without half a character at its end', () => {
    assert.equal(shownCertificate('45', 'x'.repeat(300), der).label.length, 200);
    assert.equal(shownCertificate('45', `${'x'.repeat(199)}\u{1f600}`, der).label, `${'x'.repeat(199)}\ufffd`);
  });
});

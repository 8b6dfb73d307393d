import assert from 'node:assert/strict';
import {
  buttonWords,
  formatWords,
  groupedFingerprint,
  kindOf,
  listWords,
  sizeText,
  warningOf,
} from '../../../extension/consent/consent-view.ts';
import { decodeText } from '../../../extension/consent/decode-text.ts';
import { splitText } from '../../../extension/consent/document-view.ts';
import { safeFileName } from '../../../extension/consent/save-file.ts';
import { guardTime, SignGuard } from '../../../extension/consent/sign-guard.ts';
import { FakeClock } from '../fake-clock.ts';

const cms = { type: 'cms', attached: true } as const;

describe('what the consent window says', () => {
  it('names what the signature comes in, and all that a PDF will say', () => {
    assert.deepEqual(formatWords({ format: cms, level: 'B-B' }), [['signFormatCmsAttached']]);
    assert.deepEqual(formatWords({ format: { type: 'xades', packaging: 'enveloped' }, level: 'B-LT' }), [
      ['signFormatXadesEnveloped'],
      ['signLevelLong'],
    ]);
    const field = { page: 3, x: 0, y: 0, width: 100, height: 50 };
    assert.deepEqual(
      formatWords({ format: { type: 'pades', field, reason: 'a\u202eb', location: 'c' }, level: 'B-T' }),
      [
        ['signFormatPades'],
        ['signPadesVisible', '3'],
        ['signPadesReason', 'a[U+202E]b'],
        ['signPadesPlace', 'c'],
        ['signLevelTime'],
      ],
    );
  });

  it('counts the documents that a yes is for', () => {
    const [fine, refused] = [{}, { refused: 'ERR_DOCUMENT_REFUSED' as const }];
    assert.deepEqual(buttonWords([fine]), ['signButton']);
    assert.deepEqual(buttonWords([fine, fine]), ['signButtonAll', '2']);
    assert.deepEqual(buttonWords([fine, refused, fine]), ['signButtonSome', '2', '3']);
    assert.deepEqual(listWords([fine, fine]), ['signDocuments', '2']);
    assert.deepEqual(listWords([fine, refused]), ['signDocumentsSome', '1', '2']);
  });

  it('warns where the content cannot be seen', () => {
    assert.equal(warningOf({ type: 'hash', hash: 'SHA-256' }), 'signHashWarning');
    assert.equal(warningOf({ type: 'xmldsig' }), 'signXmldsigWarning');
    assert.equal(warningOf(cms), undefined);
  });

  it('shows a document by its type, and by what is made of it', () => {
    for (const [type, kind] of [
      ['text/plain', 'text'],
      ['text/html', 'text'],
      ['application/json', 'text'],
      ['application/fhir+json', 'text'],
      ['text/xml', 'xml'],
      ['application/xml', 'xml'],
      ['image/svg+xml', 'xml'],
      ['application/pdf', 'pdf'],
      ['application/dicom', 'other'],
      ['image/png', 'other'],
    ] as const) {
      assert.equal(kindOf(type, cms), kind, type);
    }
    assert.equal(kindOf('text/plain', { type: 'hash', hash: 'SHA-256' }), 'hash');
    for (const type of ['text/plain', 'application/xml', 'application/pdf']) {
      assert.equal(kindOf(type, { type: 'pades' }), 'pdf', type);
      assert.equal(kindOf(type, { type: 'xmldsig' }), 'xml', type);
    }
  });

  it('tells sizes and fingerprints so that they can be read', () => {
    assert.equal(groupedFingerprint('0123456789abcdef'), '0123 4567 89ab cdef');
    assert.deepEqual(
      [0, 999, 1_500, 52_428_800].map((size) => sizeText(size, 'sv')),
      ['0\u00a0byte', '999\u00a0byte', '2\u00a0kB', '52,4\u00a0MB'],
    );
  });

  it('reads text in the encoding that it has, and says when it has guessed', () => {
    const bytes = (text: string, encoding: BufferEncoding) => Uint8Array.from(Buffer.from(text, encoding));
    assert.deepEqual(decodeText(bytes('\ufeffåäö', 'utf8')), { text: 'åäö', isGuess: false });
    assert.deepEqual(decodeText(bytes('\ufeffåäö', 'utf16le')), { text: 'åäö', isGuess: false });
    assert.deepEqual(decodeText(bytes('åäö', 'latin1')), { text: 'åäö', isGuess: true });
    const xml = '<?xml version="1.0" encoding="ISO-8859-1"?><a>å</a>';
    assert.deepEqual(decodeText(bytes(xml, 'latin1'), true), { text: xml, isGuess: false });
    assert.equal(decodeText(bytes(xml.replace('ISO-8859-1', 'nonsense'), 'latin1'), true).isGuess, true);
  });

  it('takes no word of a processing instruction for the encoding of the XML that is signed', () => {
    const xml = '<?xml-a encoding="gb18030"?><summa>100ā0ā0</summa>';
    assert.deepEqual(decodeText(Uint8Array.from(Buffer.from(xml)), true), { text: xml, isGuess: false });
  });

  it('cuts a long text where nothing belongs together', () => {
    assert.deepEqual(splitText(''), ['']);
    for (const join of ['👍', '\r\n']) {
      const text = `${'a'.repeat(49_999)}${join}${'b'.repeat(60_000)}`;
      const parts = splitText(text);
      assert.equal(parts.join(''), text);
      assert.ok(parts[1]?.startsWith(join));
      assert.ok(parts.every(({ length }) => length <= 50_000));
    }
  });

  it('saves a file under a name that starts nothing and stays where it is put', () => {
    for (const [name, safe] of [
      ['Läkarintyg 1.pdf', 'Läkarintyg 1.pdf'],
      ['../../etc/passwd', '_.._etc_passwd.bin'],
      ['a.exe', 'a.exe.bin'],
      ['a.pdf.lnk', 'a.pdf.lnk.bin'],
      ['fdp\u202e.exe', 'fdp_.exe.bin'],
      ['..', 'document.bin'],
      ['a.pdf ', 'a.pdf'],
      ['CON\\x:y.docx', 'CON_x_y.docx'],
    ]) {
      assert.equal(safeFileName(name ?? ''), safe);
    }
  });

  it('guards the button until all is there, and for a while after each surprise', () => {
    const clock = new FakeClock();
    const shown: boolean[] = [];
    const guard = new SignGuard({
      now: clock.now,
      later: (callback, milliseconds) => void clock.later(callback, milliseconds),
      show: (isOpen) => shown.push(isOpen),
    });
    guard.disturb();
    clock.advance(10 * guardTime);
    assert.equal(guard.isOpen, false);
    guard.isReady = true;
    assert.equal(guard.isOpen, false);
    clock.advance(guardTime - 1);
    assert.equal(guard.isOpen, false);
    guard.disturb();
    clock.advance(guardTime - 1);
    assert.deepEqual([guard.isOpen, shown.includes(true)], [false, false]);
    clock.advance(1);
    assert.deepEqual([guard.isOpen, shown.at(-1)], [true, true]);
    guard.isReady = true;
    assert.equal(guard.isOpen, true, 'the same again is no surprise');
    guard.isReady = false;
    assert.deepEqual([guard.isOpen, shown.at(-1)], [false, false]);
  });
});

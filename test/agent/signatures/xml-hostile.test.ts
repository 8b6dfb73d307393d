// XML that somebody made to do harm: refused with its code before the key is used, and in no time that grows faster than its length.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SignatureError } from '../../../agent/signatures/signature-error.ts';
import { outlineOf } from '../../../agent/signatures/xml-outline.ts';
import { exclusiveCanonicalization } from '../../../agent/signatures/xml-algorithms.ts';
import { canonicalize, withXml } from '../../../agent/signatures/xml.ts';
import { limits } from '../../../shared/limits.ts';
import { assertRefused, textOf, utf8 } from './xmlsec.ts';

const canonical = (bytes: Uint8Array): string => {
  const pieces: Buffer[] = [];
  withXml(bytes, (tree) => canonicalize(tree, exclusiveCanonicalization, (piece) => pieces.push(Buffer.from(piece))));
  return Buffer.concat(pieces).toString();
};
const refusedAs = (code: Parameters<typeof assertRefused>[1], documents: Readonly<Record<string, Uint8Array>>) => {
  for (const [what, bytes] of Object.entries(documents)) {
    it(`is refused as ${code}: ${what}`, async () => {
      const start = performance.now();
      await assertRefused(() => canonical(bytes), code);
      assert.ok(performance.now() - start < 10_000);
    });
  }
};
const many = (count: number, make: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => make(n)).join('');
const nested = (depth: number): Uint8Array => utf8('<a>'.repeat(depth) + '</a>'.repeat(depth));

describe('XML that is to be signed', () => {
  refusedAs('ERR_DOCUMENT_REFUSED', {
    'a DOCTYPE': utf8('<!DOCTYPE a><a/>'),
    'a DOCTYPE in small letters': utf8('<!doctype a><a/>'),
    'a DOCTYPE behind a comment': utf8('<?xml version="1.0"?><!-- --><!DOCTYPE a><a/>'),
    'an external entity': utf8('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>'),
    'a parameter entity from elsewhere': utf8('<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/">%b;]><a/>'),
    'a billion laughs': utf8(
      `<!DOCTYPE a [<!ENTITY l0 "ha">${many(20, (n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`)}]><a>&l20;</a>`,
    ),
    'default attributes': utf8('<!DOCTYPE a [<!ATTLIST a Id CDATA "x">]><a/>'),
    'UTF-16, little end first': Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<a/>', 'utf16le')]),
    'UTF-16 without a mark': Buffer.from('<a/>', 'utf16le'),
    'UTF-16, big end first': Buffer.from('fffe00003c0061002f003e00', 'hex').subarray(0, 10).swap16(),
    'a DOCTYPE hidden in UTF-16': Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('<!DOCTYPE a><a/>', 'utf16le'),
    ]),
    'a byte-order mark': utf8('\ufeff<a/>'),
    'another encoding': utf8('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'),
    'an encoding in which ASCII is something else': utf8('<?xml version="1.0" encoding="UTF-7"?><a>+ADw-b/+AD4-</a>'),
    'XML 1.1': utf8('<?xml version="1.1"?><a/>'),
    'too many levels': nested(limits.xmlDepth + 1),
    'levels without end': utf8('<a>'.repeat(1_000_000)),
    'more attributes above its elements than a canonical form can be looked for in': utf8(
      `${many(3, (n) => `<a ${many(limits.xmlInherited / 2, (m) => `xmlns:p${n}-${m}="urn:${n}:${m}" `)}>`)}${'<b/>'.repeat(9)}${'</a>'.repeat(3)}`,
    ),
    'too many attributes': utf8(`<a ${many(limits.xmlAttributes + 1, (n) => `a${n}="" `)}/>`),
    'a namespace name that is relative': utf8('<b:a xmlns:b="relative/name"/>'),
  });

  refusedAs('ERR_DOCUMENT_FORMAT', {
    nothing: new Uint8Array(),
    'no XML': utf8('Intyg'),
    'bytes that are no UTF-8': Buffer.from('<a>\xe5</a>', 'latin1'),
    'a surrogate in UTF-8': Buffer.from('3c613eeda0803c2f613e', 'hex'),
    'a slash in two bytes': Buffer.concat([Buffer.from('<a'), Buffer.from([0xc0, 0xaf]), Buffer.from('>')]),
    NUL: utf8('<a>\0</a>'),
    'a control character': utf8('<a>&#1;</a>'),
    'an entity that nobody declared': utf8('<a>&b;</a>'),
    'HTML entities': utf8('<a>&nbsp;</a>'),
    'a prefix that nobody declared': utf8('<b:a/>'),
    'an attribute that is there twice': utf8('<a b="1" b="2"/>'),
    'an attribute that is there twice by two prefixes': utf8('<a xmlns:b="urn:c" xmlns:d="urn:c" b:e="" d:e=""/>'),
    'two roots': utf8('<a/><b/>'),
    'a second document': utf8('<a></a>\n<?xml version="1.0"?><b/>'),
    'text behind the root': utf8('<a/>b'),
    'no end': utf8('<a><b></b>'),
    'the wrong end': utf8('<a></b>'),
    'ends without starts': utf8('</a></a>'),
    'a comment without an end': utf8('<a><!-- </a>'),
    'a comment within two hyphens': utf8('<a><!-- -- --></a>'),
    'a section without an end': utf8('<a><![CDATA[ </a>'),
    'a section outside the root': utf8('<![CDATA[x]]><a/>'),
    'the end of a section in text': utf8('<a>]]></a>'),
    'a tag without an end': utf8('<a b="c'),
    'a declaration in the middle': utf8('<a><!ENTITY b "c"></a>'),
    'an XML declaration in the middle': utf8('<a><?xml version="1.0"?></a>'),
    'the xmlns prefix for something else': utf8('<a xmlns:xmlns="urn:b"/>'),
    'the xml prefix for something else': utf8('<a xmlns:xml="urn:b"/>'),
  });

  refusedAs('ERR_DOCUMENT_TOO_LARGE', {
    'too many bytes': Buffer.alloc(limits.xmlSize + 1, '<a/>'),
    'too much markup': utf8(`<a>${'<b/>'.repeat(limits.xmlMarkup)}</a>`),
    'too many attributes altogether': utf8(`<a>${'<b c="" d="" e="" f=""/>'.repeat(limits.xmlMarkup / 4)}</a>`),
  });

  it('is let through at its bounds, and in time', () => {
    const bounds = [
      nested(limits.xmlDepth),
      utf8(`<a ${many(limits.xmlAttributes, (n) => `a${n}="" `)}/>`),
      utf8(`<a>${`<b ${many(250, (n) => `a${n}="" `)}/>`.repeat(100)}</a>`),
      utf8(`<a ${many(250, (n) => `xmlns:n${n}="urn:${n}" `)}>${many(20_000, (n) => `<n${n % 250}:b/>`)}</a>`),
      utf8(`<a>${'&amp;'.repeat(1_000_000)}</a>`),
      utf8(`<a b="${'c'.repeat(11_000_000)}">${'d'.repeat(11_000_000)}</a>`),
    ];
    for (const bytes of bounds) {
      const start = performance.now();
      assert.ok(canonical(bytes).length > 0);
      assert.ok(performance.now() - start < 10_000);
    }
  });

  it('keeps what only looks like a DOCTYPE', () => {
    const harmless = '<a b="&lt;!DOCTYPE c>"><!-- <!DOCTYPE a> -->&lt;!DOCTYPE&gt;</a>';
    assert.equal(canonical(utf8(harmless)), '<a b="&lt;!DOCTYPE c>">&lt;!DOCTYPE&gt;</a>');
  });

  it('has its end where libxml2 sees it, whatever it is', () => {
    const piece = fc.constantFrom(
      ...[
        '<!-- </r> -->',
        '<![CDATA[</r>]]>',
        '<?p </r>?>',
        '<e a="</r>"/>',
        "<e a='>' b=\"'\">x</e>",
        'text',
        '>',
        '<e><r/></e>',
      ],
    );
    const misc = fc.constantFrom('', '\n', '<!-- </r> -->', '<?p </r>?>');
    fc.assert(
      fc.property(misc, fc.array(piece), misc, fc.constantFrom('r', 'p:r'), (before, pieces, after, name) => {
        const body = pieces.filter((one) => !one.includes('a="</r>"')).join('');
        const document = utf8(`${before}<${name} xmlns:p="urn:p">${body}</${name} >${after}`);
        const { rootEnd, rootName, isEmptyElement } = outlineOf(document);
        assert.equal(isEmptyElement, false);
        assert.equal(rootName, name);
        const marked = Buffer.concat([document.subarray(0, rootEnd), utf8('<mark/>'), document.subarray(rootEnd)]);
        withXml(marked, (tree) => {
          const last = tree.root.lastChild;
          assert.ok(last !== null && 'name' in last && last.name === 'mark');
        });
      }),
    );
  });

  it('is read or refused, whatever the bytes are', () => {
    const markup = fc.array(
      fc.constantFrom(
        '<',
        '>',
        '/',
        'a',
        '"',
        "'",
        '=',
        ' ',
        '!',
        '-',
        '--',
        '[',
        ']',
        '?',
        '&',
        ';',
        '<a>',
        '</a>',
        '<!--',
        '-->',
        'å',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          markup.map((parts) => utf8(parts.join(''))),
        ),
        (bytes) => {
          try {
            assert.equal(canonical(utf8(canonical(bytes))), canonical(bytes));
          } catch (error) {
            assert.ok(error instanceof SignatureError, String(error));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('leaves no memory behind', () => {
    const document = utf8(`<a>${'<b c="d">text</b>'.repeat(10_000)}</a>`);
    canonical(document);
    const before = process.memoryUsage().external;
    for (let n = 0; n < 20; n += 1) canonical(document);
    assert.ok(process.memoryUsage().external - before < 20_000_000);
    assert.match(textOf(document), /^<a>/);
  });
});

// PDF files written by hand for the tests, byte by byte, so that each can be wrong in its own way, and signed by
// openssl. Nothing of the code under test is in here.
import { deflateSync } from 'node:zlib';
import { type Issued } from '../../../demo/pki/pki.ts';
import { type SignatureSite } from './signature-fixture.ts';

const RESERVED = 8192;
const BYTE_RANGE = '/ByteRange [0000000000 0000000000 0000000000 0000000000]';

export type Objects = Readonly<Record<number, string>>;

/** A page, and an empty form. */
export const BASE: Objects = {
  1: '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] >> >>',
  2: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> >>',
  4: stream('BT (Alvedon 500 mg) Tj ET'),
};

/** What the first signature adds: field and widget 5, dictionary 6. */
export const FIRST: Objects = {
  1: '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] /SigFlags 3 >> >>',
  3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> /Annots [5 0 R] >>',
  5: '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /V 6 0 R /F 132 /P 3 0 R /Rect [0 0 0 0] >>',
  6: signatureDictionary(),
};

/** What a second one adds: 7 and 8, with an appearance 9. */
export const SECOND: Objects = {
  1: '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 7 0 R] /SigFlags 3 >> >>',
  3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> /Annots [5 0 R 7 0 R] >>',
  7: '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature2) /V 8 0 R /F 132 /P 3 0 R /Rect [10 10 90 40] /AP << /N 9 0 R >> >>',
  8: signatureDictionary(),
  9: stream('0 0 80 30 re S', '/Type /XObject /Subtype /Form /BBox [0 0 80 30]'),
};

export function signatureDictionary(subFilter = 'ETSI.CAdES.detached'): string {
  return `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /${subFilter} ${BYTE_RANGE} /M (D:20260301120000Z) /Contents <${'0'.repeat(RESERVED * 2)}> >>`;
}

export function stream(content: string | Uint8Array, more = '', compressed = false): string {
  const bytes = compressed ? deflateSync(content) : Buffer.from(content);
  const filter = compressed ? ' /Filter /FlateDecode' : '';
  return `<< ${more}${filter} /Length ${bytes.length} >>\nstream\n${bytes.toString('latin1')}\nendstream`;
}

/** A whole file with a cross-reference table. */
export function writePdf(objects: Objects = BASE): Uint8Array {
  return append(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), objects, { first: true });
}

export interface AppendWish {
  readonly first?: boolean;
  /** More of the trailer. */
  readonly trailer?: string;
  /** Before the cross-reference section, in none of its entries. */
  readonly hidden?: string;
  /** A cross-reference stream, with number `size`, in the place of the table. */
  readonly asStream?: boolean;
  readonly size?: number;
}

/** An incremental update (or the first revision) behind `before`. */
export function append(before: Uint8Array, objects: Objects, wish: AppendWish = {}): Uint8Array {
  let body = '';
  const offsets = new Map<number, number>();
  for (const [number, object] of Object.entries(objects)) {
    offsets.set(Number(number), before.length + body.length);
    body += `${number} 0 obj\n${object}\nendobj\n`;
  }
  body += wish.hidden ?? '';
  const start = before.length + body.length;
  const previous = /startxref\n(\d+)\n%%EOF\s*$/.exec(Buffer.from(before).toString('latin1'))?.[1];
  const size = wish.size ?? Math.max(sizeOf(before), ...[...offsets.keys()].map((number) => number + 1));
  const common = `/Root 1 0 R${previous ? ` /Prev ${previous}` : ''} ${wish.trailer ?? ''}`;
  if (wish.asStream) {
    offsets.set(size, start);
    const rows = [...offsets].map(([, offset]) => {
      const row = Buffer.alloc(6);
      row[0] = 1;
      row.writeUInt32BE(offset, 1);
      return row;
    });
    const index = [...offsets.keys()].map((number) => `${number} 1`).join(' ');
    const entries = `/Type /XRef /Size ${size + 1} /W [1 4 1] /Index [${index}] ${common}`;
    body += `${size} 0 obj\n${stream(Buffer.concat(rows), entries, true)}\nendobj\n`;
  } else {
    body += wish.first ? 'xref\n0 1\n0000000000 65535 f \n' : 'xref\n';
    for (const [number, offset] of offsets) body += `${number} 1\n${String(offset).padStart(10, '0')} 00000 n \n`;
    body += `trailer\n<< /Size ${size} ${common} >>\n`;
  }
  return Buffer.concat([before, Buffer.from(`${body}startxref\n${start}\n%%EOF\n`, 'latin1')]);
}

/** Fills the last placeholder: ByteRange over all but Contents, and the signature over that. */
export function signPdf(
  site: SignatureSite,
  pdf: Uint8Array,
  signer?: Issued,
  change?: (cms: Uint8Array) => Uint8Array,
): Uint8Array {
  const bytes = Buffer.from(pdf);
  const text = bytes.toString('latin1');
  const start = text.lastIndexOf(`<${'0'.repeat(64)}`);
  const end = text.indexOf('>', start) + 1;
  const numbers = [0, start, end, bytes.length - end];
  const range = `/ByteRange [${numbers.map((number) => String(number).padStart(10)).join(' ')}]`;
  bytes.write(range, text.lastIndexOf(BYTE_RANGE), 'latin1');
  const document = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  const cms = site.cms(signer, { document });
  bytes.write(Buffer.from(change?.(cms) ?? cms).toString('hex'), start + 1, 'latin1');
  return bytes;
}

function sizeOf(bytes: Uint8Array): number {
  const sizes = [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/\/Size (\d+)/g),
  ];
  return Number(sizes[sizes.length - 1]?.[1] ?? 0);
}

// pdfsig's word on every signature in a PDF, and the CMS of the last one with the bytes that it is over.
import { judge } from './openssl.ts';

export interface PdfVerdict {
  valid: boolean;
  output: string;
}

/** What pdfsig (poppler, NSS) says of each signature; the trust in the certificate is not asked for. */
export function pdfsig(pdf: Uint8Array): PdfVerdict[] {
  const { output } = judge('pdfsig', ['-nocert', 'x.pdf'], { 'x.pdf': pdf });
  return output
    .split(/^Signature #\d+:$/m)
    .slice(1)
    .map((part) => ({ valid: part.includes('Signature Validation: Signature is Valid.'), output: part }));
}

/** By the last ByteRange in the file. */
export function lastSignature(pdf: Uint8Array): { cms: Uint8Array; content: Uint8Array } {
  const text = Buffer.from(pdf).toString('latin1');
  const ranges = [...text.matchAll(/\/ByteRange \[(\d+) (\d+) (\d+) (\d+) *\]/g)].at(-1)!.slice(1).map(Number);
  const [start, first, second, rest] = ranges as [number, number, number, number];
  const padded = Buffer.from(text.slice(start + first + 1, second - 1), 'hex');
  const length = padded.readUInt16BE(2) + 4;
  return {
    cms: padded.subarray(0, length),
    content: Buffer.concat([pdf.subarray(start, first), pdf.subarray(second, second + rest)]),
  };
}

// PDF documents for tests, made on the spot: by the library, and rewritten by qpdf into the other forms that a file may have.
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Pages with a line of text; with a cross-reference table, or with cross-reference and object streams. */
export async function pdfDocument({ pages = 2, streams = false } = {}): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (let page = 1; page <= pages; page += 1)
    document.addPage([595, 842]).drawText(`Intyg, sida ${page}`, { x: 50, y: 780, size: 14, font });
  return document.save({ useObjectStreams: streams });
}

/** A document with a form: a text field of the same name that a signature would like to have. */
export async function pdfForm(): Promise<Uint8Array> {
  const document = await PDFDocument.load(await pdfDocument());
  document
    .getForm()
    .createTextField('Signature1')
    .addToPage(document.getPage(0), { x: 50, y: 50, width: 100, height: 20 });
  return document.save({ useObjectStreams: false });
}

/** A document of about this many bytes, most of them in one picture of noise: what a scanner makes. */
export async function pdfOfSize(size: number): Promise<Uint8Array> {
  const document = await PDFDocument.load(await pdfDocument());
  const noise = Buffer.alloc(size, Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 167 + 13) % 251)));
  document.getPage(0).node.newXObject('Noise', document.context.register(document.context.stream(noise)));
  return document.save({ useObjectStreams: false });
}

/** What qpdf makes of `pdf` with these options. */
export function qpdf(pdf: Uint8Array, ...options: string[]): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'kortbro-qpdf-'));
  try {
    writeFileSync(join(directory, 'in.pdf'), pdf);
    execFileSync('qpdf', [...options, 'in.pdf', 'out.pdf'], { cwd: directory, timeout: 60_000 });
    return readFileSync(join(directory, 'out.pdf'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** An incremental update with a table behind `pdf`, for what no tool will make: objects by number. */
export function updated(pdf: Uint8Array, objects: Readonly<Record<number, string>>, trailer: string): Uint8Array {
  const text = Buffer.from(pdf).toString('latin1');
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(text)?.[1] ?? '0';
  let body = '\n';
  const entries = Object.entries(objects).map(([number, object]) => {
    const entry = `${number} 1\n${String(pdf.length + body.length).padStart(10, '0')} 00000 n \n`;
    body += `${number} 0 obj\n${object}\nendobj\n`;
    return entry;
  });
  const section = pdf.length + body.length;
  body += `xref\n${entries.join('')}trailer\n<< ${trailer} /Prev ${previous} >>\nstartxref\n${section}\n%%EOF\n`;
  return Buffer.concat([pdf, Buffer.from(body, 'latin1')]);
}

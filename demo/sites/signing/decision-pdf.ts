// A decision about a referral as a PDF of one page, with the place where the visible signature is to stand.
import { grayscale, PDFDocument, type PDFFont, type PDFPage, StandardFonts } from '@cantoo/pdf-lib';
import { type Author } from './sick-leave.ts';
import { type Decision } from './signing-forms.ts';

/** Points; A4. */
const [pageWidth, pageHeight] = [595, 842];
const margin = 64;

/** Where the signature stands, in points from the lower left corner. */
export const signatureField = { page: 1, x: margin, y: 120, width: 300, height: 64 } as const;

const words = { granted: 'Remissen beviljas.', refused: 'Remissen avslås.' } as const;

/** @param now also the time in the file's own description */
export async function decisionPdf(given: Decision, author: Author, now: Date): Promise<Uint8Array> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.setTitle(`Beslut – ${given.patient}`, { showInWindowTitleBar: true });
  document.setLanguage('sv-SE');
  document.setCreationDate(now);
  document.setModificationDate(now);
  const page = document.addPage([pageWidth, pageHeight]);
  const [plain, bold] = await Promise.all([
    document.embedFont(StandardFonts.Helvetica),
    document.embedFont(StandardFonts.HelveticaBold),
  ]);
  const column = new Column(page);
  column.write(author.organisation, plain, 10);
  column.write('Beslut om remiss', bold, 22);
  column.write(`Patient: ${given.patient}`, plain, 12);
  column.write(words[given.decision], bold, 12);
  column.write('Skäl', bold, 12);
  for (const paragraph of given.reason.split('\n')) column.write(paragraph, plain, 12);
  const { x, y, width, height } = signatureField;
  page.drawText('Underskrift', { x, y: y + height + 6, size: 10, font: plain });
  page.drawRectangle({ x, y, width, height, borderWidth: 0.5, borderColor: grayscale(0.4) });
  const by = latin(`Beslut av ${author.name}, ${author.hsaId}`);
  page.drawText(by, { x, y: y - 18, size: 10, font: plain });
  return document.save({ useObjectStreams: false, addDefaultPage: false });
}

/** Lines from the top of the page downwards. */
class Column {
  readonly #page: PDFPage;
  #y = pageHeight - margin;

  constructor(page: PDFPage) {
    this.#page = page;
  }

  write(text: string, font: PDFFont, size: number): void {
    for (const line of wrapped(latin(text), font, size, pageWidth - 2 * margin)) {
      this.#y -= size * 1.5;
      // What the form lets through fills the page at most to the signature; a line more than that is a fault of ours.
      if (this.#y < signatureField.y + signatureField.height + 30)
        throw new Error('the decision is longer than a page');
      this.#page.drawText(line, { x: margin, y: this.#y, size, font });
    }
    this.#y -= size * 0.5;
  }
}

/** Names come from certificates and may have any letter: what the font lacks is a question mark. */
function latin(text: string): string {
  return text.replaceAll(/[^\n\x20-\x7e\xa0-\xff–—’”…]/gu, '?');
}

/** Breaks at spaces, and within a word that is longer than a line. */
function wrapped(text: string, font: PDFFont, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.split(/(?<= )/)) {
    let rest = piece;
    while (font.widthOfTextAtSize((line + rest).trimEnd(), size) > width) {
      if (line === '') {
        const fits = fitting(rest, font, size, width);
        lines.push(rest.slice(0, fits));
        rest = rest.slice(fits);
      } else {
        lines.push(line.trimEnd());
        line = '';
      }
    }
    line += rest;
  }
  return [...lines, line.trimEnd()];
}

function fitting(text: string, font: PDFFont, size: number, width: number): number {
  let length = 1;
  while (length < text.length && font.widthOfTextAtSize(text.slice(0, length + 1), size) <= width) length += 1;
  return length;
}

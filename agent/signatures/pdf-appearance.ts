// What a visible PDF signature looks like: its lines of text in Helvetica, which every viewer has, as large as the field lets them be.
import { type PDFRef, StandardFontEmbedder, StandardFonts } from '@cantoo/pdf-lib';
import { type PdfFile } from './pdf-file.ts';
import { type PdfUpdate, streamBytes } from './pdf-update.ts';

const largestText = 12;
const smallestText = 4;
const lineHeight = 1.25;
const margin = 2;

/** Puts a form XObject (8.10) with these lines into the update. `rotation`: of the page, against which the text is turned. */
export function putAppearance(
  file: PdfFile,
  update: PdfUpdate,
  lines: readonly string[],
  box: { width: number; height: number; rotation: number },
): PDFRef {
  const font = StandardFontEmbedder.for(fontName);
  const { context } = file;
  const fontDict = context.obj({
    Type: 'Font',
    Subtype: 'Type1',
    BaseFont: font.fontName,
    Encoding: 'WinAnsiEncoding',
  });
  const isTurned = box.rotation % 180 !== 0;
  const [width, height] = isTurned ? [box.height, box.width] : [box.width, box.height];
  const dict = context.obj({
    Type: 'XObject',
    Subtype: 'Form',
    BBox: [0, 0, width, height],
    Matrix: turned(box.rotation, box.width, box.height),
    Resources: { Font: { F1: update.put(update.newRef(), fontDict) } },
  });
  const widest = Math.max(1, ...lines.map((line) => font.widthOfTextAtSize(line, 1)));
  const fitting = Math.min(
    (width - 2 * margin) / widest,
    (height - 2 * margin) / (lines.length * lineHeight),
    largestText,
  );
  const size = Math.max(fitting, smallestText);
  const shown = lines.map((line) => `${font.encodeText(line).toString()} Tj T*`);
  const text = `q BT /F1 ${size.toFixed(2)} Tf ${(size * lineHeight).toFixed(2)} TL 0 g ${margin} ${(height - margin - size).toFixed(2)} Td`;
  const content = Buffer.from(`${text}\n${shown.join('\n')}\nET Q`, 'latin1');
  return update.put(update.newRef(), streamBytes(dict, content));
}

const fontName = StandardFonts.Helvetica as unknown as Parameters<typeof StandardFontEmbedder.for>[0];

/** The matrix that makes the text upright on a page that is shown turned clockwise by `rotation`. */
function turned(rotation: number, width: number, height: number): number[] {
  if (rotation === 90) return [0, 1, -1, 0, width, 0];
  if (rotation === 180) return [-1, 0, 0, -1, width, height];
  return rotation === 270 ? [0, -1, 1, 0, 0, height] : [1, 0, 0, 1, 0, 0];
}

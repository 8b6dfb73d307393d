// A document that cannot be shown, saved where the holder can open it with a program of its own. Its name is the site's word:
// nothing is kept of it that could start a program or leave the folder.
const knownEndings = new Set(
  'asice asics bmp csv dcm doc docx eml gif jpeg jpg json odp ods odt p7m p7s pdf png ppt pptx rtf tif tiff txt webp xls xlsx xml zip'.split(
    ' ',
  ),
);

/** A name for the file: letters, digits and a little more; an ending that no program is known by becomes part of the name. */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N} ._-]/gu, '_')
    .replace(/^[ .]+|[ .]+$/g, '')
    .slice(0, 100);
  const ending = /\.([^.]*)$/.exec(plain)?.[1]?.toLowerCase() ?? '';
  return knownEndings.has(ending) ? plain : `${plain === '' ? 'document' : plain}.bin`;
}

/** Hands the bytes to the browser's downloads. */
export function saveFile(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = safeFileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

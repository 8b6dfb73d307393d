// Text as a reader must see it: characters that show nothing, or that turn the order of others round, become marks. Pure.

/**
 * Controls (but tab and line feed), soft hyphen, marks and embeddings of direction, joiners and spaces of no width, fillers
 * that look like nothing, separators of lines, tags, and halves of surrogate pairs. The last is what a reader could not tell
 * from the rest: Unicode's "default ignorable" and "bidi control" are wider and narrower than this.
 */
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu;

/** A stretch of text, or the name of a character that would not be seen. */
export interface TextPart {
  text: string;
  isMark: boolean;
}

/** The parts of a text, in order; line ends of both kinds are line feeds. */
export function visibleParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  const lines = text.replaceAll('\r\n', '\n');
  let end = 0;
  for (const match of lines.matchAll(hidden)) {
    if (match.index > end) parts.push({ text: lines.slice(end, match.index), isMark: false });
    parts.push({ text: markOf(match[0]), isMark: true });
    end = match.index + match[0].length;
  }
  if (end < lines.length) parts.push({ text: lines.slice(end), isMark: false });
  return parts;
}

/** Whether there is anything to mark. */
export function hasHidden(text: string): boolean {
  return text.replaceAll('\r\n', '\n').search(hidden) >= 0;
}

/** The same as one string, for names; line feeds and tabs are marked, too. */
export function visibleLine(text: string): string {
  return visibleParts(text)
    .map((part) => (part.isMark ? part.text : part.text.replace(/[\n\t]/g, markOf)))
    .join('');
}

function markOf(character: string): string {
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

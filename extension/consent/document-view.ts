// What every way of showing a document has in common, and the one way that shows text.
import { type MessageKey } from '../background/screen-texts.ts';
import { type DecodedText } from './decode-text.ts';
import { hasHidden, visibleParts } from './visible-text.ts';

/** A document, ready to be shown part by part. */
export interface DocumentView {
  readonly parts: number;
  /** Pages of a PDF, or stretches of a long text. */
  readonly partName: 'page' | 'part';
  readonly canZoom: boolean;
  /** What must be said of it. */
  readonly notes: readonly MessageKey[];
  /** The same in another form: the source of a tree. */
  readonly source?: DocumentView;
  /** Shows a part, counted from 0; resolves when it is there. `zoom` 1: as wide as the frame. */
  draw(frame: HTMLElement, part: number, zoom: number): Promise<void>;
  close(): void;
}

/** Characters that are laid out at a time. */
const partLength = 50_000;

/** Plain text, whatever it says; what could not be seen is marked. */
export function textView(text: string, notes: readonly MessageKey[] = []): DocumentView {
  const parts = splitText(text);
  return {
    parts: parts.length,
    partName: 'part',
    canZoom: false,
    notes,
    draw: async (frame, part) => {
      const shown = document.createElement('pre');
      appendVisible(shown, parts[part] ?? '');
      frame.replaceChildren(shown);
      return Promise.resolve();
    },
    close: () => undefined,
  };
}

/** What must be said of a text. */
export function notesOf({ text, isGuess }: DecodedText): MessageKey[] {
  return [...(isGuess ? (['signGuessedText'] as const) : []), ...(hasHidden(text) ? (['signHidden'] as const) : [])];
}

/** Not within a pair of surrogates, nor of carriage return and line feed. */
export function splitText(text: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + partLength);
    if (end < text.length && /^(?:[\ud800-\udbff][\udc00-\udfff]|\r\n)$/.test(text.slice(end - 1, end + 1))) end--;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts.length === 0 ? [''] : parts;
}

/** As text, with the marks set apart from what the document itself says. */
export function appendVisible(target: HTMLElement, text: string): void {
  for (const part of visibleParts(text)) {
    if (part.isMark) {
      const mark = document.createElement('mark');
      mark.textContent = part.text;
      target.append(mark);
    } else {
      target.append(part.text);
    }
  }
}

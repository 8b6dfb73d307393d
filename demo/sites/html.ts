// HTML as text, escaped by default: what stands in a template's holes is text unless it was made by the same tag.

/** A piece of HTML that may be put into another one as it is. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Hole = string | number | Html | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** html`<p>${name}</p>`: `name` is escaped for text and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): Html {
  return new Html(strings.reduce((text, string, index) => text + written(holes[index - 1] ?? '') + string));
}

function written(hole: Hole): string {
  if (hole instanceof Html) return hole.text;
  if (typeof hole === 'object') return hole.map(({ text }) => text).join('');
  return String(hole).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

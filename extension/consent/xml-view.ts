// XML as a tree that can be read and folded, built from text only: nothing of the document ever becomes markup of ours. What
// lies deep is built when it is opened. A DOCTYPE could make the parser show what is not there: such a document is shown as text.
import { decodeText } from './decode-text.ts';
import { appendVisible, notesOf, textView, type DocumentView } from './document-view.ts';

/** Elements below this depth are folded, and in a large document others. */
const openDepth = 4;

/** Children that are shown at a time, and about how many elements at all: a tree of millions would stop the window. */
const childrenAtOnce = 200;
const elementsAtOnce = 2_000;

/** A text that stands beside its element's name. */
const shortText = 120;

/** What is being laid out. */
interface Layout {
  /** The words of the button for further children. */
  readonly more: string;
  /** Elements that may still be opened by themselves. */
  left: number;
}

/** `more`: the words of the button for further children. */
export function xmlView(bytes: Uint8Array, more: string): DocumentView {
  const decoded = decodeText(bytes, true);
  const { text } = decoded;
  const notes = notesOf(decoded);
  if (/<!DOCTYPE/i.test(text)) return textView(text, [...notes, 'signDoctype']);
  const parsed = new DOMParser().parseFromString(text, 'application/xml');
  if (parsed.querySelector('parsererror') !== null) return textView(text, [...notes, 'signNotXml']);
  return {
    parts: 1,
    partName: 'part',
    canZoom: false,
    notes,
    source: textView(text, notes),
    draw: async (frame) => {
      const tree = element('div', 'tree');
      appendNodes(tree, [...parsed.childNodes], 0, { more, left: elementsAtOnce });
      frame.replaceChildren(tree);
      return Promise.resolve();
    },
    close: () => undefined,
  };
}

function appendNodes(target: HTMLElement, nodes: readonly Node[], depth: number, layout: Layout): void {
  const shown = nodes.filter((node) => !(node.nodeType === Node.TEXT_NODE && node.textContent?.trim() === ''));
  for (const node of shown.slice(0, childrenAtOnce)) target.append(nodeElement(node, depth, layout));
  const rest = shown.slice(childrenAtOnce);
  if (rest.length === 0) return;
  const button = element('button', 'more') as HTMLButtonElement;
  button.type = 'button';
  button.textContent = `${layout.more} (${rest.length})`;
  button.addEventListener('click', () => {
    button.remove();
    layout.left = elementsAtOnce;
    appendNodes(target, rest, depth, layout);
  });
  target.append(button);
}

function nodeElement(node: Node, depth: number, layout: Layout): HTMLElement {
  if (!(node instanceof Element)) return otherNode(node);
  layout.left--;
  const children = [...node.childNodes];
  const [only, ...others] = children;
  const text = node.textContent;
  const isLine =
    others.length === 0 && (only === undefined || (only.nodeType === Node.TEXT_NODE && text.length <= shortText));
  if (isLine) {
    const line = element('div', 'node');
    appendName(line, node);
    if (only !== undefined) line.append(textElement(text));
    return line;
  }
  const folded = document.createElement('details');
  const summary = document.createElement('summary');
  appendName(summary, node);
  folded.append(summary);
  const build = (): void => appendNodes(folded, children, depth + 1, layout);
  if (depth < openDepth && layout.left > 0) {
    folded.open = true;
    build();
  } else {
    const open = (): void => {
      layout.left = elementsAtOnce;
      build();
    };
    folded.addEventListener('toggle', open, { once: true });
  }
  return folded;
}

/** Name and attributes as they are written, namespaces too. */
function appendName(target: HTMLElement, node: Element): void {
  const name = element('span', 'name');
  appendVisible(name, node.tagName);
  target.append(name);
  for (const { name: attribute, value } of node.attributes) {
    const shown = element('span', 'attribute');
    appendVisible(shown, `${attribute}="${value}"`);
    target.append(' ', shown);
  }
  target.append(' ');
}

/** Text between elements, a comment or an instruction. */
function otherNode(node: Node): HTMLElement {
  if (node.nodeType === Node.COMMENT_NODE) return textElement(`<!--${node.textContent ?? ''}-->`, 'aside');
  if (node instanceof ProcessingInstruction) return textElement(`<?${node.target} ${node.data}?>`, 'aside');
  return textElement(node.textContent ?? '');
}

function textElement(text: string, kind = ''): HTMLElement {
  const shown = element('span', `content ${kind}`.trim());
  appendVisible(shown, text);
  return shown;
}

function element(name: string, className: string): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

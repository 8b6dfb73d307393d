// Writes XML: elements, attributes, text, indented by two. Everything is escaped; nothing is parsed.

/** An element, or text. */
export type Xml = string | { name: string; attributes: Readonly<Record<string, string>>; children: readonly Xml[] };

/** One element. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  children: readonly Xml[] = [],
): Xml {
  return { name, attributes, children };
}

/** A whole document in UTF-8 with `root` as its only element. */
export function xmlDocument(root: Xml): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n${written(root, '')}\n`;
}

/** @throws Error for a character that XML 1.0 cannot hold */
export function escapeXml(text: string): string {
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text) || !text.isWellFormed())
    throw new Error('not a text for XML');
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function written(node: Xml, indent: string): string {
  if (typeof node === 'string') return escapeXml(node);
  const { name, attributes, children } = node;
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const start = `${indent}<${name}${words.join('')}`;
  if (children.length === 0) return `${start}/>`;
  // Text stands as it is: space around it would be part of it.
  if (children.some((child) => typeof child === 'string')) {
    return `${start}>${children.map((child) => written(child, '')).join('')}</${name}>`;
  }
  return [`${start}>`, ...children.map((child) => written(child, `${indent}  `)), `${indent}</${name}>`].join('\n');
}

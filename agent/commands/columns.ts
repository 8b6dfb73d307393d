// Lines of "label   value", aligned over a whole output, in blocks with an empty line between them.

/** A label and its value. */
export type Row = readonly [label: string, value: string];

/** Blocks of rows as lines. A row without a value is left out, and so is an empty block. */
export function columns(blocks: readonly (readonly Row[])[]): string {
  const filled = blocks.map((rows) => rows.filter(([, value]) => value !== '')).filter((rows) => rows.length > 0);
  const width = Math.max(0, ...filled.flat().map(([label]) => label.length));
  return filled
    .map((rows) => rows.map(([label, value]) => `${label.padEnd(width)}   ${value}`).join('\n'))
    .join('\n\n');
}

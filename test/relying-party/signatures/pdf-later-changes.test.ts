// What was done to a PDF behind a signature is told of large files, too: each object is read once, and not for each update.
import assert from 'node:assert/strict';
import { laterChanges } from '../../../relying-party/src/pdf-later-changes.ts';
import { revisionsOf } from '../../../relying-party/src/pdf-updates.ts';

/** A file of so many objects, and updates of its catalog: where the first revision ends, and all of it. */
function pdfWith(objects: number, updates: number): { bytes: Buffer; end: number } {
  const parts: string[] = [];
  let length = 0;
  const add = (text: string): number => {
    parts.push(text);
    length += text.length;
    return length - text.length;
  };
  const put = (number: number, body: string): string =>
    `${String(add(`${number} 0 obj\n${body}\nendobj\n`)).padStart(10, '0')} 00000 n \n`;
  const finish = (table: string, previous = ''): number => {
    const section = add(`xref\n${table}trailer\n<</Root 1 0 R/Size ${objects + 3}${previous}>>\n`);
    add(`startxref\n${section}\n%%EOF\n`);
    return section;
  };
  const catalog = '<</Type/Catalog/List 2 0 R>>';
  const numbers = Array.from({ length: objects }, (_, index) => index + 3);
  add('%PDF-1.7\n');
  const list = `[${numbers.map((number) => `${number} 0 R`).join(' ')}]`;
  const entries = [put(1, catalog), put(2, list), ...numbers.map((number) => put(number, '<</A 1/B [2 3]>>'))];
  let section = finish(`0 ${objects + 3}\n0000000000 65535 f \n${entries.join('')}`);
  const end = length;
  for (let update = 0; update < updates; update += 1) section = finish(`1 1\n${put(1, catalog)}`, `/Prev ${section}`);
  return { bytes: Buffer.from(parts.join(''), 'latin1'), end };
}

/** Milliseconds of the processor's time. */
function timed(objects: number, updates: number): number {
  const { bytes, end } = pdfWith(objects, updates);
  const before = process.cpuUsage();
  assert.equal(laterChanges(bytes, end, { signatures: [], open: revisionsOf(bytes) }), 'validation-data');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('The updates of a large PDF', function () {
  this.timeout(60_000);

  it('cost little more when there are many', () => {
    timed(1_000, 2);
    const [one, many] = [timed(20_000, 1), timed(20_000, 15)];
    assert.ok(many < 5 * one, `${many} ms instead of ${one} ms`);
  });

  it('are refused when they bring what an earlier one was waiting for, by way of an object that nobody mentioned before', () => {
    const changes = (isBrought: boolean) => {
      const bytes = waiting(isBrought);
      const end = bytes.indexOf('%%EOF\n') + 6;
      return laterChanges(bytes, end, { signatures: [], open: revisionsOf(bytes) });
    };
    assert.deepEqual([false, true].map(changes), ['validation-data', 'other']);
  });
});

/** Object 3 is mentioned by nobody, and mentions 9. The first update names 3 in the catalog's store, the second may bring 9. */
function waiting(isBrought: boolean): Buffer {
  const catalog = '<</Type/Catalog/DSS<</VRI<</AB 3 0 R>>>>>>';
  const revisions: readonly (readonly (readonly [number, string])[])[] = [
    [
      [1, '<</Type/Catalog>>'],
      [3, '<</TU 9 0 R>>'],
    ],
    [[1, catalog]],
    [isBrought ? [9, '(D:20261126)'] : [1, catalog]],
  ];
  let text = '%PDF-1.7\n';
  let previous = '';
  for (const objects of revisions) {
    const table = objects.map(([number, body]) => {
      const line = `${number} 1\n${String(text.length).padStart(10, '0')} 00000 n \n`;
      text += `${number} 0 obj\n${body}\nendobj\n`;
      return line;
    });
    const section = text.length;
    const size = objects.some(([number]) => number === 9) ? 10 : 9;
    text += `xref\n${table.join('')}trailer\n<</Root 1 0 R/Size ${size}${previous}>>\nstartxref\n${section}\n%%EOF\n`;
    previous = `/Prev ${section}`;
  }
  return Buffer.from(text, 'latin1');
}

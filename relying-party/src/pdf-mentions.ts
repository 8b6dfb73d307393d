// What the revisions of a PDF mention: an object that one of them waits for must not come with a later update. A large file
// is gone through once, and not for each of its updates.
import { type PdfFile } from './pdf-file.ts';
import { PdfError, type PdfObject } from './pdf-objects.ts';
import { type PdfUpdate } from './pdf-updates.ts';

/** Numbers of what a revision, and those before it, mention: of objects that were gone into, and of such as are not there. */
interface Mentions {
  readonly reached: Set<number>;
  readonly missing: Set<number>;
}

/** One for a file's revisions that follow each other. */
const mentions = new WeakMap<PdfFile, Mentions>();

/**
 * The signed revision must mention none of the objects that are new. One that it mentions in vain is shown as nothing,
 * until an update brings it: as a certificate, say, that is the content of a page as well. @throws PdfError
 */
export function assertNotAwaited({ before, after, changed }: PdfUpdate): void {
  const known = mentions.get(before) ?? { reached: new Set<number>(), missing: new Set<number>() };
  if (!mentions.has(before)) note(before, [...before.trailer.values()], known);
  mentions.set(before, known);
  if ([...changed].some((number) => known.missing.has(number))) throw new PdfError();
  if (mentions.has(after)) return;
  // Until this is through nothing of it counts: were it cut short, the next look would take for known what was never seen.
  mentions.delete(before);
  note(after, [...after.trailer.values(), ...[...changed].map((number) => after.numbered(number))], known);
  mentions.set(before, known).set(after, known);
}

/** Adds what these objects mention, and what they lead to that has not been reached before. */
function note(file: PdfFile, objects: readonly PdfObject[], { reached, missing }: Mentions): void {
  const open = [...objects];
  for (let object = open.pop(); object !== undefined; object = open.pop()) {
    if (object.type === 'reference') {
      if (file.entry(object.number).in === 'nowhere') missing.add(object.number);
      else if (!reached.has(object.number)) open.push(file.resolve(object));
      reached.add(object.number);
    } else if (object.type === 'array') {
      for (const item of object.items) open.push(item);
    } else if (object.type === 'dictionary' || object.type === 'stream') {
      open.push(...object.entries.values());
    }
  }
}

// What was done to a PDF behind a signature. Two kinds of updates are recognised, and everything else is `other`:
// validation data (a document security store, ETSI EN 319 142-1 5.4) and a further signature. Recognised means that
// each changed object is one that such an update has to change, and differs in nothing else: no page, no text, no
// picture and no object that the signed revision merely mentions can come in with it.
import { assertDer, firstValue, TAG } from './der.ts';
import { nameIn, type PdfFile } from './pdf-file.ts';
import { assertNotAwaited } from './pdf-mentions.ts';
import { PdfError, type PdfObject, spell } from './pdf-objects.ts';
import { signatureFields, type PdfSignature } from './pdf-signatures.ts';
import { type OpenRevision, type PdfUpdate, readUpdates } from './pdf-updates.ts';

/** `signatures`: further signatures, each verified itself, and perhaps validation data. */
export type LaterChanges = 'none' | 'validation-data' | 'signatures' | 'other';

type Entries = ReadonlyMap<string, PdfObject>;

const MAX_OBJECTS = 10_000;
const STREAM_KEYS = new Set(['Length', 'Filter', 'Type']);
const STORE_KEYS = ['Type', 'VRI', 'Certs', 'OCSPs', 'CRLs'];
/** Of a field and its widget in one: no action, nothing that runs. */
const FIELD_KEYS = new Set([
  'Type',
  'Subtype',
  'FT',
  'T',
  'TU',
  'V',
  'Ff',
  'F',
  'P',
  'Rect',
  'AP',
  'AS',
  'MK',
  'M',
  'NM',
  'DA',
  'DR',
  'Lock',
]);
const RELATED_KEYS = ['Type', 'Cert', 'OCSP', 'CRL', 'TU', 'TS'];

/** @param signatures all of the file, since each of them must be verified by the caller. */
export function laterChanges(
  bytes: Uint8Array,
  end: number,
  { signatures, open }: { readonly signatures: readonly PdfSignature[]; readonly open: OpenRevision },
): LaterChanges {
  if (end === bytes.length) return 'none';
  try {
    const kinds = readUpdates(bytes, end, open).map((update) => kindOf(update, signatures));
    return kinds.includes('signatures') ? 'signatures' : 'validation-data';
  } catch (error) {
    if (error instanceof PdfError) return 'other';
    throw error;
  }
}

/** @throws PdfError if it is neither */
function kindOf(update: PdfUpdate, signatures: readonly PdfSignature[]): 'validation-data' | 'signatures' {
  const { before, after, changed, end, endOfLines } = update;
  assertSameTrailer(before, after);
  const signature = signatures.find((one) => one.end >= end && one.end <= endOfLines);
  const allowed = new Set<number>();
  addCatalog(update, signature !== undefined, allowed);
  addStore(update, allowed);
  if (signature !== undefined) addSignature(update, signature, allowed);
  if ([...changed].some((number) => !allowed.has(number))) throw new PdfError();
  assertNotAwaited(update);
  return signature === undefined ? 'validation-data' : 'signatures';
}

function assertSameTrailer(before: PdfFile, after: PdfFile): void {
  for (const key of ['Root', 'Encrypt'])
    if (!same(before.trailer.get(key), after.trailer.get(key))) throw new PdfError();
  const info = after.trailer.get('Info');
  if (info !== undefined && !same(before.trailer.get('Info'), info)) throw new PdfError();
  if (before.size > after.size) throw new PdfError();
}

/** The catalog may get another DSS, and with a signature another AcroForm; both are looked at by themselves. */
function addCatalog({ before, after }: PdfUpdate, signed: boolean, allowed: Set<number>): void {
  allowed.add(numberOf(after.trailer.get('Root')));
  const free = ['DSS', 'Extensions', ...(signed ? ['AcroForm'] : [])];
  assertSameBut(before.catalog, after.catalog, free);
  // Names of extension levels and their numbers: nothing that a page shows.
  for (const value of after.dictionary(after.catalog.get('Extensions')).values()) {
    const parts = [...after.dictionary(value).values()];
    if (parts.some(({ type }) => type !== 'name' && type !== 'number')) throw new PdfError();
  }
  const info = after.trailer.get('Info');
  if (info?.type === 'reference') {
    assertSameBut(before.dictionary(info), after.dictionary(info), ['ModDate', 'Producer']);
    allowed.add(info.number);
  }
}

/** Objects of the store that are new, or were the store's already. */
function addStore({ before, after, changed }: PdfUpdate, allowed: Set<number>): void {
  const old = storeObjects(before);
  for (const number of storeObjects(after)) {
    if (changed.has(number) && (isNew(before, number) || old.has(number))) allowed.add(number);
  }
}

/** The numbers of all objects of the DSS. @throws PdfError if it has anything else in it than it should. */
function storeObjects(file: PdfFile): Set<number> {
  const numbers = new Set<number>();
  const opened = (object: PdfObject | undefined): PdfObject => {
    if (object?.type === 'reference') numbers.add(object.number);
    if (numbers.size > MAX_OBJECTS) throw new PdfError();
    return file.resolve(object);
  };
  const dictionary = (object: PdfObject | undefined, keys?: readonly string[]): Entries => {
    const value = opened(object);
    if (value.type !== 'dictionary') throw new PdfError();
    if (keys !== undefined && [...value.entries.keys()].some((key) => !keys.includes(key))) throw new PdfError();
    return value.entries;
  };
  const streams = (object: PdfObject | undefined): void => {
    if (object === undefined) return;
    const value = opened(object);
    if (value.type !== 'array') throw new PdfError();
    for (const item of value.items) assertEvidence(file, opened(item));
  };
  const { catalog } = file;
  if (!catalog.has('DSS')) return numbers;
  const store = dictionary(catalog.get('DSS'), STORE_KEYS);
  for (const key of ['Certs', 'OCSPs', 'CRLs']) streams(store.get(key));
  if (!store.has('VRI')) return numbers;
  for (const [key, related] of dictionary(store.get('VRI'))) {
    if (key === 'Type') continue;
    const entries = dictionary(related, RELATED_KEYS);
    for (const list of ['Cert', 'OCSP', 'CRL']) streams(entries.get(list));
    if (entries.has('TS')) assertEvidence(file, opened(entries.get('TS')));
    if (!['string', 'null'].includes(opened(entries.get('TU')).type)) throw new PdfError();
  }
  return numbers;
}

/** A stream that is one DER SEQUENCE and has no entry by which it could be a picture, a font or a page as well. */
function assertEvidence(file: PdfFile, object: PdfObject): void {
  if (object.type !== 'stream' || [...object.entries.keys()].some((key) => !STREAM_KEYS.has(key))) throw new PdfError();
  const bytes = file.decode(object);
  try {
    if (firstValue(bytes).tag !== TAG.sequence) throw new PdfError();
    assertDer(bytes);
  } catch {
    throw new PdfError();
  }
}

/** A new signature field, or an empty one that was filled, and the places that have to know of it. */
function addSignature(update: PdfUpdate, signature: PdfSignature, allowed: Set<number>): void {
  const { before, after, changed } = update;
  const old = new Map(signatureFields(before).map(({ reference, entries }) => [numberOf(reference), entries]));
  const field = signatureFields(after).find(({ entries }) => {
    const value = entries.get('V');
    return value?.type === 'reference' && value.number === signature.number;
  });
  const number = numberOf(field?.reference);
  if (field === undefined || number < 0 || field.entries.has('Kids') || field.entries.has('Parent'))
    throw new PdfError();
  const empty = old.get(number);
  if (empty !== undefined) {
    if (empty.has('V')) throw new PdfError();
    assertSameBut(empty, field.entries, ['V', 'AP', 'M', 'F']);
  } else if (!isNew(before, number) || [...field.entries.keys()].some((key) => !FIELD_KEYS.has(key))) {
    throw new PdfError();
  }
  allowed.add(number);
  addForm(update, empty === undefined ? number : undefined, allowed);
  if (empty === undefined) addPage(update, field.entries.get('P'), number, allowed);
  const own = [...field.entries].filter(([key]) => key !== 'P').map(([, value]) => value);
  for (const reached of newObjectsBelow(before, after, own)) if (changed.has(reached)) allowed.add(reached);
}

/** The form gets one field more, and flags; default resources only where there was no field that they could change. */
function addForm({ before, after }: PdfUpdate, added: number | undefined, allowed: Set<number>): void {
  const [oldForm, form] = [before.catalog.get('AcroForm'), after.catalog.get('AcroForm')];
  const [oldEntries, entries] = [before.dictionary(oldForm), after.dictionary(form)];
  const fresh = before.array(oldEntries.get('Fields')).length === 0;
  assertSameBut(oldEntries, entries, ['Fields', 'SigFlags', ...(fresh ? ['DR', 'DA'] : [])]);
  if (entries.has('NeedAppearances') && !oldEntries.has('NeedAppearances')) throw new PdfError();
  assertAppended(before.array(oldEntries.get('Fields')), after.array(entries.get('Fields')), added);
  allowPlace(before, [oldForm, form], allowed);
  allowPlace(before, [oldEntries.get('Fields'), entries.get('Fields')], allowed);
  if (fresh) for (const number of newObjectsBelow(before, after, [entries.get('DR') ?? null])) allowed.add(number);
}

/** The page gets one annotation more: the field itself. */
function addPage({ before, after }: PdfUpdate, page: PdfObject | undefined, added: number, allowed: Set<number>): void {
  if (page === undefined) return;
  const [oldPage, newPage] = [before.dictionary(page), after.dictionary(page)];
  if (nameIn(oldPage, 'Type') !== 'Page') throw new PdfError();
  assertSameBut(oldPage, newPage, ['Annots']);
  const [oldNotes, notes] = [oldPage.get('Annots'), newPage.get('Annots')];
  const unchanged = after.array(notes).length === before.array(oldNotes).length;
  assertAppended(before.array(oldNotes), after.array(notes), unchanged ? undefined : added);
  allowed.add(numberOf(page));
  allowPlace(before, [oldNotes, notes], allowed);
}

/** An object that was looked at whole: it stays where it was, or is new. */
function allowPlace(
  before: PdfFile,
  [old, now]: readonly [PdfObject | undefined, PdfObject | undefined],
  allowed: Set<number>,
): void {
  if (now?.type !== 'reference') return;
  if (!same(old, now) && !isNew(before, now.number)) throw new PdfError();
  allowed.add(now.number);
}

function assertAppended(old: readonly PdfObject[], now: readonly PdfObject[], added: number | undefined): void {
  const more = now.slice(old.length);
  if (old.some((item, index) => !same(item, now[index]))) throw new PdfError();
  if (more.length !== (added === undefined ? 0 : 1)) throw new PdfError();
  if (added !== undefined && numberOf(more[0]) !== added) throw new PdfError();
}

/** New objects that are reached from here by way of new objects only. */
function newObjectsBelow(before: PdfFile, after: PdfFile, from: readonly (PdfObject | null)[]): Set<number> {
  const numbers = new Set<number>();
  const open = from.filter((object) => object !== null);
  for (let object = open.pop(); object !== undefined; object = open.pop()) {
    if (object.type === 'reference') {
      if (numbers.has(object.number) || !isNew(before, object.number)) continue;
      numbers.add(object.number);
      if (numbers.size > MAX_OBJECTS) throw new PdfError();
      open.push(after.resolve(object));
    } else if (object.type === 'array') {
      open.push(...object.items);
    } else if (object.type === 'dictionary' || object.type === 'stream') {
      open.push(...object.entries.values());
    }
  }
  return numbers;
}

/** Beyond all numbers of the signed revision, so that nothing there can have been waiting for it. */
function isNew(before: PdfFile, number: number): boolean {
  return number >= before.size && before.entry(number).in === 'nowhere';
}

function assertSameBut(old: Entries, now: Entries, free: readonly string[]): void {
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (!free.includes(key) && !same(old.get(key), now.get(key))) throw new PdfError();
  }
}

function same(one: PdfObject | undefined, other: PdfObject | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return spell(one) === spell(other);
}

/** -1 for what is no reference. */
function numberOf(object: PdfObject | undefined): number {
  return object?.type === 'reference' ? object.number : -1;
}

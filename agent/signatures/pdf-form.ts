// A PDF's form (12.7) as far as signing concerns it: whether the document may be signed at all, which field names are taken, and
// the new signature field in the form and on its page.
import { PDFArray, PDFDict, PDFHexString, PDFName, PDFNumber, PDFRef, PDFString } from '@cantoo/pdf-lib';
import { type PdfFile } from './pdf-file.ts';
import { damaged, forbidden } from './pdf-refusals.ts';
import { type PdfUpdate } from './pdf-update.ts';

/** Nodes of the page tree and fields of the form that are looked at. */
const maximumNodes = 100_000;
const deepest = 64;

/** The document's catalog, by its reference. */
export interface Catalog {
  ref: PDFRef;
  dict: PDFDict;
}

export function catalogOf(file: PdfFile): Catalog {
  const ref = file.trailer.get(PDFName.of('Root'));
  const dict = file.resolve(ref);
  if (!(ref instanceof PDFRef) || !(dict instanceof PDFDict) || file.name(dict, 'Type') !== 'Catalog')
    return damaged('no catalog');
  return { ref, dict };
}

/** The fields' own names at the top, once nothing has been found that forbids a signature: XFA, or a certification without changes. */
export function fieldNames(file: PdfFile, { dict }: Catalog): Set<string> {
  const names = new Set<string>();
  const permissions = file.dict(dict, 'Perms');
  const certification = permissions === undefined ? undefined : file.dict(permissions, 'DocMDP');
  if (certification !== undefined) checkCertification(file, certification);
  const form = file.dict(dict, 'AcroForm');
  if (form === undefined) return names;
  if (form.has(PDFName.of('XFA'))) return forbidden('an XFA form');
  const queue = [...(file.array(form, 'Fields')?.asArray() ?? [])].map((field) => ({ field, depth: 0 }));
  for (let at = 0; at < queue.length; at += 1) {
    const { field, depth } = queue[at] ?? damaged('no field');
    const found = file.resolve(field);
    if (!(found instanceof PDFDict)) continue;
    const name = file.resolve(found.get(PDFName.of('T')));
    if (depth === 0 && (name instanceof PDFString || name instanceof PDFHexString)) names.add(name.decodeText());
    checkSignatureField(file, found);
    const kids = file.array(found, 'Kids')?.asArray() ?? [];
    if (depth >= deepest || queue.length + kids.length > maximumNodes) return forbidden('too many fields');
    for (const kid of kids) queue.push({ field: kid, depth: depth + 1 });
  }
  return names;
}

/** A signed field may certify, or lock the document (P 1 of its Lock, ISO 32000-2 12.7.5.5). */
function checkSignatureField(file: PdfFile, field: PDFDict): void {
  const value = file.resolve(field.get(PDFName.of('V')));
  if (!(value instanceof PDFDict) || file.name(field, 'FT') !== 'Sig') return;
  checkCertification(file, value);
  const lock = file.dict(field, 'Lock');
  if (lock !== undefined && file.number(lock, 'P') === 1) forbidden('an earlier signature has locked the document');
}

/** DocMDP (12.8.2.2): P 1 allows no change; absent it is 2. */
function checkCertification(file: PdfFile, signature: PDFDict): void {
  for (const reference of file.array(signature, 'Reference')?.asArray() ?? []) {
    const found = file.resolve(reference);
    if (!(found instanceof PDFDict) || file.name(found, 'TransformMethod') !== 'DocMDP') continue;
    const parameters = file.dict(found, 'TransformParams');
    if (parameters !== undefined && file.number(parameters, 'P') === 1) forbidden('the certification allows no change');
  }
}

/** A page with what it inherits. */
export interface Page {
  ref: PDFRef;
  dict: PDFDict;
  /** Lower left corner of what is shown. */
  origin: { x: number; y: number };
  /** Clockwise, as viewers show the page: 0, 90, 180, 270. */
  rotation: number;
}

/** The page with this number, from 1 on, in the order of the page tree (7.7.3). */
export function pageOf(file: PdfFile, catalog: Catalog, number: number): Page {
  let left = number;
  let nodes = 0;
  const find = (node: unknown, inherited: readonly PDFDict[]): Page | undefined => {
    nodes += 1;
    if (!(node instanceof PDFRef) || inherited.length > deepest || nodes > maximumNodes) return damaged('no page tree');
    const dict = file.resolve(node);
    if (!(dict instanceof PDFDict)) return damaged('no page tree');
    const chain = [dict, ...inherited];
    const kids = file.array(dict, 'Kids');
    if (kids === undefined) {
      left -= 1;
      return left === 0 ? pageFrom(file, node, chain) : undefined;
    }
    for (const kid of kids.asArray()) {
      const found = find(kid, chain);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(catalog.dict.get(PDFName.of('Pages')), []) ?? forbidden('there is no such page');
}

function pageFrom(file: PdfFile, ref: PDFRef, chain: readonly PDFDict[]): Page {
  const [dict] = chain;
  if (dict === undefined) return damaged('no page');
  const inherited = (key: string): PDFDict | undefined => chain.find((one) => one.has(PDFName.of(key)));
  const box = (key: string): PDFArray | undefined => {
    const holder = inherited(key);
    return holder === undefined ? undefined : file.array(holder, key);
  };
  const corners = (box('CropBox') ?? box('MediaBox'))?.asArray().map((one) => file.resolve(one)) ?? [];
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = corners.map((one) => (one instanceof PDFNumber ? one.asNumber() : 0));
  const rotated = inherited('Rotate');
  const rotation = rotated === undefined ? 0 : (file.number(rotated, 'Rotate') ?? 0);
  return { ref, dict, origin: { x: Math.min(x1, x2), y: Math.min(y1, y2) }, rotation: ((rotation % 360) + 360) % 360 };
}

/** Adds `field`, which is its own widget, to the form and to the page's annotations: the smallest change that does it. */
export function addField(file: PdfFile, update: PdfUpdate, catalog: Catalog, page: Page, field: PDFRef): void {
  append(file, update, page, 'Annots', field);
  const form = catalog.dict.get(PDFName.of('AcroForm'));
  const dict = file.dict(catalog.dict, 'AcroForm') ?? file.context.obj({});
  const flags = file.number(dict, 'SigFlags') ?? 0;
  // SignaturesExist, AppendOnly
  dict.set(PDFName.of('SigFlags'), PDFNumber.of(flags | 3));
  const holder = form instanceof PDFRef && file.resolve(form) instanceof PDFDict ? { ref: form, dict } : undefined;
  const owner = holder ?? { ref: update.newRef(), dict };
  if (holder === undefined) {
    catalog.dict.set(PDFName.of('AcroForm'), owner.ref);
    update.put(catalog.ref, catalog.dict);
  }
  append(file, update, owner, 'Fields', field);
  update.put(owner.ref, owner.dict);
}

/** Appends to the array under `key`, in the array's own object when it has one. */
function append(file: PdfFile, update: PdfUpdate, owner: Catalog, key: string, added: PDFRef): void {
  const value = owner.dict.get(PDFName.of(key));
  const array = file.array(owner.dict, key) ?? PDFArray.withContext(file.context);
  array.push(added);
  if (value instanceof PDFRef && file.resolve(value) === array) {
    update.put(value, array);
    return;
  }
  owner.dict.set(PDFName.of(key), array);
  update.put(owner.ref, owner.dict);
}

// PAdES baseline signatures (ETSI EN 319 142-1): B-B, B-T, and B-LT with a document security store. The document's bytes stay as they
// are and everything is added behind them, so that earlier signatures stay what they were.
import { createHash, type Hash } from 'node:crypto';
import { PDFName, type PDFRef } from '@cantoo/pdf-lib';
import { hashOf, nodeHash } from './algorithm.ts';
import { commonNameOf } from './certificate-parts.ts';
import { signContent } from './cms.ts';
import { revocationOfSigner } from './long-term.ts';
import { addField, type Catalog, catalogOf, fieldNames, type Page, pageOf } from './pdf-form.ts';
import { putAppearance } from './pdf-appearance.ts';
import { PdfFile } from './pdf-file.ts';
import { PdfUpdate, streamBytes, textString } from './pdf-update.ts';
import { SignatureError } from './signature-error.ts';
import { type RevocationValues, type SignatureSurroundings, type Signer } from './signer.ts';

export interface PadesOptions {
  /** Page from 1 on, and points from the lower left corner of what is shown of it. Absent: the signature is invisible. */
  field?: { page: number; x: number; y: number; width: number; height: number };
  reason?: string;
  location?: string;
  /** What stands in a visible field; absent: the signer's name, the time, the reason. Characters that WinAnsi lacks become `?`. */
  lines?: readonly string[];
}

/** Room for the CMS: certificates come on top. Time stamps are 6-8 KB with their chain. */
const room = { plain: 16_384, timeStamped: 32_768 } as const;

/** Print and Locked (12.5.3). */
const fieldFlags = 132;

/** The document with a signature behind it: its own bytes are an exact prefix. */
export async function signPades(
  pdf: Uint8Array,
  options: PadesOptions,
  signer: Signer,
  surroundings: SignatureSurroundings,
): Promise<Uint8Array> {
  const hash = hashOf(signer.algorithm);
  const file = wellFormed(() => new PdfFile(pdf));
  const ofSigner = await revocationOfSigner(surroundings);
  const size =
    (surroundings.timeStamp === undefined ? room.plain : room.timeStamped) +
    [signer.certificate, ...signer.chain].reduce((sum, { length }) => sum + length, 0);
  const { catalog, update, signature, dict } = wellFormed(() =>
    prepared(file, options, signer, surroundings.now, size),
  );

  const { bytes, section, offsets } = update.write(pdf.length, file.crossReferences.start);
  const start = offsets.get(signature) ?? 0;
  const contents = { start: start + dict.contents, end: start + dict.contents + 2 * size + 2 };
  bytes.write(byteRange(pdf.length, bytes.length, contents), start + dict.byteRange, 'latin1');

  const digest = signedBytes(createHash(nodeHash(hash)), pdf, bytes, contents).digest();
  const { cms, revocation } = await signContent(
    { digest, signingTime: false, revocationInside: false },
    signer,
    surroundings,
    ofSigner,
  );
  if (cms.length > size)
    throw new SignatureError('ERR_DOCUMENT_TOO_LARGE', 'the signature does not fit into its place');
  bytes.write(Buffer.from(cms.buffer, cms.byteOffset, cms.length).toString('hex'), contents.start + 1, 'latin1');
  if (revocation === undefined) return Buffer.concat([pdf, bytes]);
  const store = wellFormed(() => securityStore(file, catalog, revocation));
  return Buffer.concat([pdf, bytes, store.write(pdf.length + bytes.length, section).bytes]);
}

interface Prepared {
  catalog: Catalog;
  update: PdfUpdate;
  signature: PDFRef;
  dict: SignatureDictionary;
}

/** Everything but the signature, after everything that could forbid it. */
function prepared(file: PdfFile, options: PadesOptions, signer: Signer, now: Date, size: number): Prepared {
  const catalog = catalogOf(file);
  const names = fieldNames(file, catalog);
  const page = pageOf(file, catalog, options.field?.page ?? 1);
  const update = new PdfUpdate(file);
  const dict = signatureDictionary(options, now, size);
  const signature = update.put(update.newRef(), dict.bytes);
  const field = file.context.obj({
    Type: 'Annot',
    Subtype: 'Widget',
    FT: 'Sig',
    T: textString(freeName(names)),
    F: fieldFlags,
    V: signature,
    P: page.ref,
    Rect: rectangle(options, page),
  });
  if (options.field !== undefined) {
    const lines = options.lines ?? defaultLines(options, signer, now);
    const box = { width: options.field.width, height: options.field.height, rotation: page.rotation };
    field.set(PDFName.of('AP'), file.context.obj({ N: putAppearance(file, update, lines, box) }));
  }
  addField(file, update, catalog, page, update.put(update.newRef(), field));
  return { catalog, update, signature, dict };
}

interface SignatureDictionary {
  bytes: Buffer;
  /** Where in them the numbers of ByteRange and the value of Contents start. */
  byteRange: number;
  contents: number;
}

/** The signature dictionary (12.8.1) with room for what is known last. The time stands here and not in the CMS (EN 319 142-1 6.3). */
function signatureDictionary({ reason, location }: PadesOptions, now: Date, size: number): SignatureDictionary {
  const time = `D:${now.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  const head = '<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/ByteRange [';
  const middle = `${' '.repeat(byteRangeWidth)}]\n/Contents `;
  const text = (key: string, value?: string): string =>
    value === undefined ? '' : `/${key} ${textString(value).toString()}\n`;
  const tail = `\n/M (${time})\n${text('Reason', reason)}${text('Location', location)}>>`;
  return {
    bytes: Buffer.from(`${head}${middle}<${'0'.repeat(2 * size)}>${tail}`, 'latin1'),
    byteRange: head.length,
    contents: head.length + middle.length,
  };
}

const byteRangeWidth = 48;

/** Everything but the value of Contents with its brackets. */
function byteRange(before: number, length: number, contents: { start: number; end: number }): string {
  const range = [0, before + contents.start, before + contents.end, length - contents.end];
  return range.join(' ').padEnd(byteRangeWidth);
}

/** The document is hashed where it is. */
function signedBytes(hash: Hash, pdf: Uint8Array, update: Buffer, contents: { start: number; end: number }): Hash {
  return hash.update(pdf).update(update.subarray(0, contents.start)).update(update.subarray(contents.end));
}

function rectangle({ field }: PadesOptions, { origin }: Page): number[] {
  if (field === undefined) return [0, 0, 0, 0];
  const [x, y] = [origin.x + field.x, origin.y + field.y];
  return [x, y, x + field.width, y + field.height];
}

function freeName(names: ReadonlySet<string>): string {
  let number = 1;
  while (names.has(`Signature${number}`)) number += 1;
  return `Signature${number}`;
}

function defaultLines({ reason }: PadesOptions, signer: Signer, now: Date): string[] {
  const time = now
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z/, ' UTC');
  return [commonNameOf(signer.certificate), time, ...(reason === undefined ? [] : [reason])];
}

/** The document security store (EN 319 142-1 5.4) in an update of its own: what is there stays, and gets company. */
function securityStore(file: PdfFile, catalog: Catalog, values: RevocationValues): PdfUpdate {
  const update = new PdfUpdate(file);
  const store = file.dict(catalog.dict, 'DSS') ?? file.context.obj({});
  const lists = { Certs: values.certificates, OCSPs: values.ocsp, CRLs: values.crls };
  for (const [key, contents] of Object.entries(lists)) {
    if (contents.length === 0) continue;
    const known = file.array(store, key)?.asArray() ?? [];
    const added = contents.map((der) => update.put(update.newRef(), streamBytes(file.context.obj({}), der)));
    store.set(PDFName.of(key), file.context.obj([...known, ...added]));
  }
  catalog.dict.set(PDFName.of('DSS'), update.put(update.newRef(), store));
  update.put(catalog.ref, catalog.dict);
  return update;
}

/** Whatever the library throws at a hostile document, a stack that is full included, means that it is damaged. */
function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    throw new SignatureError('ERR_DOCUMENT_FORMAT', 'the document is damaged', { cause });
  }
}

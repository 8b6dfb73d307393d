// Verifies the signatures of a PDF (PAdES baseline, ETSI EN 319 142-1), each for the revision that it was made over, and
// says what was done to the file since. All of them must be good; one that is not is a refusal of the file.
import { assertDer, DerError, readAs } from './der.ts';
import { type PdfFile } from './pdf-file.ts';
import { laterChanges, type LaterChanges } from './pdf-later-changes.ts';
import { PdfError, type PdfObject } from './pdf-objects.ts';
import { findSignatures, type PdfSignature } from './pdf-signatures.ts';
import { revisionsOf } from './pdf-updates.ts';
import { refusing } from './refusing.ts';
import { NO_EVIDENCE } from './revocation.ts';
import { SignatureError } from './signature-error.ts';
import { type SignatureReport } from './signature-report.ts';
import { type SignatureTrust } from './signature-trust.ts';
import { type Evidence, readSignedData } from './signed-data.ts';
import { verifySignedData } from './verify-cms.ts';

export interface PadesReport extends SignatureReport {
  readonly format: 'pades';
  /** The field's name. */
  readonly field: string;
  /** What came behind the signed revision, which `documentBytes` is. */
  readonly laterChanges: LaterChanges;
}

export interface PadesOptions {
  /**
   * Reports changes of other kinds behind a signature instead of refusing the file. Then only `documentBytes` is what
   * was signed; the file as a viewer shows it can say anything. Default: refused.
   */
  readonly allowLaterChanges?: boolean;
  /**
   * The document that was handed out to be signed. Refused (ERR_DOCUMENT_CHANGED) is a file that does not begin with it, byte for
   * byte, or in which anything but signatures and their evidence came behind it. Default: any document.
   */
  readonly original?: Uint8Array;
}

const MAX_LENGTH = 80 * 1024 * 1024;
const SUB_FILTERS = new Set(['ETSI.CAdES.detached', 'adbe.pkcs7.detached']);
/** Of each kind, for all signatures of the file together. */
const MAX_EVIDENCE = 64;

/**
 * @returns a report for each signature, the earliest first
 * @throws SignatureError, and nothing else
 */
export function verifyPades(
  pdf: Uint8Array,
  trust: SignatureTrust,
  options: PadesOptions = {},
): Promise<[PadesReport, ...PadesReport[]]> {
  return refusing(async () => {
    if (pdf.length > MAX_LENGTH) throw new SignatureError('ERR_DOCUMENT_TOO_LARGE');
    const bytes = new Uint8Array(pdf);
    const open = revisionsOf(bytes);
    const { signatures, evidence } = readAsPdf(() => {
      const file = open(bytes.length);
      if (file.sections.some(({ trailer }) => trailer.has('Encrypt'))) throw new SignatureError('ERR_DOCUMENT_REFUSED');
      return { signatures: findSignatures(file), evidence: readStore(file) };
    });
    if (options.original !== undefined && !isSigned(options.original, bytes, { signatures, open })) {
      throw new SignatureError('ERR_DOCUMENT_CHANGED');
    }
    const reports: PadesReport[] = [];
    for (const signature of signatures) {
      const changes = laterChanges(bytes, signature.end, { signatures, open });
      if (changes === 'other' && options.allowLaterChanges !== true) throw new SignatureError('ERR_PDF_LATER_CHANGES');
      reports.push(await verifyOne(bytes, signature, changes, evidence, trust));
    }
    const [first, ...others] = reports;
    if (first === undefined) throw new SignatureError('ERR_SIGNATURE_MISSING');
    return [first, ...others];
  });
}

/** Whether the file is this document with signatures, and nothing else. */
function isSigned(original: Uint8Array, bytes: Uint8Array, file: Parameters<typeof laterChanges>[2]): boolean {
  const { length } = original;
  if (Buffer.compare(original, bytes.subarray(0, length)) !== 0) return false;
  return laterChanges(bytes, length, file) === 'signatures';
}

async function verifyOne(
  bytes: Uint8Array,
  signature: PdfSignature,
  changes: LaterChanges,
  evidence: Evidence,
  trust: SignatureTrust,
): Promise<PadesReport> {
  const { subFilter, contents, pieces, end, fieldName, claimedSigningTime } = signature;
  if (!SUB_FILTERS.has(subFilter)) throw new SignatureError('ERR_SIGNATURE_FORMAT_UNSUPPORTED');
  const { content } = readAs('ERR_SIGNATURE_MALFORMED', () => readSignedData(contents));
  if (content !== undefined) throw new SignatureError('ERR_DOCUMENT_UNEXPECTED');
  const report = await verifySignedData(contents, pieces, trust, evidence);
  return {
    ...report,
    format: 'pades',
    ...(claimedSigningTime !== undefined && { claimedSigningTime }),
    field: fieldName,
    laterChanges: changes,
    documentBytes: bytes.subarray(0, end),
  };
}

/** The document security store. What in it cannot be read is as good as absent: nobody has signed it. */
function readStore(file: PdfFile): Evidence {
  try {
    const store = file.dictionary(file.catalog.get('DSS'));
    const streams = (key: string): Uint8Array[] => readStreams(file, store.get(key));
    return { certificates: streams('Certs'), ocsp: streams('OCSPs'), crls: streams('CRLs') };
  } catch (error) {
    if (error instanceof PdfError) return NO_EVIDENCE;
    throw error;
  }
}

function readStreams(file: PdfFile, list: PdfObject | undefined): Uint8Array[] {
  return file
    .array(list)
    .slice(0, MAX_EVIDENCE)
    .flatMap((item) => {
      const stream = file.resolve(item);
      return stream.type === 'stream' ? [file.decode(stream)] : [];
    })
    .filter(isDer);
}

function isDer(bytes: Uint8Array): boolean {
  try {
    assertDer(bytes);
    return true;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

function readAsPdf<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PdfError) throw new SignatureError('ERR_DOCUMENT_FORMAT');
    throw error;
  }
}

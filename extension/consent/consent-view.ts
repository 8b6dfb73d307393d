// What the consent window says, as keys of _locales with what stands in them: reckoned from what the agent told. Pure.
import { type SignatureFormat, type SigningConsent } from '../../shared/signing.ts';
import { type MessageKey } from '../background/screen-texts.ts';
import { visibleLine } from './visible-text.ts';

/** A sentence: its key, and what stands in it. */
export type Words = readonly [key: MessageKey, ...substitutions: string[]];

/** How a document can be shown. */
export type Kind = 'hash' | 'text' | 'xml' | 'pdf' | 'other';

/** What the signature comes in, and what goes with it. */
export function formatWords({ format, level }: Pick<SigningConsent, 'format' | 'level'>): Words[] {
  const words: Words[] = [[containerOf(format)]];
  if (format.type === 'pades') {
    const { field, reason, location } = format;
    words.push(field === undefined ? ['signPadesInvisible'] : ['signPadesVisible', String(field.page)]);
    if (reason !== undefined && reason !== '') words.push(['signPadesReason', visibleLine(reason)]);
    if (location !== undefined && location !== '') words.push(['signPadesPlace', visibleLine(location)]);
  }
  if (level !== 'B-B') words.push([level === 'B-T' ? 'signLevelTime' : 'signLevelLong']);
  return words;
}

function containerOf(format: SignatureFormat): MessageKey {
  switch (format.type) {
    case 'raw':
      return 'signFormatRaw';
    case 'cms':
      return format.attached ? 'signFormatCmsAttached' : 'signFormatCmsDetached';
    case 'xades':
      if (format.packaging === 'enveloped') return 'signFormatXadesEnveloped';
      return format.packaging === 'enveloping' ? 'signFormatXadesEnveloping' : 'signFormatXadesDetached';
    case 'xmldsig':
      return 'signFormatXmldsig';
    case 'pades':
      return 'signFormatPades';
    case 'jws':
      return format.detached ? 'signFormatJwsDetached' : 'signFormatJwsAttached';
    case 'hash':
      return 'signFormatHash';
  }
}

/** What the holder must be told before signing in that format. */
export function warningOf({ type }: SignatureFormat): MessageKey | undefined {
  if (type === 'hash') return 'signHashWarning';
  return type === 'xmldsig' ? 'signXmldsigWarning' : undefined;
}

type Listed = readonly Pick<SigningConsent['documents'][number], 'refused'>[];

/** How many of the documents a yes is for. */
export function signable(documents: Listed): number {
  return documents.filter(({ refused }) => refused === undefined).length;
}

/** The number of the document that is shown first: one that a yes is for, whatever the site has put before it. */
export function firstToShow(documents: Listed): number {
  return Math.max(
    documents.findIndex(({ refused }) => refused === undefined),
    0,
  );
}

/** The button that agrees. */
export function buttonWords(documents: Listed): Words {
  const [signed, count] = [signable(documents), documents.length];
  if (count === 1) return ['signButton'];
  return signed === count ? ['signButtonAll', String(count)] : ['signButtonSome', String(signed), String(count)];
}

/** Above the list of several. */
export function listWords(documents: Listed): Words {
  const [signed, count] = [signable(documents), documents.length];
  return signed === count ? ['signDocuments', String(count)] : ['signDocumentsSome', String(signed), String(count)];
}

/** By what is made of it where that wants one kind, whatever the site calls it; else by the type that the site gives. */
export function kindOf(type: string, { type: made }: SignatureFormat): Kind {
  if (made === 'hash') return 'hash';
  if (made === 'xmldsig') return 'xml';
  if (made === 'pades' || type === 'application/pdf') return 'pdf';
  if (type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml')) return 'xml';
  return type.startsWith('text/') || type === 'application/json' || type.endsWith('+json') ? 'text' : 'other';
}

const kindNames: Partial<Record<Kind, string>> = { text: 'Text', xml: 'XML', pdf: 'PDF' };

/** As a person would call it, before what the site does. */
export function typeText(type: string, kind: Kind): string {
  const name = kindNames[kind];
  return name === undefined ? type : `${name} (${type})`;
}

/** Hex digits in groups that can be compared by eye. */
export function groupedFingerprint(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(' ') ?? '';
}

/** In the largest unit that leaves at least 1; bytes are told exactly. */
export function sizeText(bytes: number, language: string): string {
  const units = [language === 'en' ? 'bytes' : 'byte', 'kB', 'MB'] as const;
  const unit = bytes < 1_000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: unit === 2 ? 1 : 0 });
  return `${number.format(bytes / 1_000 ** unit)}\u00a0${units[unit]}`;
}

// The words of the dialogs for signing documents, in Swedish and English. Pure. They repeat what the consent window has shown:
// site, documents and their fingerprints. No line breaks between a number and its word (\u00a0).
import { type Language } from '../../shared/error-texts.ts';
import { type PinStatus } from '../../shared/messages.ts';
import { cardLines, finalTryDialog, triesLine, type DialogText, type HolderText } from './prompt-texts.ts';

/** A document as it is named in a dialog: `name` is already fit for showing. */
export interface NamedDocument {
  name: string;
  /** SHA-256, hex. */
  fingerprint: string;
}

/** Documents that are named one by one; the others are counted. A dialog's text is bounded: more of them could push the card out of it. */
const named = 2;

/** What a request to sign asks for, as far as the holder must know it before the PIN. */
export interface SigningText {
  site: string;
  holder: HolderText;
  documents: readonly NamedDocument[];
  /** The contents could not be shown. */
  isHash: boolean;
}

/** "Enter the PIN to sign", with the site, what is signed, the holder and what is known of the tries left. */
export function signingPinDialog(
  language: Language,
  { site, holder, documents, isHash }: SigningText,
  pin: PinStatus,
): DialogText {
  const swedish = language === 'sv';
  const count = documents.length;
  const what = count === 1 ? '' : swedish ? ` ${count}\u00a0dokument` : ` ${count}\u00a0documents`;
  const warning = [triesLine(language, pin), isHash ? hashLine(language) : undefined]
    .filter((line) => line !== undefined)
    .join('\n');
  const lines = [swedish ? `${site} vill att du skriver under${what}.` : `${site} asks you to sign${what}.`];
  if (warning !== '') lines.push('', warning);
  lines.push('', ...documentLines(language, documents), '', ...cardLines(language, holder));
  return {
    title: swedish ? 'Kortbro – skriv under' : 'Kortbro – sign',
    description: lines.join('\n'),
    prompt: swedish ? 'PIN-kod för underskrift:' : 'PIN for signatures:',
    ok: swedish ? 'Skriv under' : 'Sign',
    cancel: swedish ? 'Avbryt' : 'Cancel',
    language,
    site,
    ...(warning === '' ? {} : { notice: warning }),
  };
}

/** Asked before the PIN when one try is left. */
export function signingFinalTryDialog(language: Language, { site, holder }: SigningText): DialogText {
  return finalTryDialog(language, site, holder);
}

function hashLine(language: Language): string {
  return language === 'sv' ? 'OBS! Innehållet kan inte visas för dig.' : 'Note: what you sign cannot be shown to you.';
}

/** The first digits of the fingerprint tell documents of one name apart; the consent window shows all of them. */
function documentLines(language: Language, documents: readonly NamedDocument[]): string[] {
  const swedish = language === 'sv';
  const lines = documents
    .slice(0, named)
    .flatMap(({ name, fingerprint }) => [
      `${swedish ? 'Dokument' : 'Document'}: ${name}`,
      `${swedish ? 'Fingeravtryck' : 'Fingerprint'}: ${shortFingerprint(fingerprint)}`,
    ]);
  const more = documents.length - named;
  if (more > 0) lines.push(swedish ? `och ${more}\u00a0till` : `and ${more}\u00a0more`);
  return lines;
}

/** Sixteen digits in fours. */
export function shortFingerprint(fingerprint: string): string {
  return (fingerprint.slice(0, 16).match(/.{4}/g) ?? []).join('\u00a0');
}

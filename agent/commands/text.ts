// A text in both languages, and which of the two a person at a terminal wants.
import { type Language } from '../../shared/error-texts.ts';

export { type Language } from '../../shared/error-texts.ts';

/** One text, in every language of the product. */
export type Text = Readonly<Record<Language, string>>;

/**
 * The language by the locale (POSIX 8.2: LC_ALL before LC_MESSAGES before LANG), else by the system's own setting, as a BCP 47 tag:
 * Swedish when it is Swedish, else English.
 */
export function languageOf(environment: Readonly<Record<string, string | undefined>>, systemLocale?: string): Language {
  const locale = [environment['LC_ALL'], environment['LC_MESSAGES'], environment['LANG'], systemLocale].find(
    (value) => value !== undefined && value !== '',
  );
  return /^sv(?![a-z])/i.test(locale ?? '') ? 'sv' : 'en';
}

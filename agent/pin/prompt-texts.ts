// The words of the native dialogs, in Swedish and English. Pure. One question a dialog: who asks, what for, with which card.
// No line breaks between a number and its word (\u00a0).
import { type Language } from '../../shared/error-texts.ts';
import { type PinStatus } from '../../shared/messages.ts';

/** Who a card belongs to, as its certificate says; texts are already fit for showing. */
export interface HolderText {
  holder: string;
  organisation: string;
  holderId: string;
  issuer: string;
}

/** Why the PIN is asked for again although it was given before. */
export type PromptReason = 'first' | 'login-lost';

/** The texts of one dialog. */
export interface DialogText {
  title: string;
  description: string;
  ok: string;
  cancel: string;
  notOk?: string;
  prompt?: string;
  /** For a dialog that has words of its own. */
  language?: Language;
  /** What stands in the description, too, and may be shown apart from it: who asks, and lines that must not be overlooked. */
  site?: string;
  notice?: string;
}

/** "Enter your PIN", with the site, the holder and what is known of the tries left. */
export function pinDialog(
  language: Language,
  site: string,
  holder: HolderText,
  pin: PinStatus,
  reason: PromptReason,
): DialogText {
  const swedish = language === 'sv';
  const lines = [swedish ? `${site} vill att du legitimerar dig.` : `${site} asks you to identify yourself.`];
  const warning = triesLine(language, pin);
  // Before what the card says of itself: a dialog's text is bounded, and what is cut off is its end.
  if (warning !== undefined) lines.push('', warning);
  if (reason === 'login-lost') {
    lines.push(
      '',
      swedish
        ? 'Ett annat program har använt kortet. Skriv din PIN-kod igen.'
        : 'Another program has used the card. Enter your PIN again.',
    );
  }
  lines.push('', ...cardLines(language, holder));
  return {
    title: swedish ? 'Kortbro – legitimera dig' : 'Kortbro – identify yourself',
    description: lines.join('\n'),
    prompt: swedish ? 'PIN-kod för legitimering:' : 'PIN for identification:',
    ok: swedish ? 'Legitimera' : 'Identify',
    cancel: swedish ? 'Avbryt' : 'Cancel',
    language,
    site,
    ...(warning === undefined ? {} : { notice: warning }),
  };
}

/** Asked before the PIN when one try is left: a wrong PIN would lock the card. */
export function finalTryDialog(language: Language, site: string, holder: HolderText): DialogText {
  const swedish = language === 'sv';
  const warning = swedish
    ? [
        'Bara ett försök är kvar.',
        'Blir PIN-koden fel nu låses den, och kortet kan inte användas förrän det låses upp.',
      ]
    : [
        'Only one try is left.',
        'If the PIN is wrong now it is locked, and the card cannot be used until it is unlocked.',
      ];
  const lines = [...warning, '', `${swedish ? 'Webbplats' : 'Site'}: ${site}`];
  return {
    title: swedish ? 'Kortbro – sista försöket' : 'Kortbro – last try',
    description: [...lines, ...cardLines(language, holder)].join('\n'),
    ok: swedish ? 'Fortsätt' : 'Continue',
    cancel: swedish ? 'Avbryt' : 'Cancel',
    language,
    site,
    notice: warning.join('\n'),
  };
}

/** Asked once for each site in a PIN session, where policy does not decide: may this site use the card too? */
export function consentDialog(language: Language, site: string, holder: HolderText): DialogText {
  const swedish = language === 'sv';
  return {
    title: swedish ? 'Kortbro – logga in på en webbplats till?' : 'Kortbro – log in to another site?',
    description: [
      swedish ? `${site} vill logga in dig med ditt kort.` : `${site} wants to log you in with your card.`,
      '',
      ...cardLines(language, holder),
    ].join('\n'),
    ok: swedish ? 'Logga in' : 'Log in',
    notOk: swedish ? 'Tillåt inte' : 'Do not allow',
    cancel: swedish ? 'Avbryt' : 'Cancel',
    language,
    site,
  };
}

/** One step of choosing among several certificates: this one, the next one, or none. */
export function choiceDialog(
  language: Language,
  site: string,
  holder: HolderText,
  number: number,
  count: number,
): DialogText {
  const swedish = language === 'sv';
  return {
    title: swedish ? 'Kortbro – välj e-legitimation' : 'Kortbro – choose e-identity',
    description: [
      swedish
        ? `Flera e-legitimationer passar. Vill du använda denna (${number}\u00a0av\u00a0${count})?`
        : `Several e-identities fit. Do you want to use this one (${number}\u00a0of\u00a0${count})?`,
      '',
      `${swedish ? 'Webbplats' : 'Site'}: ${site}`,
      ...cardLines(language, holder),
    ].join('\n'),
    ok: swedish ? 'Använd denna' : 'Use this one',
    notOk: swedish ? 'Visa nästa' : 'Show the next',
    cancel: swedish ? 'Avbryt' : 'Cancel',
    language,
    site,
  };
}

/** The card, as every dialog names it. */
export function cardLines(language: Language, { holder, organisation, holderId, issuer }: HolderText): string[] {
  const swedish = language === 'sv';
  const lines = [`${swedish ? 'Kort' : 'Card'}: ${holder}${organisation === '' ? '' : `, ${organisation}`}`];
  lines.push(`${swedish ? 'Id' : 'ID'}: ${holderId}`, `${swedish ? 'Utfärdare' : 'Issuer'}: ${issuer}`);
  return lines;
}

/** The exact number only where the card told it; else the words for what the driver's flags say; else nothing. */
export function triesLine(language: Language, { state, triesLeft }: PinStatus): string | undefined {
  const swedish = language === 'sv';
  if (state === 'final' || triesLeft === 1) {
    return swedish ? 'OBS! Sista försöket: fel PIN-kod låser kortet.' : 'Note: last try. A wrong PIN locks the card.';
  }
  if (state !== 'low') return undefined;
  if (triesLeft !== undefined) return swedish ? `${triesLeft}\u00a0försök kvar.` : `${triesLeft}\u00a0tries left.`;
  return swedish ? 'Fel PIN-kod har skrivits in nyligen.' : 'The PIN was wrong recently.';
}

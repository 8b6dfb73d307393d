// The words of the sites, in Swedish and English.
import { type TokenErrorCode } from '../../relying-party/src/index.ts';
import { type SiteLanguage } from './site-definition.ts';

const swedish = {
  clinic: 'Testkliniken',
  demonstration: 'demo',
  logIn: 'Logga in',
  howTo: 'Sätt i ditt kort i kortläsaren och välj Logga in.',
  logInWithCard: 'Logga in med kort',
  loggingIn: 'Loggar in …',
  waiting: 'Väntar på PIN-kod …',
  waitingHint: 'Svara i rutan från Kortbro. Den visas utanför webbläsaren.',
  cancel: 'Avbryt',
  cancelled: 'Inloggningen avbröts.',
  noExtension: 'Kortbro finns inte i den här webbläsaren. Kontakta support.',
  noServer: 'Webbplatsen svarar inte. Försök igen om en stund.',
  noScript: 'Inloggningen behöver JavaScript.',
  code: 'Felkod',
  signedInAs: 'Inloggad som',
  signedIn: 'Du är inloggad',
  logOut: 'Logga ut',
  cardRemoved: 'Kortet har dragits ur läsaren.',
  cardInserted: 'Ett kort sitter i läsaren igen.',
  loggedOut: 'Du loggas ut. Din anteckning sparas.',
  note: 'Anteckning',
  noteHint: 'Drar du ur kortet innan du är klar, sparas det du har skrivit tills du loggar in igen.',
  name: 'Namn',
  title: 'Titel',
  hsaId: 'HSA-id',
  organisation: 'Organisation',
  assuranceLevel: 'Tillitsnivå',
};

const english: typeof swedish = {
  clinic: 'Testkliniken',
  demonstration: 'demo',
  logIn: 'Log in',
  howTo: 'Insert your card into the card reader and choose Log in.',
  logInWithCard: 'Log in with card',
  loggingIn: 'Logging in …',
  waiting: 'Waiting for PIN …',
  waitingHint: "Answer in Kortbro's dialog. It is shown outside the browser.",
  cancel: 'Cancel',
  cancelled: 'The login was cancelled.',
  noExtension: 'Kortbro is not in this browser. Contact support.',
  noServer: 'The site does not answer. Try again in a while.',
  noScript: 'Logging in needs JavaScript.',
  code: 'Error code',
  signedInAs: 'Logged in as',
  signedIn: 'You are logged in',
  logOut: 'Log out',
  cardRemoved: 'The card has been pulled out.',
  cardInserted: 'A card is in the reader again.',
  loggedOut: 'You are being logged out. Your note is saved.',
  note: 'Note',
  noteHint: 'If you pull the card before you are done, what you have written is kept until you log in again.',
  name: 'Name',
  title: 'Title',
  hsaId: 'HSA id',
  organisation: 'Organisation',
  assuranceLevel: 'Assurance level',
};

export type SiteTexts = typeof swedish;
export const siteTexts: Readonly<Record<SiteLanguage, SiteTexts>> = { sv: swedish, en: english };

/** What a visitor is told when the server refuses a token. The code says the rest, to the help desk. */
export function refusalText(code: TokenErrorCode, language: SiteLanguage): string {
  const isSwedish = language === 'sv';
  switch (code) {
    case 'ERR_NONCE_UNKNOWN':
    case 'ERR_NONCE_EXPIRED':
      return isSwedish ? 'Inloggningen tog för lång tid. Försök igen.' : 'The login took too long. Try again.';
    case 'ERR_ASSURANCE_LEVEL_TOO_LOW':
      return isSwedish
        ? 'Kortets tillitsnivå räcker inte här. Använd ditt ordinarie kort.'
        : "The card's assurance level is too low here. Use your ordinary card.";
    case 'ERR_LOGGED_OUT':
      return isSwedish
        ? 'Kortet lämnade läsaren innan inloggningen var klar. Sätt i det och försök igen.'
        : 'The card left the reader before the login was finished. Insert it and try again.';
    case 'ERR_CERTIFICATE_EXPIRED':
      return isSwedish
        ? 'E-legitimationen på kortet har gått ut. Kontakta din kortutgivare.'
        : 'The e-identity on the card has expired. Contact your card issuer.';
    default:
      return isSwedish
        ? 'Webbplatsen godtog inte inloggningen. Försök igen, eller kontakta support.'
        : 'The site did not accept the login. Try again, or contact support.';
  }
}

/** Swedish, unless the browser prefers English to it (RFC 9110 12.5.4; the order is what counts here, not the weights). */
export function preferredLanguage(acceptLanguage: string | undefined): SiteLanguage {
  const named = (acceptLanguage ?? '').split(',').map((entry) => entry.trim().slice(0, 2).toLowerCase());
  return named.find((language) => language === 'sv' || language === 'en') === 'en' ? 'en' : 'sv';
}

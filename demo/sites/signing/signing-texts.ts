// The words of signing in the journal, in Swedish and English.
import { type SiteLanguage } from '../site-definition.ts';
import { type SigningRefusalCode } from './signing-desk.ts';

const swedish = {
  heading: 'Skriv under',
  intro:
    'Kortbro visar dokumentet i ett eget fönster innan du skriver under. Sedan anger du din PIN-kod för underskrift.',
  certificate: 'Läkarintyg för sjukpenning',
  decision: 'Beslut om remiss',
  prescriptions: 'Recept att skriva under',
  prescriptionsHow: 'Alla fem skrivs under på en gång, med en PIN-kod.',
  patient: 'Patient',
  diagnosis: 'Diagnos',
  assessment: 'Bedömning',
  extent: 'Nedsatt arbetsförmåga',
  from: 'Från och med',
  to: 'Till och med',
  decided: 'Beslut',
  granted: 'Remissen beviljas',
  refused: 'Remissen avslås',
  reason: 'Skäl',
  sign: 'Granska och skriv under',
  signAll: 'Granska och skriv under alla fem',
  cancel: 'Avbryt',
  preparing: 'Dokumentet hämtas …',
  sending: 'Dokumentet lämnas till Kortbro …',
  consent: 'Läs dokumentet i fönstret från Kortbro och svara där.',
  pin: 'Ange din PIN-kod för underskrift i rutan från Kortbro.',
  working: '{done} av {of} är underskrivna …',
  checking: 'Webbplatsen kontrollerar underskriften …',
  done: 'Klart. Det underskrivna dokumentet finns i listan.',
  doneAll: 'Klart. De underskrivna dokumenten finns i listan.',
  partly: '{done} av {of} dokument skrevs under. De andra finns kvar att skriva under.',
  cancelled: 'Du skrev inte under. Inget har sparats.',
  noServer: 'Webbplatsen svarar inte. Inget har sparats. Försök igen om en stund.',
  noExtension: 'Kortbro finns inte i den här webbläsaren. Kontakta support.',
  code: 'Felkod',
  noHsaId: 'För att skriva under behöver du logga in med din e-legitimation i tjänsten, den med HSA-id.',
  signed: 'Underskrivet',
  nothing: 'Du har inte skrivit under något än.',
  document: 'Dokument',
  signer: 'Underskrivet av',
  time: 'Tid',
  level: 'Tillitsnivå',
  download: 'Hämta',
};

const english: typeof swedish = {
  heading: 'Sign',
  intro: 'Kortbro shows the document in a window of its own before you sign. Then you enter your PIN for signatures.',
  certificate: 'Medical certificate for sick leave',
  decision: 'Decision about a referral',
  prescriptions: 'Prescriptions to sign',
  prescriptionsHow: 'All five are signed together, with one PIN.',
  patient: 'Patient',
  diagnosis: 'Diagnosis',
  assessment: 'Assessment',
  extent: 'Reduced ability to work',
  from: 'From',
  to: 'To',
  decided: 'Decision',
  granted: 'The referral is granted',
  refused: 'The referral is refused',
  reason: 'Reasons',
  sign: 'Review and sign',
  signAll: 'Review and sign all five',
  cancel: 'Cancel',
  preparing: 'Fetching the document …',
  sending: 'Handing the document to Kortbro …',
  consent: "Read the document in Kortbro's window and answer there.",
  pin: "Enter your PIN for signatures in Kortbro's dialog.",
  working: '{done} of {of} are signed …',
  checking: 'The site is checking the signature …',
  done: 'Done. The signed document is in the list.',
  doneAll: 'Done. The signed documents are in the list.',
  partly: '{done} of {of} documents were signed. The others are still to be signed.',
  cancelled: 'You did not sign. Nothing has been saved.',
  noServer: 'The site does not answer. Nothing has been saved. Try again in a while.',
  noExtension: 'Kortbro is not in this browser. Contact support.',
  code: 'Error code',
  noHsaId: 'To sign you need to log in with the e-identity of your employment, the one with an HSA id.',
  signed: 'Signed',
  nothing: 'You have not signed anything yet.',
  document: 'Document',
  signer: 'Signed by',
  time: 'Time',
  level: 'Assurance level',
  download: 'Download',
};

export type SigningTexts = typeof swedish;
export const signingTexts: Readonly<Record<SiteLanguage, SigningTexts>> = { sv: swedish, en: english };

/** What the holder is told when the server takes no signature. The code says the rest, to the help desk. */
export function signingRefusalText(code: SigningRefusalCode, language: SiteLanguage): string {
  const isSwedish = language === 'sv';
  switch (code) {
    case 'ERR_FORM':
      return isSwedish
        ? 'Fyll i alla fält. Till och med får inte vara före från och med.'
        : 'Fill in all fields. The last day must not be before the first.';
    case 'ERR_TASK':
      return isSwedish
        ? 'Det tog för lång tid. Inget har sparats. Börja om med dokumentet.'
        : 'It took too long. Nothing has been saved. Begin again with the document.';
    case 'ERR_SIGNER':
      return isSwedish
        ? 'Underskriften är inte din. Skriv under med samma kort som du är inloggad med.'
        : 'The signature is not yours. Sign with the card that you are logged in with.';
    case 'ERR_DOCUMENT_CHANGED':
    case 'ERR_PDF_LATER_CHANGES':
      return isSwedish
        ? 'Dokumentet som skrevs under är inte det som journalen lämnade ut. Underskriften godtas inte. Kontakta support.'
        : 'The document that was signed is not the one that the records handed out. The signature is not accepted. Contact support.';
    case 'ERR_ASSURANCE_LEVEL_TOO_LOW':
      return isSwedish
        ? 'Kortets tillitsnivå räcker inte här. Använd ditt ordinarie kort.'
        : "The card's assurance level is too low here. Use your ordinary card.";
    case 'ERR_CERTIFICATE_EXPIRED':
    case 'ERR_CERTIFICATE_REVOKED':
      return isSwedish
        ? 'E-legitimationen på kortet gäller inte längre. Kontakta din kortutgivare.'
        : 'The e-identity on the card is no longer valid. Contact your card issuer.';
    default:
      return isSwedish
        ? 'Webbplatsen godtog inte underskriften. Inget har sparats. Försök igen, eller kontakta support.'
        : 'The site did not accept the signature. Nothing has been saved. Try again, or contact support.';
  }
}

// For each error code: what the card holder should do next (Swedish, English) and, for the help desk, why it happens.
// docs/errors.md is made from this table. The sentences hold no jargon and never a PIN, a path or a driver's words.

/** The languages of every text that a person sees. Swedish is the default. */
export type Language = 'sv' | 'en';

interface ErrorText {
  sv: string;
  en: string;
  /** For the help desk: what has happened, technically. */
  why: string;
}

const texts = {
  ERR_REQUEST_INVALID: {
    sv: 'Webbplatsen ställde en fråga som Kortbro inte förstår. Kontakta webbplatsens support.',
    en: 'The site sent a request that Kortbro does not understand. Contact the support of the site.',
    why: 'A message had a missing, unknown or malformed field, was no valid JSON, or named an unknown verb.',
  },
  ERR_REQUEST_TOO_LARGE: {
    sv: 'Webbplatsen skickade mer än vad som är tillåtet. Kontakta webbplatsens support.',
    en: 'The site sent more than is allowed. Contact the support of the site.',
    why: 'A message passed one of the limits in shared/limits.ts.',
  },
  ERR_REQUEST_ORIGIN: {
    sv: 'Kortbro fungerar bara på säkra webbplatser (https). Kontakta webbplatsens support.',
    en: 'Kortbro works on secure sites (https) only. Contact the support of the site.',
    why: 'The origin that the browser gave was missing, "null", not https, or no canonical origin.',
  },
  ERR_REQUEST_FRAME: {
    sv: 'Den här sidan ligger inuti en annan sida och får inte använda kortet. Öppna den i en egen flik.',
    en: 'This page is embedded in another page and may not use the card. Open it in a tab of its own.',
    why: 'The request came from a frame that is not the top one, or from a page that is not shown yet.',
  },
  ERR_REQUEST_NONCE: {
    sv: 'Webbplatsens inloggningsfråga är felaktig. Kontakta webbplatsens support.',
    en: "The site's login challenge is malformed. Contact the support of the site.",
    why: 'The nonce was not 44 to 128 characters of canonical base64.',
  },
  ERR_REQUEST_LOGOUT: {
    sv: 'Webbplatsens uppgifter om utloggning är felaktiga. Kontakta webbplatsens support.',
    en: "The site's registration for logging out is malformed. Contact the support of the site.",
    why: "The logout address was not on the page's own origin, or the token or the lease time was out of bounds.",
  },
  ERR_REQUEST_DUPLICATE: {
    sv: 'Webbplatsen ställde samma fråga två gånger. Försök igen.',
    en: 'The site asked the same question twice. Try again.',
    why: 'A request id was used again while the first request with it was still open.',
  },
  ERR_REQUEST_TOO_MANY: {
    sv: 'Webbplatsen frågar för ofta. Vänta en stund och försök igen.',
    en: 'The site asks too often. Wait a while and try again.',
    why: 'The origin or the connection passed the rate or the number of open requests in shared/limits.ts.',
  },
  ERR_REQUEST_CANCELLED: {
    sv: 'Det avbröts. Försök igen när du vill.',
    en: 'It was cancelled. Try again when you like.',
    why: 'The page aborted the request, was closed, or went to another page.',
  },
  ERR_USER_CANCELLED: {
    sv: 'Du avbröt. Försök igen när du vill.',
    en: 'You cancelled. Try again when you like.',
    why: 'The holder chose Cancel in the PIN dialog or the question.',
  },
  ERR_USER_TIMEOUT: {
    sv: 'Det tog för lång tid. Försök igen.',
    en: 'It took too long. Try again.',
    why: 'The PIN dialog or the question was not answered within the time that policy allows, or a command got no answer in time.',
  },
  ERR_USER_DECLINED: {
    sv: 'Du lät inte webbplatsen använda kortet. Försök igen om du ångrar dig.',
    en: 'You did not let the site use the card. Try again if you change your mind.',
    why: 'The holder answered No to the question whether this origin may use the card.',
  },
  ERR_CARD_NO_READER: {
    sv: 'Ingen kortläsare hittades. Anslut kortläsaren och försök igen.',
    en: 'No card reader was found. Connect the card reader and try again.',
    why: 'The smart-card service lists no reader. In a remote session: was the reader connected before the session started?',
  },
  ERR_CARD_ABSENT: {
    sv: 'Sätt i ditt kort och försök igen.',
    en: 'Insert your card and try again.',
    why: 'There is a reader, but no card in it.',
  },
  ERR_CARD_REMOVED: {
    sv: 'Kortet drogs ur. Sätt i ditt kort och försök igen.',
    en: 'The card was pulled out. Insert your card and try again.',
    why: 'The card left the reader, or the reader left, while the request was open.',
  },
  ERR_CARD_CHANGED: {
    sv: 'Kortet byttes ut. Ingen PIN-kod har skickats till det nya kortet. Börja om inloggningen.',
    en: 'The card was exchanged. No PIN was sent to the new card. Start the login again.',
    why: 'The card generation or the identity read from the card was not the one that the request began with.',
  },
  ERR_CARD_UNSUPPORTED: {
    sv: 'Kortet kan inte läsas. Kontrollera att det sitter rätt, annars kontakta din kortutgivare.',
    en: 'The card cannot be read. Check that it is inserted correctly, otherwise contact your card issuer.',
    why: 'The card is mute, unknown to every card driver in the policy, or the driver refused it.',
  },
  ERR_CARD_NO_CERTIFICATE: {
    sv: 'Kortet saknar en e-legitimation som kan användas här. Kontakta din kortutgivare.',
    en: 'The card has no e-identity that can be used here. Contact your card issuer.',
    why: 'No certificate on the card has the key usage, the issuer and the serialNumber form that policy asks for.',
  },
  ERR_CARD_NO_SIGNATURE_KEY: {
    sv: 'Kortet kan inte skriva under här. Använd kortet som har en kod för underskrift, eller kontakta din kortutgivare.',
    en: 'The card cannot sign here. Use the card that has a code for signatures, or contact your card issuer.',
    why: 'No certificate with nonRepudiation on the card has the issuer, the identity and the number that policy and the site ask for.',
  },
  ERR_CARD_CERTIFICATE_INVALID: {
    sv: 'E-legitimationen på kortet är ogiltig eller har gått ut. Kontakta din kortutgivare.',
    en: 'The e-identity on the card is invalid or has expired. Contact your card issuer.',
    why: 'The certificate does not parse, or today is outside its validity period.',
  },
  ERR_CARD_SERVICE: {
    sv: 'Datorns korttjänst svarar inte. Vänta en stund och försök igen, eller kontakta support.',
    en: "The computer's smart-card service does not answer. Wait a while and try again, or contact support.",
    why: 'The PC/SC service (pcscd, SCardSvr) is not running or has just stopped; Kortbro connects again by itself.',
  },
  ERR_CARD_FAILED: {
    sv: 'Kortet svarade inte som väntat. Dra ur kortet, sätt i det igen och försök på nytt.',
    en: 'The card did not answer as expected. Pull the card, insert it again and retry.',
    why: 'The driver reported an error in the middle of an operation, or the signature did not match the certificate.',
  },
  ERR_PIN_WRONG: {
    sv: 'Fel PIN-kod. Försök igen med rätt PIN-kod.',
    en: 'Wrong PIN. Try again with the right PIN.',
    why: 'The card refused the PIN: CKR_PIN_INCORRECT (0xA0). Kortbro never tries again by itself.',
  },
  ERR_PIN_LOCKED: {
    sv: 'PIN-koden är låst. Lås upp den med din upplåsningskod (PUK), eller kontakta din kortutgivare.',
    en: 'The PIN is locked. Unlock it with your PUK, or contact your card issuer.',
    why: 'CKR_PIN_LOCKED (0xA4): too many wrong tries, here or in another program.',
  },
  ERR_PIN_FORMAT: {
    sv: 'En PIN-kod har 4 till 12 siffror. Inget försök har förbrukats. Försök igen.',
    en: 'A PIN has 4 to 12 digits. No try was spent. Try again.',
    why: 'What was typed cannot be a PIN, so that it was not sent to the card.',
  },
  ERR_PIN_PROMPT: {
    sv: 'Rutan för PIN-kod kunde inte visas. Kontakta support.',
    en: 'The PIN dialog could not be shown. Contact support.',
    why: 'No pinentry program was found that nobody but root can change, it could not show itself (no display?), or it ended without an answer.',
  },
  ERR_PIN_PAD_UNSUPPORTED: {
    sv: 'Kortläsare med egen knappsats stöds inte än. Använd en kortläsare utan knappsats.',
    en: 'Card readers with a PIN pad are not supported yet. Use a reader without a PIN pad.',
    why: 'The token has CKF_PROTECTED_AUTHENTICATION_PATH.',
  },
  ERR_DOCUMENT_FORMAT: {
    sv: 'Dokumentet är skadat eller av annat slag än det uppger. Kontakta webbplatsens support.',
    en: 'The document is damaged, or is not what it claims to be. Contact the support of the site.',
    why: 'The bytes are no well-formed document of the type that the site named (XML, PDF, SignedInfo, hash length).',
  },
  ERR_DOCUMENT_REFUSED: {
    sv: 'Dokumentet får inte undertecknas så som det är gjort. Kontakta webbplatsens support.',
    en: 'The document must not be signed as it is made. Contact the support of the site.',
    why: 'Well-formed, but unsafe or forbidden to sign: a DOCTYPE, encryption, a certification that allows no further change, raw bytes that are what a container signs (CMS attributes, a SignedInfo, a JWS).',
  },
  ERR_DOCUMENT_TOO_LARGE: {
    sv: 'Dokumentet är för stort för att undertecknas. Kontakta webbplatsens support.',
    en: 'The document is too large to be signed. Contact the support of the site.',
    why: 'A document, or all documents being signed together, passed a limit in shared/limits.ts.',
  },
  ERR_DOCUMENT_INCOMPLETE: {
    sv: 'Dokumentet kom inte fram helt. Försök igen.',
    en: 'The document did not arrive in full. Try again.',
    why: 'Pieces of the document came out of order, beyond its size, or not within the time for them.',
  },
  ERR_SIGNATURE_ALGORITHM: {
    sv: 'Webbplatsen vill ha en underskrift av ett slag som kortet inte kan göra eller som inte är säker nog.',
    en: 'The site wants a kind of signature that the card cannot make or that is not safe enough.',
    why: 'The hash or padding does not go with the key, the driver has no such mechanism, or it is SHA-1, which policy does not allow here.',
  },
  ERR_SIGNATURE_TIMESTAMP: {
    sv: 'Tidsstämpeln gick inte att hämta, och utan den blir det ingen underskrift. Försök igen om en stund.',
    en: 'The time stamp could not be fetched, and without it there is no signature. Try again in a while.',
    why: 'The time-stamping authority in policy did not answer, or its answer did not fit the request (RFC 3161).',
  },
  ERR_SIGNATURE_REVOCATION: {
    sv: 'Det gick inte att kontrollera om certifikatet är spärrat, och utan det blir det ingen underskrift. Försök igen om en stund.',
    en: 'Whether the certificate is revoked could not be checked, and without that there is no signature. Try again in a while.',
    why: "OCSP or CRL could not be fetched from the addresses in policy, did not verify, or tells that a certificate is revoked: the signer's, the time-stamping authority's, or that of a CA above them.",
  },
  ERR_POLICY_ORIGIN: {
    sv: 'Din organisation tillåter inte att den här webbplatsen använder kortet. Kontakta support om du behöver den.',
    en: 'Your organisation does not let this site use the card. Contact support if you need it.',
    why: 'The policy refuses the origin, or names others only.',
  },
  ERR_POLICY_ASSURANCE: {
    sv: 'Kortets tillitsnivå räcker inte för den här webbplatsen. Använd ditt ordinarie kort.',
    en: "The card's assurance level is too low for this site. Use your ordinary card.",
    why: 'No certificate on the card reaches the minimum assurance level that policy asks for at this origin.',
  },
  ERR_POLICY_MUTED: {
    sv: 'Du har avbrutit flera gånger. Vänta några minuter och försök igen.',
    en: 'You cancelled several times. Wait a few minutes, then try again.',
    why: 'Three cancelled dialogs in a row mute the origin for the time in shared/limits.ts.',
  },
  ERR_POLICY_INVALID: {
    sv: 'Kortbros inställningar på den här datorn är felaktiga. Kontakta support.',
    en: "Kortbro's settings on this computer are broken. Contact support.",
    why: 'The policy file could not be read; the audit log and `kortbro doctor` name the line and the reason.',
  },
  ERR_POLICY_SIGNING: {
    sv: 'Din organisation tillåter inte det här slaget av underskrift på webbplatsen. Kontakta din IT-support.',
    en: 'Your organisation does not allow this kind of signature at this site. Contact your IT support.',
    why: 'Policy does not let this origin have hashes signed, documents in one batch, the authentication key, or a higher level without an authority that could vouch for it.',
  },
  ERR_AGENT_NOT_RUNNING: {
    sv: 'Kortbro är inte igång på den här datorn. Försök igen om en stund, eller kontakta support.',
    en: 'Kortbro is not running on this computer. Try again in a while, or contact support.',
    why: 'The native host is missing, blocked by policy, or could not start or reach the agent.',
  },
  ERR_AGENT_STOPPED: {
    sv: 'Kortbro startades om medan det arbetade. Försök igen.',
    en: 'Kortbro was restarted while it worked. Try again.',
    why: 'A process on the way to the card ended with the request in flight. Nothing is repeated by itself.',
  },
  ERR_AGENT_BUSY: {
    sv: 'Kortbro är upptaget. Är en ruta från Kortbro öppen, svara på den. Försök annars igen om en stund.',
    en: 'Kortbro is busy. If a dialog of Kortbro is open, answer it. Otherwise try again in a while.',
    why: 'The number of requests waiting for the dialog or the card, or of programs connected to the agent, passed its limit.',
  },
  ERR_AGENT_LOGOUT_PENDING: {
    sv: 'Den som använde webbplatsen före dig loggas fortfarande ut. Vänta en stund och försök igen.',
    en: 'The person who used this site before you is still being logged out. Wait a moment and try again.',
    why: "The browser has not yet confirmed that an earlier holder's cookies and storage at this site are cleared.",
  },
  ERR_AGENT_SESSION_LOCKED: {
    sv: 'Datorn är låst. Lås upp den och försök igen.',
    en: 'The computer is locked. Unlock it and try again.',
    why: 'The session is locked, disconnected or suspended: the agent uses no card and asks no PIN then.',
  },
  ERR_AGENT_DRIVER_MISSING: {
    sv: 'Programmet som läser kortet saknas på datorn. Kontakta support.',
    en: 'The program that reads the card is missing on this computer. Contact support.',
    why: 'No PKCS#11 module of the policy (or of the built-in list) could be loaded; `kortbro doctor` names them.',
  },
  ERR_AGENT_DRIVER_CRASHED: {
    sv: 'Programmet som läser kortet stannade. Kontrollera att kortet sitter i och försök igen.',
    en: 'The program that reads the card stopped. Check that the card is inserted and try again.',
    why: 'The module host ended in the middle of an operation; it is started again, the operation is not repeated.',
  },
  ERR_AGENT_DRIVER_HUNG: {
    sv: 'Kortet svarade inte i tid. Dra ur kortet, sätt i det igen och försök på nytt.',
    en: 'The card did not answer in time. Pull the card, insert it again and retry.',
    why: 'A driver call passed its time limit; the module host was ended and started again.',
  },
  ERR_AGENT_ENDPOINT: {
    sv: 'Kortbro kunde inte nås på ett säkert sätt. Kontakta support.',
    en: 'Kortbro could not be reached in a safe way. Contact support.',
    why: 'The endpoint directory, file or socket has another owner or a mode that others can use.',
  },
  ERR_AGENT_PROOF: {
    sv: 'Kortbro kunde inte nås på ett säkert sätt. Starta om webbläsaren, eller kontakta support.',
    en: 'Kortbro could not be reached in a safe way. Restart the browser, or contact support.',
    why: 'The mutual proof between native host and agent failed: a squatted socket, or a secret of another start.',
  },
  ERR_AGENT_VERSION: {
    sv: 'Kortbros delar har olika versioner. Starta om datorn.',
    en: 'The parts of Kortbro differ in version. Restart the computer.',
    why: 'Extension, native host and agent speak different protocol versions.',
  },
  ERR_AGENT_INTERNAL: {
    sv: 'Något gick fel i Kortbro. Försök igen. Händer det på nytt, kontakta support och säg när det hände.',
    en: 'Something went wrong in Kortbro. Try again. If it happens again, contact support and say when it happened.',
    why: 'A fault in Kortbro itself. The incident id stands in the audit log.',
  },
} as const satisfies Record<string, ErrorText>;

/** Texts by code: the two sentences and the help desk's line. */
export const errorTexts: Readonly<Record<keyof typeof texts, ErrorText>> = texts;

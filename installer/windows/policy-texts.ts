// The words of the group policy templates that the schema does not hold: names in both languages, and the explanations in
// Swedish. The English explanations are the schema's own. A test keeps this complete.

/** One text in both languages. */
export interface Words {
  sv: string;
  en: string;
}

/** The folders in the editor, by the first name of a setting's path. */
export const categories: Readonly<Record<string, Words>> = {
  card: { sv: 'Kort', en: 'Card' },
  pin: { sv: 'PIN-kod', en: 'PIN' },
  logout: { sv: 'Utloggning', en: 'Logout' },
  signing: { sv: 'Underskrifter', en: 'Signatures' },
  sites: { sv: 'Webbplatser', en: 'Sites' },
};

/** The folder of a setting whose first name is not that of a folder. */
export const categoryOf: Readonly<Record<string, string>> = {
  tokens: 'card',
  otherSites: 'sites',
  assuranceLevels: 'sites',
  allowLocalhost: 'sites',
};

/** Each setting by its path. `sv`: what the schema's description says, in Swedish. */
export const settingTexts: Readonly<Record<string, { name: Words; sv: string }>> = {
  tokens: {
    name: { sv: 'Drivrutiner för kort', en: 'Card drivers' },
    sv: 'Drivrutiner för kort i den ordning de föredras; cng: Windows egen smartkortsleverantör med kortets minidrivrutin, eller tillverkarens nyckellagringsleverantör; tom: den inbyggda listan över kända moduler, och i Windows cng där ingen av dem är installerad',
  },
  'pin.program': {
    name: { sv: 'Program som frågar efter PIN-koden', en: 'Program that asks for the PIN' },
    sv: 'Pinentry-programmet, som ingen annan än administratören får kunna ändra; standard: det första i den inbyggda listan',
  },
  'pin.dialogSeconds': {
    name: { sv: 'Hur länge en dialog väntar (sekunder)', en: 'How long a dialog waits (seconds)' },
    sv: 'Hur länge en dialog väntar på kortinnehavaren',
  },
  'pin.idleMinutes': {
    name: { sv: 'PIN-koden glöms när den inte använts (minuter)', en: 'PIN is forgotten when unused (minutes)' },
    sv: 'PIN-koden måste anges igen när den inte har använts så här länge',
  },
  'pin.absoluteMinutes': {
    name: { sv: 'PIN-koden glöms senast (minuter)', en: 'PIN is forgotten at the latest (minutes)' },
    sv: 'PIN-koden måste anges igen så här lång tid efter att den angavs, vare sig den använts eller inte',
  },
  'card.operationSeconds': {
    name: { sv: 'Längsta tid för ett anrop till drivrutinen (sekunder)', en: 'Limit of one driver call (seconds)' },
    sv: 'Längsta tid för ett anrop till drivrutinen; därefter startas drivrutinen om',
  },
  'logout.actions': {
    name: { sv: 'Vad som görs när kortet tas ut', en: 'What is done when the card leaves' },
    sv: 'Vad som görs när kortet tas ut, i den här ordningen',
  },
  'logout.guard': {
    name: {
      sv: 'Inget skickas till en webbplats förrän tidigare utloggningar är klara',
      en: 'Send a site nothing until earlier logouts are done',
    },
    sv: 'Som för en webbplats, men för alla: en återställd webbläsare skickar inget till webbplatsen förrän allt som är skyldigt tidigare kortinnehavare är gjort',
  },
  'logout.grace.readerSeconds': {
    name: { sv: 'Frist när läsaren är borta (sekunder)', en: 'Grace when the reader is away (seconds)' },
    sv: 'Logga ut när läsaren har varit borta så här länge; inte angivet: aldrig',
  },
  'logout.grace.serviceSeconds': {
    name: {
      sv: 'Frist när smartkortstjänsten är borta (sekunder)',
      en: 'Grace when the card service is away (seconds)',
    },
    sv: 'Logga ut när smartkortstjänsten har varit borta så här länge; inte angivet: aldrig',
  },
  'logout.grace.sessionSeconds': {
    name: { sv: 'Frist när sessionen är frånkopplad (sekunder)', en: 'Grace when the session is away (seconds)' },
    sv: 'Logga ut när sessionen har varit frånkopplad så här länge; inte angivet: aldrig',
  },
  'logout.authorities': {
    name: { sv: 'Ytterligare utfärdare för agentens anrop', en: "Further authorities for the agent's calls" },
    sv: 'PEM-fil med ytterligare certifikatutfärdare för agentens anrop till webbplatser, utöver systemets egna',
  },
  'logout.proxy': {
    name: { sv: 'Proxy för agentens anrop', en: "Proxy for the agent's calls" },
    sv: 'Proxy för agentens anrop till webbplatser; standard: miljövariablerna https_proxy och no_proxy',
  },
  'signing.timeStamp': {
    name: { sv: 'Tidsstämplingstjänst', en: 'Time-stamping authority' },
    sv: 'Tidsstämplingstjänst (RFC 3161) för underskrifter på nivåerna B-T och B-LT',
  },
  'signing.ocsp': {
    name: { sv: 'OCSP-tjänst', en: 'OCSP responder' },
    sv: 'OCSP-tjänst för nivån B-LT',
  },
  'signing.crl': {
    name: { sv: 'Spärrlistor', en: 'Revocation lists' },
    sv: 'Spärrlistor för nivån B-LT, som används där ingen OCSP-tjänst svarar: utfärdarnas och rötternas, för den som skriver under och för tidsstämpeln',
  },
  'signing.authorities': {
    name: { sv: 'Utfärdare av certifikat för underskrift', en: 'Issuers of signing certificates' },
    sv: 'PEM-fil med utfärdarna av certifikat för underskrift och av tidsstämplingstjänster, upp till rötterna',
  },
  sites: {
    name: { sv: 'Webbplatser med egna inställningar', en: 'Sites with settings of their own' },
    sv: 'Webbplatser med egna inställningar',
  },
  otherSites: {
    name: { sv: 'Webbplatser som inte är listade', en: 'Sites that are not listed' },
    sv: 'Vad som gäller för en webbplats som inte är listad',
  },
  assuranceLevels: {
    name: { sv: 'Tillitsnivåer', en: 'Assurance levels' },
    sv: 'Vilken policy-OID från vilken utfärdare som betyder vilken tillitsnivå',
  },
  allowLocalhost: {
    name: { sv: 'Tillåt http://localhost (utveckling)', en: 'Allow http://localhost (development)' },
    sv: 'Låt http://localhost använda kortet, för utveckling',
  },
};

/** What the fields of a list's entries mean, in Swedish. A field without a description in the schema needs none here. */
export const fieldTexts: Readonly<Record<string, string>> = {
  'tokens[].module': 'Absolut sökväg till en PKCS#11-modul',
  'tokens[].directory': 'Katalog med simulerade kort; bara i utvecklingsversioner',
  'sites[].origin': 'Webbplatsen, så som webbläsaren kallar den',
  'sites[].access':
    'Efter PIN-koden: använd kortet utan fråga, fråga en gång per PIN-session, eller neka webbplatsen att använda det',
  'sites[].identity': 'Den form av serialNumber i certifikatet som webbplatsen vill ha',
  'sites[].issuers': 'Namn på utfärdare som godtas; tom: alla',
  'sites[].minimumAssuranceLevel': 'Lägsta tillitsnivå (LoA) som får användas',
  'sites[].logout.keep': 'Webbplatsen loggas inte ut när kortet tas ut',
  'sites[].logout.actions': 'Vad som görs när kortet tas ut, i den här ordningen',
  'sites[].logout.url':
    'Adress på webbplatsen som webbläsaren hämtar, med dess kakor, för att logga ut: för webbplatser som inte registrerar något anrop',
  'sites[].logout.page': 'Vad webbplatsens flikar visar därefter; standard: en sida i tillägget',
  'sites[].logout.guard':
    'En återställd webbläsare skickar inget till webbplatsen förrän allt som är skyldigt tidigare kortinnehavare är gjort',
  'sites[].logout.grace.readerSeconds': 'Logga ut när läsaren har varit borta så här länge; inte angivet: aldrig',
  'sites[].logout.grace.serviceSeconds':
    'Logga ut när smartkortstjänsten har varit borta så här länge; inte angivet: aldrig',
  'sites[].logout.grace.sessionSeconds':
    'Logga ut när sessionen har varit frånkopplad så här länge; inte angivet: aldrig',
  'sites[].signing.documents': 'Antal dokument som får skrivas under med ett godkännande och en PIN-kod',
  'sites[].signing.hash':
    'Webbplatsen får låta skriva under hashvärden, vars innehåll inte kan visas för kortinnehavaren',
  'sites[].signing.authenticationKey':
    'Dokument får skrivas under med nyckeln för legitimering när kortet saknar nyckel för underskrift',
  'sites[].signing.sha1': 'Webbplatsen får ha underskrifter med SHA-1, som inte längre är säkert',
  'assuranceLevels[].policyOid': 'OID för certifikatpolicyn',
  'assuranceLevels[].issuer': 'Utfärdarens namn, som måste stämma med nivån',
  'assuranceLevels[].level': 'Tillitsnivå',
};

/** An entry of each list of objects, as an example in the explanation. */
export const examples: Readonly<Record<string, string>> = {
  tokens: '{"type":"pkcs11","module":"..."}',
  sites: '{"origin":"https://journal.example.se","access":"silent","minimumAssuranceLevel":3}',
  assuranceLevels: '{"policyOid":"2.999.1.3","issuer":"TEST SITHS e-id Person HSA-id 3 CA v1","level":3}',
};

/** Words of one choice in the editor: the word itself, and what it means. */
export const choices: Readonly<Record<string, Words>> = {
  silent: { sv: 'utan fråga (silent)', en: 'without a question (silent)' },
  ask: { sv: 'fråga (ask)', en: 'ask the holder (ask)' },
  refuse: { sv: 'neka (refuse)', en: 'refuse (refuse)' },
};

/** Everything else that is written. */
export const phrases = {
  product: { sv: 'Kortbro', en: 'Kortbro' },
  productHelp: {
    sv: 'Kortbro låter webbsidor använda kortet i kortläsaren. Inställningarna gäller hela datorn; ingen användare kan ändra dem. En inställning här går före samma inställning i policyfilen.',
    en: "Kortbro lets web pages use the card in the reader. The settings hold for the whole computer; no user can change them. A setting here goes before the policy file's.",
  },
  supported: { sv: 'Kortbro 0.1 på Windows 10 eller senare', en: 'Kortbro 0.1 on Windows 10 or later' },
  standard: { sv: 'Standard', en: 'Default' },
  values: { sv: 'Värden', en: 'Values' },
  entries: { sv: 'Varje rad är en post i JSON, till exempel', en: 'Each line is one entry in JSON, for example' },
  fields: { sv: 'Fält', en: 'Fields' },
  words: { sv: 'Varje rad är ett av orden', en: 'Each line is one of the words' },
  place: { sv: 'I registret', en: 'In the registry' },
  restart: { sv: 'Gäller när agenten startas nästa gång.', en: 'Takes effect when the agent starts next.' },
  whole: {
    sv: 'Listan ersätter hela listan i policyfilen.',
    en: "The list replaces the policy file's list as a whole.",
  },
} satisfies Record<string, Words>;

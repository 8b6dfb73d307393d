// What the answers of the agent look like to a person. Pure: answer in, text out; texts from cards come cleaned from the agent.
import { sentence } from '../../shared/errors.ts';
import { type AgentState, type CertificateEntry, type ReaderState, type TokenState } from '../../shared/messages.ts';
import { columns, type Row } from './columns.ts';
import { maskPersonalNumber } from './personal-number.ts';
import { type Language, type Text } from './text.ts';

const labels = {
  session: { sv: 'Session', en: 'Session' },
  service: { sv: 'Korttjänst', en: 'Card service' },
  reader: { sv: 'Kortläsare', en: 'Reader' },
  card: { sv: 'Kort', en: 'Card' },
  holder: { sv: 'Innehavare', en: 'Holder' },
  id: { sv: 'Id', en: 'Id' },
  organisation: { sv: 'Organisation', en: 'Organisation' },
  pin: { sv: 'PIN-kod', en: 'PIN' },
  remembered: { sv: 'Ihågkommen', en: 'Remembered' },
  site: { sv: 'Webbplats', en: 'Site' },
  usage: { sv: 'Används för', en: 'Used for' },
  level: { sv: 'Tillitsnivå', en: 'Assurance level' },
  issuer: { sv: 'Utfärdare', en: 'Issuer' },
  valid: { sv: 'Giltig', en: 'Valid' },
  problem: { sv: 'Problem', en: 'Problem' },
  name: { sv: 'Namn', en: 'Name' },
} as const satisfies Record<string, Text>;

const cardTexts: Readonly<Record<ReaderState['card'], Text>> = {
  empty: { sv: 'inget kort', en: 'no card' },
  reading: { sv: 'läses', en: 'being read' },
  ready: { sv: 'insatt', en: 'inserted' },
  unsupported: { sv: 'kan inte läsas', en: 'cannot be read' },
  mute: { sv: 'svarar inte', en: 'does not answer' },
};

const pinTexts: Readonly<Record<TokenState['pin']['state'], Text>> = {
  ok: { sv: 'inga fel inskrivna', en: 'no wrong tries' },
  low: { sv: 'fel har skrivits in', en: 'wrong tries have been made' },
  final: { sv: 'ett försök kvar', en: 'one try left' },
  locked: { sv: 'låst', en: 'locked' },
  unknown: { sv: 'okänt hur många försök som är kvar', en: 'unknown how many tries are left' },
};

const usageTexts: Readonly<Record<CertificateEntry['usage'], Text>> = {
  authentication: { sv: 'legitimering', en: 'authentication' },
  signature: { sv: 'underskrift', en: 'signature' },
  other: { sv: 'annat', en: 'other' },
};

/** `kortbro status`. */
export function statusText(state: AgentState, language: Language): string {
  const service = state.service === 'running' ? { sv: 'igång', en: 'running' } : { sv: 'stoppad', en: 'stopped' };
  const session =
    state.session === 'active'
      ? { sv: 'aktiv', en: 'active' }
      : { sv: 'låst eller frånkopplad', en: 'locked or disconnected' };
  const head: Row[] = [
    ['Kortbro', state.version],
    [labels.session[language], session[language]],
    [labels.service[language], service[language]],
  ];
  const none: Row[] = [[labels.reader[language], { sv: 'ingen ansluten', en: 'none connected' }[language]]];
  const readers = state.readers.flatMap((reader) => readerBlocks(reader, language));
  return columns([head, ...(readers.length > 0 ? readers : [none])]);
}

function readerBlocks(reader: ReaderState, language: Language): Row[][] {
  const head: Row[] = [
    [labels.reader[language], reader.name],
    [labels.card[language], cardTexts[reader.card][language]],
  ];
  const [first, ...more] = reader.tokens.map((token) => tokenRows(token, language));
  return [[...head, ...(first ?? [])], ...more];
}

function tokenRows({ holder, holderId, organisation, pin, pinSso, sites }: TokenState, language: Language): Row[] {
  const tries =
    pin.triesLeft === undefined
      ? ''
      : { sv: `, ${pin.triesLeft} försök kvar`, en: `, ${pin.triesLeft} tries left` }[language];
  const stated = pin.state === 'final' || pin.state === 'locked' ? '' : tries;
  return [
    [labels.holder[language], holder],
    [labels.id[language], maskPersonalNumber(holderId)],
    [labels.organisation[language], organisation],
    [labels.pin[language], pinTexts[pin.state][language] + stated],
    [labels.remembered[language], (pinSso ? { sv: 'ja', en: 'yes' } : { sv: 'nej', en: 'no' })[language]],
    ...sites.map((site): Row => [labels.site[language], site]),
  ];
}

/** `kortbro certificates`. */
export function certificatesText(certificates: readonly CertificateEntry[], language: Language): string {
  if (certificates.length === 0) {
    return {
      sv: 'Ingen e-legitimation hittades. Sätt i ditt kort; kortbro status visar kortläsarna.',
      en: 'No e-identity was found. Insert your card; kortbro status shows the readers.',
    }[language];
  }
  return columns(certificates.map((certificate) => certificateRows(certificate, language)));
}

function certificateRows(entry: CertificateEntry, language: Language): Row[] {
  const until = { sv: 'till', en: 'to' }[language];
  return [
    [labels.holder[language], entry.holder],
    [labels.id[language], maskPersonalNumber(entry.holderId)],
    [labels.organisation[language], entry.organisation],
    [labels.usage[language], usageTexts[entry.usage][language]],
    [labels.level[language], entry.assuranceLevel === undefined ? '' : String(entry.assuranceLevel)],
    [labels.issuer[language], entry.issuer],
    [labels.valid[language], `${entry.notBefore.slice(0, 10)} ${until} ${entry.notAfter.slice(0, 10)}`],
    [labels.name[language], entry.label],
    [labels.card[language], entry.token],
    [labels.reader[language], entry.reader],
    [
      labels.problem[language],
      entry.problem === undefined ? '' : `${sentence(entry.problem, language)} (${entry.problem})`,
    ],
  ];
}

/** `kortbro forget-pin`. */
export function forgetPinText(ended: number, language: Language): string {
  if (ended > 0)
    return {
      sv: 'PIN-koden är glömd. Den behövs igen nästa gång.',
      en: 'The PIN is forgotten. It is needed again next time.',
    }[language];
  return {
    sv: 'Ingen PIN-kod var ihågkommen. Den behövs vid nästa inloggning.',
    en: 'No PIN was remembered. It is needed at the next login.',
  }[language];
}

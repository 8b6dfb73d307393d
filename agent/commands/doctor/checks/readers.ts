// Are there readers, and can the cards in them be used? No reader in a remote session is a case of its own: the reader is then
// most often connected, but not passed on to the session.
import { readerStateBits, type ReaderPicture } from '../../../native/reader-picture.ts';
import { type AgentState } from '../../../../shared/messages.ts';
import { type Text } from '../../text.ts';
import { ok, problem, warning, type Finding } from '../finding.ts';
import { type AgentSight, type Picture } from '../picture.ts';
import { remoteSession } from './remote-session.ts';

/** What both systems' pictures have of readers and cards. */
export interface ReadersSight {
  agent: AgentSight;
  cardService: { readers: ReaderPicture | undefined };
}

/** One reader, as the card service and the agent together know it. `card` is undefined when the agent did not tell. */
interface SeenReader {
  name: string;
  hasCard: boolean;
  seenByAgent: AgentState['readers'][number] | undefined;
}

export function checkReaders(picture: Picture): Finding[] {
  const names = readerNames(picture);
  if (names === undefined) return [];
  if (names.length > 0) return [readersFinding(names)];
  const kind = remoteSession(picture.environment);
  if (kind === undefined) {
    return [
      problem(
        'readers',
        { sv: 'Ingen kortläsare hittades.', en: 'No card reader was found.' },
        {
          sv: 'Anslut kortläsaren. Syns den med lsusb men inte här saknas drivrutin: apt install libccid',
          en: 'Connect the reader. If lsusb shows it but this does not, its driver is missing: apt install libccid',
        },
      ),
    ];
  }
  return [noRemoteReader(kind, remoteAdvice(kind))];
}

export function noRemoteReader(kind: string, whatToDo: Text): Finding {
  return problem(
    'readers',
    { sv: `Ingen kortläsare i fjärrsessionen (${kind}).`, en: `No card reader in the remote session (${kind}).` },
    whatToDo,
  );
}

const overSsh: Text = {
  sv: 'SSH för inte över kortläsare. Kör kortbro doctor i den session där webbläsaren körs.',
  en: 'SSH does not pass readers on. Run kortbro doctor in the session in which the browser runs.',
};

/** What to do about a remote session without readers. */
export function remoteAdvice(kind: string): Text {
  if (kind === 'SSH') return overSsh;
  return {
    sv: 'Var kortläsaren ansluten innan sessionen startade? Anslut den, koppla från och anslut sessionen igen, och kontrollera att omdirigering av smartkort är på i klienten och på servern.',
    en: 'Was the reader connected before the session started? Connect it, disconnect and reconnect the session, and check that smart-card redirection is on in the client and on the server.',
  };
}

/** The readers that anybody sees; undefined when nobody can tell. */
export function readerNames(picture: ReadersSight): string[] | undefined {
  return seenReaders(picture)?.map(({ name }) => name);
}

export function readersFinding(names: readonly string[]): Finding {
  return ok('readers', names.join(', '), names.join(', '));
}

export function checkCards(picture: ReadersSight): Finding[] {
  const readers = seenReaders(picture) ?? [];
  const withCard = readers.filter(({ hasCard }) => hasCard);
  if (readers.length > 0 && withCard.length === 0) {
    return [ok('card', 'Inget kort är insatt.', 'No card is inserted.')];
  }
  return withCard.flatMap((reader) => cardFindings(reader, picture.agent.answer.ok));
}

function cardFindings({ name, seenByAgent }: SeenReader, agentAnswers: boolean): Finding[] {
  const about = (sv: string, en: string): Text => ({ sv: `${name}: ${sv}`, en: `${name}: ${en}` });
  if (seenByAgent === undefined || seenByAgent.card === 'empty') {
    // Without an agent nobody has read the card; an agent that does not see it is suspended, or was just told.
    if (!agentAnswers) return [];
    return [
      warning(
        'card',
        about('kort insatt, men agenten ser det inte.', 'card inserted, but the agent does not see it.'),
        {
          sv: 'Kör om. Ser agenten det ändå inte: lås upp datorn, eller dra ur kortet och sätt i det igen.',
          en: 'Run this again. If it still does not: unlock the computer, or pull the card and insert it again.',
        },
      ),
    ];
  }
  switch (seenByAgent.card) {
    case 'reading':
      return [ok('card', `${name}: kortet läses.`, `${name}: the card is being read.`)];
    case 'unsupported':
      return [
        problem('card', about('kortet kan inte läsas.', 'the card cannot be read.'), {
          sv: 'Kontrollera att det sitter rätt väg. Annars känner ingen av drivrutinerna ovan kortet: installera kortutgivarens.',
          en: 'Check that it is inserted the right way. Otherwise none of the drivers above knows it: install the issuer’s.',
        }),
      ];
    case 'mute':
      return [
        problem('card', about('kortet svarar inte.', 'the card does not answer.'), {
          sv: 'Dra ur kortet, torka av chippet och sätt i det igen. Prova annars en annan kortläsare.',
          en: 'Pull the card, wipe the chip and insert it again. Otherwise try another reader.',
        }),
      ];
    default:
      return readyFindings(name, seenByAgent.tokens);
  }
}

function readyFindings(name: string, tokens: AgentState['readers'][number]['tokens']): Finding[] {
  if (tokens.some(({ pin }) => pin.state === 'locked')) {
    return [
      problem(
        'card',
        { sv: `${name}: PIN-koden är låst.`, en: `${name}: the PIN is locked.` },
        {
          sv: 'Lås upp den med upplåsningskoden (PUK), eller kontakta kortutgivaren.',
          en: 'Unlock it with the PUK, or contact the card issuer.',
        },
      ),
    ];
  }
  if (tokens.some(({ pin }) => pin.state === 'final')) {
    return [
      warning(
        'card',
        { sv: `${name}: ett försök kvar med PIN-koden.`, en: `${name}: one PIN try left.` },
        {
          sv: 'Ett fel till låser kortet. Är koden osäker: kontakta kortutgivaren först.',
          en: 'One more mistake locks the card. If the PIN is in doubt, contact the card issuer first.',
        },
      ),
    ];
  }
  return [ok('card', `${name}: kortet kan användas.`, `${name}: the card can be used.`)];
}

/** Undefined when nobody can tell which readers there are. */
function seenReaders({ cardService, agent }: ReadersSight): SeenReader[] | undefined {
  const fromAgent = agent.answer.ok ? agent.answer.state.readers : [];
  const fromService = cardService.readers?.service === 'running' ? cardService.readers.readers : undefined;
  const named = new Map<string, SeenReader>();
  for (const { name, eventState } of fromService ?? []) {
    const seenByAgent = fromAgent.find((reader) => reader.name === name);
    named.set(name, { name, hasCard: (eventState & readerStateBits.present) !== 0, seenByAgent });
  }
  // Simulated readers are known to the agent alone.
  for (const reader of fromAgent) {
    if (!named.has(reader.name))
      named.set(reader.name, { name: reader.name, hasCard: reader.card !== 'empty', seenByAgent: reader });
  }
  return named.size === 0 && fromService === undefined ? undefined : [...named.values()];
}

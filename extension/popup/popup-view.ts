// What the popup shows, reckoned from the background's view: keys of _locales and texts from the card. Pure.
import { type ReaderState, type TokenState } from '../../shared/messages.ts';
import { type View } from '../background/popup-messages.ts';
import { screenTitles, type MessageKey } from '../background/screen-texts.ts';
import { screenOf, type Screen } from '../background/screen.ts';

/** One card as a panel. Texts come from the card and are shown as text only. */
export interface CardPanel {
  holder: string;
  organisation: string;
  holderId: string;
  pin: { key: MessageKey; isAlarming: boolean; triesLeft?: number };
}

/** One reader: its cards, or why there is none. */
export interface ReaderPanel {
  name: string;
  note?: MessageKey;
  cards: CardPanel[];
}

export interface PopupView {
  screen: Screen;
  title: MessageKey;
  /** Undefined: the sentence of the screen's code. */
  advice: MessageKey | undefined;
  /** Left out where a single reader would only repeat the title. */
  readers: ReaderPanel[];
  /** While PIN-SSO is on: the sites that may use the card. */
  sites?: string[];
  /** The sites at which somebody is still being logged out. */
  owed: string[];
}

const advices: Readonly<Record<Screen['name'], MessageKey | undefined>> = {
  connecting: 'connectingAdvice',
  'not-running': undefined,
  'service-stopped': 'serviceStoppedAdvice',
  suspended: 'suspendedAdvice',
  'no-reader': 'noReaderAdvice',
  'no-card': 'noCardAdvice',
  pulled: 'pulledAdvice',
  reading: 'readingAdvice',
  unsupported: 'unsupportedAdvice',
  'card-in': 'cardInAdvice',
  'in-use': 'inUseAdvice',
  locked: 'lockedAdvice',
};

const pinKeys: Readonly<Record<TokenState['pin']['state'], MessageKey>> = {
  ok: 'pinOk',
  low: 'pinLow',
  final: 'pinFinal',
  locked: 'pinLocked',
  unknown: 'pinUnknown',
};

const notes: Readonly<Record<ReaderState['card'], MessageKey | undefined>> = {
  empty: 'readerEmpty',
  reading: 'readerReading',
  ready: 'readerUnsupported', // a readable card without any token on it
  unsupported: 'readerUnsupported',
  mute: 'readerUnsupported',
};

export function popupView(view: View): PopupView {
  const screen = screenOf(view);
  const shown: PopupView = {
    screen,
    title: screenTitles[screen.name],
    advice: advices[screen.name],
    readers: [],
    owed: view.owed ?? [],
  };
  const { state } = view;
  if (state === undefined || screen.name === 'not-running' || screen.name === 'connecting') return shown;
  const tokens = state.readers.flatMap((reader) => reader.tokens);
  const readers = state.readers.map(readerPanel);
  shown.readers = tokens.length === 0 && readers.length === 1 ? [] : readers;
  if (screen.name === 'in-use') {
    shown.sites = [...new Set(tokens.filter(({ pinSso }) => pinSso).flatMap(({ sites }) => sites))].sort();
  }
  return shown;
}

function readerPanel({ name, card, tokens }: ReaderState): ReaderPanel {
  const note = tokens.length === 0 ? notes[card] : undefined;
  return { name, ...(note === undefined ? {} : { note }), cards: tokens.map(cardPanel) };
}

function cardPanel({ holder, organisation, holderId, pin }: TokenState): CardPanel {
  const { state, triesLeft } = pin;
  const isAlarming = state === 'low' || state === 'final' || state === 'locked';
  return { holder, organisation, holderId, pin: { ...pinWords(state, triesLeft), isAlarming } };
}

/** The number where the card tells it; the last try and a lock are said in words that a number would only weaken. */
function pinWords(
  state: TokenState['pin']['state'],
  triesLeft: number | undefined,
): { key: MessageKey; triesLeft?: number } {
  if (triesLeft === undefined || state === 'locked' || state === 'final') return { key: pinKeys[state] };
  return { key: triesLeft === 1 ? 'pinTriesOne' : 'pinTriesMany', triesLeft };
}

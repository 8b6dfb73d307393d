// The popup: shows the background's view and carries out one wish, to forget the PIN. Writes only what has changed, so
// that a screen reader says a new state once and the focus stays where it is. What comes from a card is set as text.
import { sentence, type WireError } from '../../shared/errors.ts';
import { popupPortName, type PopupMessage, type View } from '../background/popup-messages.ts';
import { type MessageKey } from '../background/screen-texts.ts';
import { pictures } from './pictures.ts';
import { popupView, type CardPanel, type PopupView, type ReaderPanel } from './popup-view.ts';

const language = chrome.i18n.getMessage('language') === 'en' ? 'en' : 'sv';
const text = (key: MessageKey, ...substitutions: string[]): string => chrome.i18n.getMessage(key, substitutions);

const title = byId('title');
const outcome = byId('outcome');
const forget = byId('forget');
let isForgetting = false;
let shownReaders = '';
let shownSites = '';
let shownPicture = '';
let view: View = { reach: { state: 'connecting' }, pulled: false };
let port = connect();

document.documentElement.lang = language;
setText(byId('sites-heading'), text('sitesHeading'));
setText(byId('forget-hint'), text('forgetPinHint'));
setText(forget, text('forgetPin'));
forget.addEventListener('click', () => {
  if (isForgetting) return;
  setForgetting(true);
  tell('', false);
  port.postMessage({ verb: 'forget-pin' });
});

function connect(): chrome.runtime.Port {
  const opened = chrome.runtime.connect({ name: popupPortName });
  opened.onMessage.addListener((message: PopupMessage) => receive(message));
  // The worker was ended: connecting starts it anew.
  opened.onDisconnect.addListener(() => {
    setForgetting(false);
    setTimeout(() => {
      port = connect();
    }, 200);
  });
  return opened;
}

function receive(message: PopupMessage): void {
  if ('view' in message) {
    ({ view } = message);
    show(popupView(view));
  } else if (message.verb === 'forget-pin') {
    setForgetting(false);
    if ('error' in message) tell(failure(message.error), true);
    else tell(text('forgetPinDone'), false);
  }
}

function show({ screen, title: titleKey, advice, readers, sites, owed }: PopupView): void {
  const code = 'code' in screen ? screen.code : undefined;
  setText(title, text(titleKey));
  setText(byId('advice'), advice !== undefined ? text(advice) : code === undefined ? '' : sentence(code, language));
  byId('owed').hidden = owed.length === 0;
  setText(byId('owed'), owed.length === 0 ? '' : text('owedSites', owed.join(', ')));
  byId('code').hidden = code === undefined;
  if (code !== undefined) byId('code').replaceChildren(`${text('codeLabel')}: `, element('code', '', code));
  if (screen.name !== shownPicture) {
    shownPicture = screen.name;
    byId('picture').replaceChildren(...pictures[screen.name].flatMap(partsOf));
  }
  if (shownReaders !== (shownReaders = JSON.stringify(readers))) {
    byId('readers').replaceChildren(...readers.map((reader) => readerElement(reader, readers.length > 1)));
  }
  if (shownSites !== (shownSites = JSON.stringify(sites))) showSites(sites);
}

function showSites(sites: readonly string[] | undefined): void {
  // A hidden button would take the focus with it.
  if (sites === undefined && document.activeElement === forget) title.focus();
  byId('sso').hidden = sites === undefined;
  if (sites === undefined) return;
  tell('', false);
  byId('sites').className = sites.length === 0 ? 'none' : '';
  byId('sites').replaceChildren(
    ...(sites.length === 0 ? [text('sitesNone')] : sites).map((site) => element('li', '', site)),
  );
}

function readerElement({ name, note, cards }: ReaderPanel, isOneOfMany: boolean): HTMLElement {
  const panel = element('section', 'reader');
  panel.setAttribute('aria-label', `${text('readerLabel')} ${name}`);
  if (isOneOfMany && note !== undefined) panel.append(element('p', '', text(note)));
  panel.append(...cards.map(cardElement));
  panel.append(element('p', 'small reader-name', `${text('readerLabel')}: ${name}`));
  return panel;
}

function cardElement({ holder, organisation, holderId, pin }: CardPanel): HTMLElement {
  const panel = element('div', 'card');
  panel.append(element('p', 'holder', holder === '' ? text('holderUnknown') : holder));
  if (organisation !== '') panel.append(element('p', 'organisation', organisation));
  if (holderId !== '') panel.append(element('p', 'small', holderId));
  panel.append(element('p', pin.isAlarming ? 'pin alarming' : 'pin', text(pin.key, String(pin.triesLeft ?? ''))));
  return panel;
}

function failure({ code, incident }: WireError): string {
  return `${sentence(code, language)} (${code}${incident === undefined ? '' : `, ${incident}`})`;
}

function setForgetting(isNow: boolean): void {
  isForgetting = isNow;
  forget.setAttribute('aria-disabled', String(isNow));
  setText(forget, text(isNow ? 'forgetPinWaiting' : 'forgetPin'));
}

function tell(words: string, isAlarming: boolean): void {
  outcome.className = isAlarming ? 'alarming' : '';
  setText(outcome, words);
}

function partsOf(symbol: string): Node[] {
  return [...byId(symbol).children].map((part) => part.cloneNode(true));
}

function element(name: string, className: string, words?: string): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  if (words !== undefined) made.textContent = words;
  return made;
}

function setText(target: Element, words: string): void {
  if (target.textContent !== words) target.textContent = words;
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`popup.html has no #${id}`);
  return found;
}

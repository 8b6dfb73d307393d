// The page that a site's tabs show after a logout: says why, what to do next, and goes to the site's start page when the
// holder wants it or a card comes in. It knows the site and the reason, and nothing of who was logged in.
import { removedPortName, type RemovedMessage } from '../background/removed-messages.ts';
import { type MessageKey } from '../background/screen-texts.ts';
import { knownAtFirst, nextStep, parseAddress, removedViews } from './removed-view.ts';

/** Milliseconds before a lost port is opened anew, which starts the worker. */
const reconnectPause = 200;

const text = (key: MessageKey, ...substitutions: string[]): string => chrome.i18n.getMessage(key, substitutions);
const address = parseAddress(location.search);
const { origin, reason } = address ?? { origin: '', reason: 'unknown' as const };
const view = removedViews[reason];
let atFirst: readonly string[] | undefined;
let latest: RemovedMessage | undefined;
let isWished = false;

document.documentElement.lang = text('language');
document.title = address === undefined ? text(view.title) : `${text(view.title)} - ${new URL(origin).host}`;
byId('title').textContent = text(view.title);
byId('text').textContent = text(view.text, origin);
byId('text').hidden = address === undefined;
byId('advice').textContent = text(view.advice);
byId('go').textContent = text('removedGo');
byId('go').hidden = address === undefined;
const code = document.createElement('code');
code.textContent = reason;
byId('code').replaceChildren(`${text('codeLabel')}: `, code);
byId('title').focus();

byId('go').addEventListener('click', () => {
  isWished = true;
  step();
});
document.addEventListener('visibilitychange', step);
if (address !== undefined) connect();

function connect(): void {
  const port = chrome.runtime.connect({ name: removedPortName });
  port.onMessage.addListener((message: RemovedMessage) => {
    latest = message;
    atFirst ??= knownAtFirst(reason, message.cards);
    step();
  });
  port.onDisconnect.addListener(() => setTimeout(connect, reconnectPause));
}

function step(): void {
  if (latest === undefined || atFirst === undefined) return;
  const next = nextStep(latest, { atFirst, isWished, isVisible: document.visibilityState === 'visible' });
  const words = { stay: '', wait: text('removedWaiting'), go: text(isWished ? 'removedGo' : 'removedGoing') }[next];
  if (byId('outcome').textContent !== words) byId('outcome').textContent = words;
  // The start page, and not where the holder was: that may be a patient.
  if (next === 'go') location.replace(`${origin}/`);
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`removed.html has no #${id}`);
  return found;
}

// The consent window: shows who asks, who signs, and the documents as the agent holds them; sends the holder's answer. Its
// background tells it everything on one port, and the window ends with that port.
import { sentence, type ErrorCode } from '../../shared/errors.ts';
import { type SigningConsent } from '../../shared/signing.ts';
import { consentPortName, type ConsentMessage, type ConsentWish } from '../background/signing/consent-messages.ts';
import { textToBytes } from '../content/native-base64.ts';
import { type EncodedPiece } from '../page-api/sign-messages.ts';
import { buttonWords, firstToShow, formatWords, listWords, signable, warningOf } from './consent-view.ts';
import { Documents } from './documents.ts';
import { choiceWords, keyChoice } from './key-choice.ts';
import { byId, element, setText, text } from './page.ts';
import { SignGuard } from './sign-guard.ts';
import { Viewer } from './viewer.ts';
import { visibleLine } from './visible-text.ts';

const language = text('language') === 'en' ? 'en' : 'sv';
const port = chrome.runtime.connect({ name: consentPortName });
const wish = (said: ConsentWish): void => port.postMessage(said);
const sign = byId('sign');
const guard = new SignGuard({
  now: () => performance.now(),
  later: (callback, milliseconds) => void setTimeout(callback, milliseconds),
  show: (isOpen) => (sign.ariaDisabled = String(!isOpen)),
});

/** `asking`: nothing is agreed to. `signing`: the holder has said yes. `cancelling`: and has had enough. `over`: there is only something to read. */
let stage: 'asking' | 'signing' | 'cancelling' | 'over' = 'asking';
let consent: SigningConsent | undefined;
let documents: Documents | undefined;
let viewer: Viewer | undefined;
let chosen: string | undefined;
let isShown = false;

port.onMessage.addListener((message: ConsentMessage) => {
  if ('show' in message) show(message.show);
  else if ('piece' in message) take(message.piece);
  else if ('progress' in message) showProgress(message.progress);
  else if ('failed' in message) end(text('signFailedTitle'), message.failed);
  else showPartly(message.partly);
});
// The request has ended, or the extension has: there is nothing left to answer.
port.onDisconnect.addListener(() => {
  if (stage !== 'over') close();
});

document.documentElement.lang = language;
setLabels();
byId('decline').addEventListener('click', () => leave());
sign.addEventListener('click', () => {
  if (stage !== 'asking' || chosen === undefined || !guard.isOpen) return;
  stage = 'signing';
  wish({ verb: 'sign', certificate: chosen });
  showProgress(0);
});
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') leave();
});
// A click that brings the window to the front is none that agrees to what it shows.
addEventListener('focus', () => guard.disturb());
document.addEventListener('visibilitychange', () => guard.disturb());

function show(given: SigningConsent): void {
  consent = given;
  const { documents: listed } = given;
  setText(byId('origin'), given.origin);
  document.title = `${text('signTitle')} - ${given.origin}`;
  byId('format').replaceChildren(...formatWords(given).map((words) => element('li', '', text(...words))));
  const warning = warningOf(given.format);
  byId('warning').hidden = warning === undefined;
  if (warning !== undefined) setText(byId('warning'), text(warning));
  setText(sign, text(...buttonWords(listed)));
  byId('keys').append(
    ...keyChoice(given.keys, (key) => {
      chosen = key;
      changed();
    }),
  );
  setText(byId('keys-label'), text(choiceWords(given.keys)));
  documents = new Documents(listed, ({ document, offset }) => wish({ verb: 'read', document, offset }), changed);
  viewer = new Viewer(given, documents);
  showList(given);
  byId('title').focus();
  documents.start();
  void open(firstToShow(listed));
}

async function open(number: number): Promise<void> {
  byId('list')
    .querySelectorAll('button')
    .forEach((button, index) => (button.ariaCurrent = String(index === number)));
  try {
    await viewer?.show(number);
    isShown ||= consent?.documents[number]?.refused === undefined;
  } catch {
    viewer?.hide(); // it is not the document that would be signed; `changed` says so
  }
  changed();
}

function showList({ documents: listed }: SigningConsent): void {
  byId('documents').hidden = listed.length === 1;
  setText(byId('documents-label'), text(...listWords(listed)));
  byId('list').replaceChildren(
    ...listed.map(({ name, refused }, number) => {
      const entry = document.createElement('li');
      const button = element('button', 'plain entry', visibleLine(name)) as HTMLButtonElement;
      button.type = 'button';
      if (refused !== undefined) button.append(element('span', 'refused', text('signRefusedList')));
      button.addEventListener('click', () => void open(number));
      entry.append(button);
      return entry;
    }),
  );
}

/** Signing waits until every document is here, is what it should be, and one that it is for has been on the screen. */
function changed(): void {
  if (stage !== 'asking' || documents === undefined) return;
  const { states } = documents;
  const same = states.filter((state) => state === 'same').length;
  const differs = states.includes('differs');
  const isComplete = same === states.length && isShown;
  guard.isReady = isComplete && chosen !== undefined;
  byId('status').className = differs ? 'alarming' : '';
  if (differs) setText(byId('status'), text('signDiffers'));
  else if (!isComplete && states.length > 1)
    setText(byId('status'), text('signLoading', String(same), String(states.length)));
  else if (!isComplete) setText(byId('status'), text('signLoadingOne'));
  else setText(byId('status'), chosen === undefined ? text(choiceWords(consent?.keys ?? [])) : '');
}

function showProgress(done: number): void {
  if (stage !== 'signing') return;
  const of = signable(consent?.documents ?? []);
  byId('status').className = '';
  sign.hidden = true;
  setText(byId('title'), text('signWorking'));
  const bar = byId('progress') as HTMLProgressElement;
  bar.hidden = of < 2;
  bar.max = of;
  bar.value = done;
  bar.ariaLabel = text('signWorking');
  setText(byId('status'), done === 0 ? text('signPin') : text('signProgress', String(done), String(of)));
}

function showPartly(failed: readonly { document: number; code: ErrorCode; incident?: string }[]): void {
  const of = consent?.documents.length ?? 0;
  if (failed.length < of) end(text('signPartlyTitle', String(failed.length), String(of)), undefined);
  else end(text('signFailedTitle'), undefined);
  setText(byId('ending-text'), failed.length < of ? text('signPartlyText') : '');
  byId('ending-list').replaceChildren(
    ...failed.map(({ document, code, incident }) => {
      const name = visibleLine(consent?.documents[document]?.name ?? '');
      const entry = element('li', '');
      const codes = element('p', 'label', `${text('codeLabel')}: `);
      codes.append(element('code', '', incident === undefined ? code : `${code}, ${incident}`));
      entry.append(element('strong', '', name), element('p', '', sentence(code, language)), codes);
      return entry;
    }),
  );
}

/** The documents give way to what came of them. */
function end(title: string, failed: Extract<ConsentMessage, { failed: unknown }>['failed'] | undefined): void {
  stage = 'over';
  viewer?.hide();
  byId('panel').hidden = true;
  byId('document').hidden = true;
  byId('ending').hidden = false;
  sign.hidden = true;
  byId('progress').hidden = true;
  setText(byId('status'), '');
  setText(byId('title'), title);
  setText(byId('decline'), text('signClose'));
  byId('code').hidden = failed === undefined;
  if (failed !== undefined) {
    setText(byId('ending-text'), sentence(failed.code, language, failed.triesLeft));
    const { code, incident } = failed;
    const words = incident === undefined ? code : `${code}, ${incident}`;
    byId('code').replaceChildren(`${text('codeLabel')}: `, element('code', '', words));
  }
  byId('title').focus();
}

/** While signatures are made the window stays to say which of them were, unless it is told again to go. */
function leave(): void {
  if (stage === 'signing') {
    stage = 'cancelling';
    wish({ verb: 'cancel' });
    setText(byId('status'), text('signCancelling'));
    setText(byId('decline'), text('signClose'));
    return;
  }
  if (stage === 'asking') wish({ verb: 'decline' });
  close();
}

function take({ document, offset, data }: EncodedPiece): void {
  documents?.take(document, offset, textToBytes(data));
}

function setLabels(): void {
  const labels = {
    title: 'signTitle',
    'from-label': 'signFrom',
    'format-label': 'signHow',
    'type-label': 'signType',
    'size-label': 'signSize',
    'fingerprint-label': 'signFingerprint',
    previous: 'signPrevious',
    next: 'signNext',
    smaller: 'signSmaller',
    larger: 'signLarger',
    save: 'signSave',
    decline: 'signDecline',
    status: 'signLoadingOne',
  } as const;
  for (const [id, key] of Object.entries(labels)) setText(byId(id), text(key));
  byId('tools').ariaLabel = text('signTools');
  byId('document').ariaLabel = text('signDocument');
}

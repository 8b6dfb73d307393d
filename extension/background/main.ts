// The service worker: wires the browser's events to the parts. Every listener is registered before the first await, so
// that a worker that Chromium starts for an event gets that event; what must outlive it is in chrome.storage.
import * as z from 'zod';
import { type AgentMessage } from '../../shared/messages.ts';
import { nativeHostName } from '../../shared/names.ts';
import { pagePortName, windowPortName } from '../page-api/page-messages.ts';
import { settleWith } from './agent-answers.ts';
import { AgentConnection, type Reach } from './agent-connection.ts';
import { loadLedger, saveLedger } from './ledger-store.ts';
import { type Logouts } from './logout/logouts.ts';
import { profileId } from './logout/memory-store.ts';
import { OpenedWindows } from './logout/opened-windows.ts';
import { startLogouts } from './logout/wiring.ts';
import { Pages } from './pages.ts';
import { PendingRequests } from './pending.ts';
import { popupPortName, type View } from './popup-messages.ts';
import { Popups } from './popup-port.ts';
import {
  afterAnswer,
  afterEvent,
  afterLogout,
  afterSnapshot,
  emptyLedger,
  type Ledger,
  type Notice,
} from './presence.ts';
import { removedPortName } from './removed-messages.ts';
import { RemovedPages, removedOrigin } from './removed-port.ts';
import { screenOf } from './screen.ts';
import { ConsentDesk } from './signing/consent-desk.ts';
import { consentPortName } from './signing/consent-messages.ts';
import { closeLeftConsents, consentTicket, consentWindows } from './signing/consent-windows.ts';
import { Signings } from './signing/signings.ts';
import { isPopup } from './sender.ts';
import { toolbar } from './toolbar.ts';

// Without this zod tries `new Function`, which the content security policy refuses with a message in the console.
z.config({ jitless: true });

const showInToolbar = toolbar();
let ledger: Ledger = emptyLedger;
let view: View = { reach: { state: 'connecting' }, pulled: false };
let profile: string | undefined;
let logouts: Logouts | undefined;

const later = (callback: () => void, milliseconds: number): (() => void) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};
const language = (): 'sv' | 'en' => (chrome.i18n.getMessage('language') === 'en' ? 'en' : 'sv');

const pending = new PendingRequests({
  post: (message) => connection.send(message),
  newId: () => crypto.randomUUID(),
  later,
});

const connection = new AgentConnection(
  { profile: () => profile, connect: connectHost, now: () => Date.now(), later },
  {
    message: (message) => {
      if (message.type === 'response' || message.type === 'error') {
        answered(message);
        return;
      }
      if (message.type === 'visits') {
        logouts?.receive(message);
        return;
      }
      if (message.type === 'signing' || message.type === 'document-taken' || message.type === 'data') {
        signings.fromAgent(message);
        return;
      }
      const { sequence, state } = message;
      const { ledger: next, notices } =
        message.type === 'snapshot' ? afterSnapshot(ledger, sequence, state) : afterEvent(ledger, message);
      changed(next, notices);
      show({ ...view, state, pulled: next.pulled });
    },
    reach: (reach) => {
      if (reach.state === 'connected') pending.connected();
      show(withReach(reach));
    },
    lost: (code) => pending.lost(code),
  },
);

const consentDesk = new ConsentDesk(consentWindows);
const signings = new Signings({
  desk: consentDesk,
  send: (message) => connection.send(message),
  giveUp: (id, code) => pending.giveUp(id, code),
  distrust: () => connection.distrust(),
});
const pages = new Pages({
  extensionId: chrome.runtime.id,
  extensionVersion: chrome.runtime.getManifest().version,
  language,
  now: () => Date.now(),
  later,
  pending,
  signings,
  wanted: openWhenReady,
  ledger: () => ledger,
  toldOfCard: (origin) => changed(afterAnswer(ledger, origin), []),
});
const popups = new Popups({ language, pending, wanted: openWhenReady, view: () => view });
const removedPages = new RemovedPages({
  view: () => view,
  standing: (origin) => logouts?.standing(origin) ?? { isDenied: true, isOwed: true },
});

const openedWindows = new OpenedWindows();

const ready = start();

async function start(): Promise<void> {
  void closeLeftConsents();
  [ledger, profile, logouts] = await Promise.all([
    loadLedger(),
    profileId(),
    startLogouts({
      send: (message) => connection.send(message),
      farewell: async ({ visit, origin, reason }) => {
        const { ledger: next, notice } = afterLogout(ledger, visit, origin, reason);
        ledger = next;
        // Told before anything is waited for: a later notice must not come first, it would be taken for the last.
        const told = pages.farewell(notice);
        await Promise.all([saveLedger(next), told]);
      },
      opened: openedWindows,
      later,
      changed: () => show({ ...view, owed: logouts?.owedOrigins ?? [] }),
    }),
  ]);
  show({ ...view, pulled: ledger.pulled });
  connection.open();
}

chrome.runtime.onConnect.addListener((port) => {
  const post = (message: unknown): void => {
    try {
      port.postMessage(message);
    } catch {
      // the other end has just gone; onDisconnect follows
    }
  };
  if (port.name === pagePortName) {
    attach(port, pages.connected({ sender: port.sender, post, close: () => port.disconnect() }));
  } else if (port.name === windowPortName) {
    attach(port, openedWindows.connected(port.sender, chrome.runtime.id));
  } else if (port.name === popupPortName && isPopup(port.sender, chrome.runtime.id, chrome.runtime.getURL('popup/'))) {
    attach(port, popups.connected(post));
  } else if (port.name === consentPortName) {
    const ticket = consentTicket(port.sender, chrome.runtime.id);
    const end = ticket === undefined ? undefined : consentDesk.connected(ticket, post);
    if (end === undefined) port.disconnect();
    else attach(port, end);
  } else {
    const origin = removedOrigin(port.sender, chrome.runtime.id, chrome.runtime.getURL('removed/removed.html'));
    if (port.name === removedPortName && origin !== undefined) attach(port, removedPages.connected(origin, post));
    else port.disconnect();
  }
});

chrome.windows.onRemoved.addListener((windowId) => consentDesk.windowClosed(windowId));

// Registered so that the browser starts the worker, and with it the connection, without a page asking.
chrome.runtime.onStartup.addListener(() => undefined);
chrome.runtime.onInstalled.addListener(() => undefined);

function attach(port: chrome.runtime.Port, end: { receive(message: unknown): void; gone(): void }): void {
  port.onMessage.addListener((message) => void ready.then(() => end.receive(message)));
  port.onDisconnect.addListener(() => {
    lastError(); // read: a page that went into the back/forward cache is no error
    void ready.then(() => end.gone());
  });
}

function connectHost(receive: (message: unknown) => void, disconnected: (lastError?: string) => void) {
  const port = chrome.runtime.connectNative(nativeHostName);
  port.onMessage.addListener(receive);
  port.onDisconnect.addListener(() => disconnected(lastError()));
  return {
    post: (message: object) => {
      try {
        port.postMessage(message);
      } catch {
        // the host has just ended; onDisconnect follows
      }
    },
    close: () => port.disconnect(),
  };
}

/** A login waits for the guard of its visit; anything else is handed on at once. */
function answered(message: Extract<AgentMessage, { type: 'response' | 'error' }>): void {
  const question = pending.question(message.id);
  if (message.type === 'error' || question?.verb !== 'authenticate') {
    settle(message);
    return;
  }
  logouts?.inPlace(question.caller.origin).then(
    () => settle(message),
    () => pending.settle(message.id, { error: { code: 'ERR_AGENT_INTERNAL' } }),
  );
}

function settle(message: Extract<AgentMessage, { type: 'response' | 'error' }>): void {
  try {
    if (message.type === 'response' && !signings.mayEnd(message.id))
      throw new Error('signatures have not been fetched');
    settleWith(pending, message);
  } catch {
    connection.distrust();
  }
}

function openWhenReady(): void {
  void ready.then(() => connection.open());
}

/** Chromium writes an error that nobody reads into the console. */
function lastError(): string | undefined {
  return chrome.runtime.lastError?.message;
}

function changed(next: Ledger, notices: readonly Notice[]): void {
  if (next === ledger) return;
  ledger = next;
  void saveLedger(next);
  pages.notify(notices);
}

function withReach(reach: Reach): View {
  if (reach.state !== 'gone') return { ...view, reach };
  const { pulled, owed } = view;
  return owed === undefined ? { reach, pulled } : { reach, pulled, owed };
}

function show(next: View): void {
  view = next;
  popups.show(view);
  removedPages.show();
  showInToolbar(screenOf(view));
}

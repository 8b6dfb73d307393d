// The service worker: wires the browser's events to the parts. Every listener is registered before the first await, so
// that a worker that Chromium starts for an event gets that event; what must outlive it is in chrome.storage.session.
import * as z from 'zod';
import { nativeHostName } from '../../shared/names.ts';
import { pagePortName } from '../page-api/page-messages.ts';
import { settleWith } from './agent-answers.ts';
import { AgentConnection, type Reach } from './agent-connection.ts';
import { loadLedger, saveLedger } from './ledger-store.ts';
import { Pages } from './pages.ts';
import { PendingRequests } from './pending.ts';
import { popupPortName, type View } from './popup-messages.ts';
import { Popups } from './popup-port.ts';
import { afterAnswer, afterEvent, afterSnapshot, emptyLedger, type Ledger, type Notice } from './presence.ts';
import { screenOf } from './screen.ts';
import { isPopup } from './sender.ts';
import { toolbar } from './toolbar.ts';

// Without this zod tries `new Function`, which the content security policy refuses with a message in the console.
z.config({ jitless: true });

const showInToolbar = toolbar();
let ledger: Ledger = emptyLedger;
let view: View = { reach: { state: 'connecting' }, pulled: false };

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
  { connect: connectHost, now: () => Date.now(), later },
  {
    message: (message) => {
      if (message.type === 'response' || message.type === 'error') {
        try {
          settleWith(pending, message);
        } catch {
          connection.distrust();
        }
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

const pages = new Pages({
  extensionId: chrome.runtime.id,
  extensionVersion: chrome.runtime.getManifest().version,
  language,
  now: () => Date.now(),
  pending,
  wanted: () => connection.open(),
  ledger: () => ledger,
  toldOfCard: (origin) => changed(afterAnswer(ledger, origin), []),
});
const popups = new Popups({ language, pending, wanted: () => connection.open(), view: () => view });

const ready = loadLedger().then((stored) => {
  ledger = stored;
  show({ ...view, pulled: ledger.pulled });
  connection.open();
});

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
  } else if (port.name === popupPortName && isPopup(port.sender, chrome.runtime.id, chrome.runtime.getURL('popup/'))) {
    attach(port, popups.connected(post));
  } else {
    port.disconnect();
  }
});

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

/** Chromium writes an error that nobody reads into the console. */
function lastError(): string | undefined {
  return chrome.runtime.lastError?.message;
}

function changed(next: Ledger, notices: readonly Notice[]): void {
  if (next === ledger) return;
  ledger = next;
  saveLedger(next);
  pages.notify(notices);
}

function withReach(reach: Reach): View {
  return reach.state === 'gone' ? { reach, pulled: view.pulled } : { ...view, reach };
}

function show(next: View): void {
  view = next;
  popups.show(view);
  showInToolbar(screenOf(view));
}

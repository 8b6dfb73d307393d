// Content script, isolated world, document_start: waits for the page script's first use and does nothing before. In a window that a
// site has opened at no address of its own it makes the window known, and nobody can ask anything.
import { connectEventName, pagePortName, type PageAnswer, windowPortName } from '../page-api/page-messages.ts';
import { isOpenedWindow, keepKnown } from './opened-window.ts';
import { PageBridge, type BackgroundPort, type PageChannel } from './page-bridge.ts';

/** A page needs one channel; a script that offers more than a few is broken or hostile. */
const maximumChannels = 8;
let channels = 0;
let bridge: PageBridge | undefined;

// That a message finds somebody tells the background that this tab holds a document, and not an error page.
chrome.runtime.onMessage.addListener(() => undefined);

if (isOpenedWindow(location.protocol)) {
  const known = (): void => keepKnown({ connect: connectWindow, later });
  known();
  // Chromium has closed the port of a document that comes back from the back/forward cache.
  addEventListener('pageshow', ({ persisted }) => persisted && known());
} else {
  addEventListener(connectEventName, offered, true);
}

/** A script of the page offers a channel. */
function offered(event: Event): void {
  const port = event instanceof MessageEvent ? event.ports[0] : undefined;
  if (port === undefined || ++channels > maximumChannels) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  bridge ??= openBridge();
  const channel: PageChannel = {
    post: (said) => port.postMessage(said, typeof said === 'string' ? [] : [said.bytes.buffer]),
  };
  port.onmessage = ({ data }: MessageEvent<unknown>) => bridge?.receive(data, channel);
}

function openBridge(): PageBridge {
  const made = new PageBridge({
    connect,
    sentence: (code) => {
      try {
        return chrome.i18n.getMessage(code) || code;
      } catch {
        return code; // the extension was reloaded or removed under this page
      }
    },
    later,
    prerendering: () => 'prerendering' in document && document.prerendering === true,
  });
  addEventListener('pagehide', () => made.leave());
  addEventListener('pageshow', ({ persisted }) => persisted && made.listen());
  document.addEventListener('prerenderingchange', () => made.listen());
  return made;
}

function connect(receive: (answer: PageAnswer) => void, lost: (reason?: string) => void): BackgroundPort {
  const port = chrome.runtime.connect({ name: pagePortName });
  port.onMessage.addListener(receive);
  port.onDisconnect.addListener(() => {
    lost(chrome.runtime.lastError?.message);
  });
  return { post: (message) => port.postMessage(message), close: () => port.disconnect() };
}

function connectWindow(lost: (reason?: string) => void): void {
  chrome.runtime.connect({ name: windowPortName }).onDisconnect.addListener(() => {
    lost(chrome.runtime.lastError?.message); // read, or Chromium writes it into the console
  });
}

function later(callback: () => void, milliseconds: number): void {
  setTimeout(callback, milliseconds);
}

// Who asks: decided from what the browser says of a port's other end (chrome.runtime.MessageSender), never from a message.
import { type ErrorCode } from '../../shared/errors.ts';
import { isSecureOrigin } from '../../shared/origin.ts';

/** The fields of chrome.runtime.MessageSender that count. */
export interface Sender {
  id?: string;
  origin?: string;
  url?: string;
  frameId?: number;
  documentId?: string;
  documentLifecycle?: string;
  tab?: { windowId?: number };
}

/** A document that may ask. http://localhost passes here; whether it may use the card is the agent's policy. */
export interface Asker {
  origin: string;
  documentId: string;
}

/** The document behind a page's port, or why it is refused. */
export function whoAsks(sender: Sender | undefined, extensionId: string): Asker | { refused: ErrorCode } {
  if (sender?.id !== extensionId || sender.tab === undefined) return { refused: 'ERR_REQUEST_ORIGIN' };
  const { origin, documentId, frameId, documentLifecycle } = sender;
  if (origin === undefined || documentId === undefined || !isSecureOrigin(origin, true)) {
    return { refused: 'ERR_REQUEST_ORIGIN' };
  }
  if (frameId !== 0 || documentLifecycle !== 'active') return { refused: 'ERR_REQUEST_FRAME' };
  return { origin, documentId };
}

/** Whether a port comes from our own popup: the only place that may ask in the holder's name. A tab is no popup. */
export function isPopup(sender: Sender | undefined, extensionId: string, popupUrl: string): boolean {
  return sender?.id === extensionId && sender.tab === undefined && sender.url?.startsWith(popupUrl) === true;
}

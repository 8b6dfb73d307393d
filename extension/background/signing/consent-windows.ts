// The consent window as the browser shows it: a window of its own over the one that the page is in, in front, with the focus.
import { type Sender } from '../sender.ts';
import { type WindowSurroundings } from './consent-desk.ts';

const page = 'consent/consent.html';

/** Pixels: a page of A4 is read at its natural width beside the panel; smaller where the browser's window is. */
const [width, height] = [1_080, 860];
const [smallestWidth, smallestHeight] = [480, 480];

export const consentWindows: WindowSurroundings = {
  newTicket: () => crypto.randomUUID(),
  open: async (ticket, before) => {
    const url = `${chrome.runtime.getURL(page)}?${ticket}`;
    const place = before === undefined ? undefined : await chrome.windows.get(before).then(placeOver, () => undefined);
    const window = { url, type: 'popup', focused: true } as const;
    const opened = await chrome.windows
      .create({ ...window, ...(place ?? { width, height }) })
      // A place that is not on any screen is refused.
      .catch(() => chrome.windows.create({ ...window, width, height }));
    if (opened?.id === undefined) throw new Error('the browser has opened no window');
    return opened.id;
  },
  close: (windowId) => void chrome.windows.remove(windowId).catch(() => undefined), // closed already
};

/** Closes the windows that a worker before this one has left: what they asked for has ended with it. */
export async function closeLeftConsents(): Promise<void> {
  const left = await chrome.tabs.query({ url: `${chrome.runtime.getURL(page)}*` }).catch(() => []);
  for (const { windowId } of left) consentWindows.close(windowId);
}

type Bounds = Pick<chrome.windows.Window, 'left' | 'top' | 'width' | 'height'>;

/** In the middle of the browser's window, within it as far as it is large enough. */
export function placeOver(browser: Bounds): Required<Bounds> | undefined {
  const { left, top, width: outerWidth, height: outerHeight } = browser;
  if (left === undefined || top === undefined || outerWidth === undefined || outerHeight === undefined)
    return undefined;
  const own = {
    width: Math.max(smallestWidth, Math.min(width, outerWidth)),
    height: Math.max(smallestHeight, Math.min(height, outerHeight)),
  };
  return {
    ...own,
    left: Math.round(left + (outerWidth - own.width) / 2),
    top: Math.round(top + (outerHeight - own.height) / 2),
  };
}

/** The ticket in the address of a consent window; undefined for anybody else's port. */
export function consentTicket(sender: Sender | undefined, extensionId: string): string | undefined {
  const address = `chrome-extension://${extensionId}/${page}?`;
  if (sender?.id !== extensionId || sender.url?.startsWith(address) !== true) return undefined;
  return sender.url.slice(address.length);
}

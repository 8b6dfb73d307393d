// The tabs of one origin, those of windows that it has opened without an address included. A tab is discarded first: that ends
// its document whatever the document does (an endless loop, an open alert, a question before leaving), which an update or removal
// alone waits for.
import { type LogoutReason } from '../../../shared/logout.ts';
import { secureOriginOf } from '../../../shared/origin.ts';
import { type OpenedWindows } from './opened-windows.ts';

type Tab = chrome.tabs.Tab;

/** How long a document that may be frozen is waited for, in milliseconds. */
const silence = 500;

/** How often documents of the origin are ended: one may open another before its end. */
const rounds = 5;

/** How often tabs are looked at after a block, and with which pause in milliseconds. */
const looks = 12;
const pauseBetweenLooks = 250;

/** Whether a tab shows the origin, or is on its way there. */
export function isOf({ url = '', pendingUrl = '' }: Pick<Tab, 'url' | 'pendingUrl'>, origin: string): boolean {
  return originOf(url) === origin || originOf(pendingUrl) === origin;
}

/** Those that close, and those that stay because their window would close with them: of a window's tabs the active one. */
export function withoutLast(all: readonly Tab[], leaving: readonly Tab[]): { closing: Tab[]; staying: Tab[] } {
  const ids = new Set(leaving.map(({ id }) => id));
  const kept = new Set(all.filter(({ id }) => !ids.has(id)).map(({ windowId }) => windowId));
  const staying = new Map<number, Tab>();
  for (const tab of leaving) {
    if (!kept.has(tab.windowId) && (tab.active || !staying.has(tab.windowId))) staying.set(tab.windowId, tab);
  }
  const stays = new Set(staying.values());
  return { closing: leaving.filter((tab) => !stays.has(tab)), staying: [...stays] };
}

/** Ends every document of the origin that a tab shows, in a frame of another site too. */
export async function discardTabs(origin: string, opened: OpenedWindows): Promise<void> {
  await Promise.all([discardOwn(origin, opened), reloadFraming(origin, opened)]);
}

async function discardOwn(origin: string, opened: OpenedWindows): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const awake = (await tabsOf(origin, opened)).filter((tab) => !tab.discarded);
    if (awake.length === 0) return;
    await Promise.all(awake.map((tab) => discarded(tab, opened)));
  }
}

/** Shows `page`, or our own page where there is none, in every tab of the origin. Other sites' frames of it are loaded anew. */
export async function navigateTabs(
  origin: string,
  reason: LogoutReason,
  page: string | undefined,
  opened: OpenedWindows,
): Promise<void> {
  const tabs = await tabsOf(origin, opened);
  const shown = tabs.map((tab) => navigate(tab, addressFor(origin, reason, page, tab), opened));
  await Promise.all([...shown, reloadFraming(origin, opened)]);
}

/** Closes every tab of the origin but a window's last one, which is shown our own page. */
export async function closeTabs(origin: string, reason: LogoutReason, opened: OpenedWindows): Promise<void> {
  const { closing, staying } = withoutLast(await chrome.tabs.query({}), await tabsOf(origin, opened));
  await Promise.all([
    reloadFraming(origin, opened),
    ...staying.map((tab) => navigate(tab, addressFor(origin, reason, undefined, tab), opened)),
    ...closing.map(async (tab) => {
      const id = await discarded(tab, opened);
      opened.left(id);
      await chrome.tabs.remove(id).catch(() => undefined);
    }),
  ]);
}

/**
 * Loads the tabs of the origin anew that show an error page: those in which no content script listens. One that was on its
 * way may have met the block while it stood, and shows nothing of it for a moment: so the tabs are looked at for a while.
 */
export async function reloadBlocked(origin: string): Promise<void> {
  const seen = new Set<number | undefined>();
  for (let look = 0; look < looks; look++) {
    const arrived = (await chrome.tabs.query({}))
      .filter((tab) => isOf(tab, origin))
      .filter((tab) => hasArrived(tab) && !seen.has(tab.id));
    for (const { id } of arrived) seen.add(id);
    await Promise.all(arrived.map(reloadIfBlocked));
    await new Promise((resolve) => setTimeout(resolve, pauseBetweenLooks));
  }
}

async function reloadIfBlocked({ id = chrome.tabs.TAB_ID_NONE, discarded: isAsleep }: Tab): Promise<void> {
  if (!isAsleep && !(await hasDocument(id))) await chrome.tabs.reload(id).catch(() => undefined);
}

/** One that sleeps loads when it is looked at. */
function hasArrived({ status, pendingUrl, discarded: isAsleep }: Tab): boolean {
  return isAsleep || (status === 'complete' && pendingUrl === undefined);
}

/** The address of our own page; it names the site and the reason, and nothing of the visitor. */
export function removedPage(origin: string, reason: LogoutReason): string {
  return chrome.runtime.getURL(`removed/removed.html?${new URLSearchParams({ origin, reason }).toString()}`);
}

async function tabsOf(origin: string, opened: OpenedWindows): Promise<Tab[]> {
  return (await chrome.tabs.query({})).filter((tab) => isOf(tab, origin) || isOpenedBy(tab, origin, opened));
}

/** Addresses that are no site's are not told to extensions. */
function isOpenedBy({ id, url = '' }: Tab, origin: string, opened: OpenedWindows): boolean {
  return url === '' && opened.originOf(id) === origin;
}

/** Loads the tabs of other sites anew that have a frame of the origin: the frame's document ends, whatever it or its page does. */
async function reloadFraming(origin: string, opened: OpenedWindows): Promise<void> {
  const ours = new Set((await tabsOf(origin, opened)).map(({ id }) => id));
  const others = (await chrome.tabs.query({})).filter((tab) => !ours.has(tab.id) && !tab.discarded);
  await Promise.all(
    others.map(async (tab) => {
      const { id: tabId = chrome.tabs.TAB_ID_NONE } = tab;
      const frames = await chrome.webNavigation.getAllFrames({ tabId }).catch(() => undefined);
      if (!frames?.some(({ url }) => originOf(url) === origin)) return;
      const id = await discarded(tab, opened);
      opened.left(id);
      await chrome.tabs.reload(id).catch(() => undefined);
    }),
  );
}

/** The tab's id afterwards: it may be a new one. A tab that cannot be discarded keeps its id. */
async function discarded(
  { id = chrome.tabs.TAB_ID_NONE, discarded: isAsleep }: Tab,
  opened: OpenedWindows,
): Promise<number> {
  if (isAsleep) return id;
  const origin = opened.originOf(id);
  const { id: now = id } = (await chrome.tabs.discard(id).catch(() => undefined)) ?? {};
  if (origin !== undefined) opened.ended(now, origin);
  return now;
}

async function navigate(tab: Tab, url: string, opened: OpenedWindows): Promise<void> {
  const id = await discarded(tab, opened);
  opened.left(id);
  await chrome.tabs.update(id, { url }).catch(() => undefined);
}

/** Extension pages cannot be shown in an incognito window. */
function addressFor(origin: string, reason: LogoutReason, page: string | undefined, { incognito }: Tab): string {
  if (page !== undefined && secureOriginOf(page, true) !== undefined) return page;
  return incognito ? 'about:blank' : removedPage(origin, reason);
}

async function hasDocument(id: number): Promise<boolean> {
  const answer = chrome.tabs.sendMessage(id, null).then(
    () => true,
    () => false,
  );
  return Promise.race([answer, new Promise<true>((resolve) => setTimeout(() => resolve(true), silence))]);
}

function originOf(address: string): string | undefined {
  try {
    return new URL(address.replace(/^view-source:/, '')).origin;
  } catch {
    return undefined;
  }
}

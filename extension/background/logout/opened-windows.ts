// The windows that sites have opened at about:blank or blob: (a print preview). Their tabs' addresses are not told, and openers
// are forgotten, or are those of tabs that a person has opened beside; but each keeps a port, and the browser says whose it is.
import { isSecureOrigin } from '../../../shared/origin.ts';
import { type Sender } from '../sender.ts';

/** A window's port as its browser describes it. */
export type WindowSender = Omit<Sender, 'tab'> & { tab?: { id?: number | undefined } };

export class OpenedWindows {
  /** By port: the document that lives now. */
  readonly #open = new Map<object, { tab: number; origin: string }>();
  /** By tab: whose document was there until we ended it. */
  readonly #ended = new Map<number, string>();

  /** A new window, which says nothing. @returns what to do at its end */
  connected(sender: WindowSender | undefined, extensionId: string): { receive(): void; gone(): void } {
    const { id, origin = '', tab, frameId } = sender ?? {};
    const port = {};
    if (id === extensionId && tab?.id !== undefined && frameId === 0 && isSecureOrigin(origin, true)) {
      this.#open.set(port, { tab: tab.id, origin });
    }
    return { receive: () => undefined, gone: () => void this.#open.delete(port) };
  }

  /** The origin of the document that a tab shows without an address, or has shown until we ended it. */
  originOf(tab: number | undefined): string | undefined {
    const open = [...this.#open.values()].find((one) => one.tab === tab);
    return open?.origin ?? (tab === undefined ? undefined : this.#ended.get(tab));
  }

  /** The document of `origin` is ended, and its tab, which has this id now, shows nothing. */
  ended(tab: number, origin: string): void {
    this.#ended.set(tab, origin);
  }

  /** That tab shows something else, or is closed. */
  left(tab: number): void {
    this.#ended.delete(tab);
  }
}

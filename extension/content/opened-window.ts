// A window that a site has opened at about:blank or blob: is the site's document, but its tab does not tell the extension so.
// It keeps a port to the background, whose other end the browser names; through the worker's death, too.

/** What the window needs of the browser. `connect` throws when the extension was reloaded or removed under it. */
export interface WindowSurroundings {
  connect(lost: (reason?: string) => void): void;
  later(callback: () => void, milliseconds: number): void;
}

const reconnectPause = 100;

/** Whether a document at this address (`location.protocol`) has the origin of whoever opened it. */
export function isOpenedWindow(protocol: string): boolean {
  return protocol !== 'https:' && protocol !== 'http:';
}

/** Keeps the background knowing this document. */
export function keepKnown(surroundings: WindowSurroundings): void {
  const again = (): void => surroundings.later(() => keepKnown(surroundings), reconnectPause);
  try {
    surroundings.connect(again);
  } catch {
    // nobody is there any more who would want to know
  }
}

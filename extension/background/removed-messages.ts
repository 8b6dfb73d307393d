// What the page that tabs show after a logout and the background say to each other.

/** The chrome.runtime port between them. */
export const removedPortName = 'removed';

/** Background to page, at once and whenever it changes. */
export interface RemovedMessage {
  /** The keys of the cards that are in: a card that comes in again has another one. */
  cards: string[];
  /** Requests to the page's origin are blocked. */
  isDenied: boolean;
  /** Somebody is, or may be, still logged in at that origin. */
  isOwed: boolean;
}

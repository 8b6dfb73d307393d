// What the page says after a logout, and when it goes on by itself. Pure.
import { logoutReasons, type LogoutReason } from '../../shared/logout.ts';
import { isSecureOrigin } from '../../shared/origin.ts';
import { type RemovedMessage } from '../background/removed-messages.ts';
import { type MessageKey } from '../background/screen-texts.ts';

/** Keys of _locales; `text` is about the origin. */
export interface RemovedView {
  title: MessageKey;
  text: MessageKey;
  advice: MessageKey;
}

export const removedViews: Readonly<Record<LogoutReason, RemovedView>> = {
  'card-removed': { title: 'removedCardRemoved', text: 'removedYou', advice: 'removedInsert' },
  'card-exchanged': { title: 'removedCardExchanged', text: 'removedOther', advice: 'removedUseCard' },
  'reader-gone': { title: 'removedReaderGone', text: 'removedYou', advice: 'removedConnectReader' },
  'service-gone': { title: 'removedServiceGone', text: 'removedYou', advice: 'removedServiceAdvice' },
  'session-gone': { title: 'removedSessionGone', text: 'removedYou', advice: 'removedLogInAgain' },
  'another-holder': { title: 'removedAnotherHolder', text: 'removedOther', advice: 'removedUseCard' },
  unknown: { title: 'removedUnknown', text: 'removedYou', advice: 'removedUnknownAdvice' },
};

/** What the page's own address says; undefined for an address that the extension has not made. */
export function parseAddress(search: string): { origin: string; reason: LogoutReason } | undefined {
  const fields = new URLSearchParams(search);
  const origin = fields.get('origin') ?? '';
  const reason = logoutReasons.find((known) => known === fields.get('reason'));
  return reason === undefined || !isSecureOrigin(origin, true) ? undefined : { origin, reason };
}

/**
 * The cards that are no reason to go on, of those that are in when the page is opened: the page is there to be read. After a
 * removal there is none: a card that is in by then has been put back.
 */
export function knownAtFirst(reason: LogoutReason, cards: readonly string[]): readonly string[] {
  return reason === 'card-removed' ? [] : cards;
}

/**
 * What to do now. `atFirst`: the cards that are no reason to go (`knownAtFirst`). `isWished`: the holder has pressed the button. A page that nobody sees waits until somebody does.
 */
export function nextStep(
  { cards, isDenied, isOwed }: RemovedMessage,
  { atFirst, isWished, isVisible }: { atFirst: readonly string[]; isWished: boolean; isVisible: boolean },
): 'stay' | 'wait' | 'go' {
  if (isWished) return isDenied ? 'wait' : 'go';
  const hasCome = cards.some((key) => !atFirst.includes(key));
  if (!hasCome || !isVisible) return 'stay';
  return isDenied || isOwed ? 'wait' : 'go';
}

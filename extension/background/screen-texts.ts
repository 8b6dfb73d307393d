// The title of each state, as a key of _locales: the popup's heading and the toolbar icon's words.
import type swedish from '../_locales/sv/messages.json';
import { type Screen } from './screen.ts';

/** A key of _locales. */
export type MessageKey = keyof typeof swedish;

export const screenTitles: Readonly<Record<Screen['name'], MessageKey>> = {
  connecting: 'connectingTitle',
  'not-running': 'notRunningTitle',
  'service-stopped': 'serviceStoppedTitle',
  suspended: 'suspendedTitle',
  'no-reader': 'noReaderTitle',
  'no-card': 'noCardTitle',
  pulled: 'pulledTitle',
  reading: 'readingTitle',
  unsupported: 'unsupportedTitle',
  'card-in': 'cardInTitle',
  'in-use': 'inUseTitle',
  locked: 'lockedTitle',
};

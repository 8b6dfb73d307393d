// The picture of each state, from the symbols in popup.html, back to front.
import { type Screen } from '../background/screen.ts';

export const pictures: Readonly<Record<Screen['name'], readonly string[]>> = {
  connecting: ['reader', 'dots'],
  'not-running': ['monitor', 'warning'],
  'service-stopped': ['card-outline', 'reader', 'warning'],
  suspended: ['monitor', 'padlock'],
  'no-reader': ['card-outline', 'reader-missing'],
  'no-card': ['card-outline', 'reader', 'arrow-down'],
  pulled: ['card', 'reader', 'arrow-up'],
  reading: ['card-inside', 'reader', 'dots'],
  unsupported: ['card-inside', 'reader', 'warning'],
  'card-in': ['card-inside', 'reader'],
  'in-use': ['card-inside', 'reader', 'check'],
  locked: ['card-inside', 'reader', 'padlock'],
};

// Which icon stands for which state. Pure.
import { type IconState } from '../icons/icon-shapes.ts';
import { type Screen } from './screen.ts';

/** While something is being found out, the toolbar shows no card rather than a passing alarm. */
export const iconStates: Readonly<Record<Screen['name'], IconState>> = {
  connecting: 'no-card',
  'not-running': 'problem',
  'service-stopped': 'problem',
  suspended: 'no-card',
  'no-reader': 'no-reader',
  'no-card': 'no-card',
  pulled: 'no-card',
  reading: 'no-card',
  unsupported: 'problem',
  'card-in': 'card-in',
  'in-use': 'in-use',
  locked: 'locked',
};

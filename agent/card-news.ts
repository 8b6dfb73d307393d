// What is written down and announced when something happens to a card.
import { type AuditEvent } from './audit/audit-event.ts';
import { type Announcer } from './announcer.ts';
import { type CardChange } from './cards/card-table.ts';
import { type Visitors } from './pin/visitors.ts';

/** Causes of a card's leaving that pages are told as its removal; the others only suspend PIN-SSO. */
const removals: readonly string[] = ['card', 'replaced', 'mute'];

/** Reports one change. */
export function reportCard(
  change: CardChange,
  announcer: Announcer,
  visitors: Visitors,
  audit: (event: AuditEvent) => void,
): void {
  const { kind } = change;
  if (kind === 'came') audit({ event: 'card-inserted', reader: change.reader });
  if (kind === 'service') audit({ event: 'service', state: change.running ? 'running' : 'stopped' });
  if (kind === 'unreadable') {
    const { reader, code, native } = change;
    audit({ event: 'card-unreadable', reader, code, ...(native === undefined ? {} : { native }) });
  }
  if (kind === 'bound') {
    const { reader, tokens, milliseconds } = change;
    audit({ event: 'card-bound', reader, tokens: tokens.length, milliseconds });
    if (!change.again) {
      announcer.announce('card-inserted', visitors.sites);
      return;
    }
  }
  if (kind === 'left') {
    audit({ event: 'card-removed', reader: change.reader });
    if (removals.includes(change.cause)) {
      announcer.announce('card-removed', visitors.sites);
      return;
    }
  }
  announcer.announce('changed', []);
}

// What is written down and announced when something happens to a card.
import { type AuditEvent } from './audit/audit-event.ts';
import { type Announcer } from './announcer.ts';
import { type CardChange, type CardTable } from './cards/card-table.ts';
import { type Visitors } from './pin/visitors.ts';

/** Causes of a card's leaving that pages are told as its removal; the others only suspend PIN-SSO. */
const removals: readonly string[] = ['card', 'replaced', 'mute'];

/** Reports one change. Only the sites that the card's own holder has let in are told that it came or left. */
export function reportCard(
  change: CardChange,
  cards: Pick<CardTable, 'isEmpty'>,
  announcer: Pick<Announcer, 'announce'>,
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
    const fingerprints = tokens.map(({ fingerprint }) => fingerprint);
    const news = visitors.cardRead(reader, fingerprints);
    if (news === 'exchanged') announcer.announce('card-removed', visitors.sites);
    if (news === 'back' || !change.again) {
      announcer.announce('card-inserted', news === 'back' ? visitors.sites : []);
      return;
    }
  }
  if (kind === 'left') {
    audit({ event: 'card-removed', reader: change.reader, cause: change.cause });
    if (removals.includes(change.cause)) {
      announcer.announce('card-removed', visitors.cardPulled(change.reader));
      return;
    }
  }
  // Reader, service or session were away, and are back without the card.
  const { reader } = visitors;
  if (reader !== undefined && cards.isEmpty(reader)) announcer.announce('card-removed', visitors.cardPulled(reader));
  announcer.announce('changed', []);
}

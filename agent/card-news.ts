// What is written down and announced when something happens to a card, or when a holder has left or come back.
import { type AuditEvent } from './audit/audit-event.ts';
import { type Announcer } from './announcer.ts';
import { type CardChange } from './cards/card-table.ts';
import { type Presence } from './cards/holder-presence.ts';
import { type Holder } from './cards/holders.ts';

type Announce = Pick<Announcer, 'announce'>;

/** Causes of a card's leaving that are its removal; the others only suspend PIN-SSO. */
const removals: readonly string[] = ['card', 'replaced', 'mute'];

/** Reports one change. Which sites may hear of it is the holders' matter: `look` tells them that something has changed. */
export function reportCard(
  change: CardChange,
  look: () => void,
  announcer: Announce,
  audit: (event: AuditEvent) => void,
): void {
  writeDown(change, audit);
  look();
  if (change.kind === 'bound' && !change.again) announcer.announce('card-inserted', []);
  else if (change.kind === 'left' && removals.includes(change.cause)) announcer.announce('card-removed', []);
  else announcer.announce('changed', []);
}

/** Only the sites that the card's own holder has let in are told that it came or left. A doubt is told to nobody. */
export function reportHolder({ presence, sites }: Holder, before: Presence, announcer: Announce): void {
  if (presence.state === 'gone' && presence.why !== 'superseded') announcer.announce('card-removed', [...sites]);
  if (presence.state === 'present' && before.state === 'gone') announcer.announce('card-inserted', [...sites]);
}

function writeDown(change: CardChange, audit: (event: AuditEvent) => void): void {
  const { kind } = change;
  if (kind === 'came') audit({ event: 'card-inserted', reader: change.reader });
  if (kind === 'service') audit({ event: 'service', state: change.running ? 'running' : 'stopped' });
  if (kind === 'left') audit({ event: 'card-removed', reader: change.reader, cause: change.cause });
  if (kind === 'unreadable') {
    const { reader, code, native } = change;
    audit({ event: 'card-unreadable', reader, code, ...(native === undefined ? {} : { native }) });
  }
  if (kind === 'bound') {
    const { reader, tokens, milliseconds } = change;
    audit({ event: 'card-bound', reader, tokens: tokens.length, milliseconds });
  }
}

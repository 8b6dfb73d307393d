// The owner of one question: which holders have logged in, at which sites, and whether they are still there. Looked at anew
// whenever anything changes at the readers, the service or the session; tells each change once.
import { type Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { isAbsence, nextPresence, readerOf } from './holder-presence.ts';
import { type CardSight, type CardSpot, type HolderIdentity, type Presence } from './holder-presence.ts';

/** A holder, and the sites that he has let know of his card. */
export interface Holder {
  readonly identity: HolderIdentity;
  readonly presence: Presence;
  readonly sites: readonly string[];
}

interface Entry {
  identity: HolderIdentity;
  presence: Presence;
  sites: Set<string>;
}

/** How long a card in an earlier one's place may stay unidentified, in milliseconds. */
type IdentifyTime = () => number;

export class Holders {
  readonly #clock: Clock;
  readonly #sight: () => CardSight;
  readonly #identifyTime: IdentifyTime;
  readonly #changed: (holder: Holder, before: Presence) => void;
  readonly #entries = new Map<string, Entry>();
  #cancelTimer: () => void = () => undefined;

  /**
   * `changed` is called for each change of a holder's presence, also from a doubt to another, when all of them are known. A site
   * at which another holder's card is in is not among those that a holder's leaving concerns.
   */
  constructor(
    clock: Clock,
    sight: () => CardSight,
    identifyTime: IdentifyTime,
    changed: (holder: Holder, before: Presence) => void,
  ) {
    this.#clock = clock;
    this.#sight = sight;
    this.#identifyTime = identifyTime;
    this.#changed = changed;
  }

  /** The holder has logged in at `site` with the card at `spot`. Whoever had left before is forgotten. */
  entered(identity: HolderIdentity, site: string, spot: CardSpot): void {
    const key = keyOf(identity);
    for (const [other, { presence }] of this.#entries) {
      if (other !== key && presence.state === 'gone') this.#entries.delete(other);
    }
    const entry = this.#entries.get(key) ?? this.#add(identity, { state: 'present', spot });
    entry.identity = identity;
    entry.sites.add(site);
    this.look();
  }

  /** Somebody who had logged in before this agent was started; nothing is known of the card but its last reader. */
  restore(identity: HolderIdentity, site: string, reader: string): void {
    const now = this.#clock.now();
    const spot = { reader, generation: '' };
    const unknown: Presence = { state: 'doubtful', why: 'service', since: now, begun: { service: now }, spot };
    const entry = this.#entries.get(keyOf(identity)) ?? this.#add(identity, unknown);
    entry.sites.add(site);
  }

  /**
   * Somebody logs in now: every other holder whose card cannot be seen is taken to be gone. A card that is mute or not read yet
   * can be seen: that shows what it is within seconds.
   */
  supersede(by: HolderIdentity): void {
    const absent = [...this.#entries].filter(
      ([key, { presence }]) => key !== keyOf(by) && presence.state === 'doubtful' && isAbsence(presence.why),
    );
    this.#set(absent.map(([, entry]) => [entry, { state: 'gone', why: 'superseded', spot: entry.presence.spot }]));
  }

  /** Something has changed, or may have. */
  look(): void {
    const sight = this.#sight();
    const now = this.#clock.now();
    const identifyTime = this.#identifyTime();
    this.#set(
      [...this.#entries.values()].map((entry) => {
        const presence = nextPresence(entry.presence, entry.identity, sight, now, identifyTime);
        return [entry, this.#isOverdue(presence) ? afterDoubt(presence) : presence];
      }),
    );
  }

  /** Readers whose card has been read, and where a holder who may be there was not found on it. */
  get undecided(): string[] {
    const sight = this.#sight();
    const isRead = (reader: string) => sight.readers.some(({ name, card }) => name === reader && card === 'read');
    const unseen = [...this.#entries.values()].filter(
      ({ identity, presence }) => presence.state !== 'gone' && readerOf(sight, identity) === undefined,
    );
    return unseen.map(({ presence }) => presence.spot.reader).filter(isRead);
  }

  /** What is known of a holder; undefined for one who never logged in or is forgotten. */
  presence(identity: HolderIdentity): Presence | undefined {
    return this.#entries.get(keyOf(identity))?.presence;
  }

  /** Whether a holder has let `site` know of the card, and whether that card is in: undefined when none has. */
  cardAt(site: string): 'present' | 'absent' | undefined {
    const entries = [...this.#entries.values()].filter(({ sites }) => sites.has(site));
    if (entries.length === 0) return undefined;
    return entries.some(({ presence }) => presence.state === 'present') ? 'present' : 'absent';
  }

  #add(identity: HolderIdentity, presence: Presence): Entry {
    const entry: Entry = { identity, presence, sites: new Set() };
    this.#entries.set(keyOf(identity), entry);
    return entry;
  }

  /** All first, the timer with them; then what follows from it, which may ask for anybody's presence. */
  #set(next: [Entry, Presence][]): void {
    const told = next.flatMap(([entry, presence]): [Entry, Presence][] => {
      const before = entry.presence;
      entry.presence = presence;
      return before.state === presence.state && whyOf(before) === whyOf(presence) ? [] : [[entry, before]];
    });
    this.#schedule();
    for (const [{ identity, presence, sites }, before] of told) {
      const concerned = [...sites].filter((site) => presence.state !== 'gone' || this.cardAt(site) !== 'present');
      this.#changed({ identity, presence, sites: concerned }, before);
    }
  }

  #isOverdue(presence: Presence): boolean {
    const deadline = this.#deadline(presence);
    return deadline !== undefined && deadline <= this.#clock.now();
  }

  #deadline(presence: Presence): number | undefined {
    if (presence.state !== 'doubtful') return undefined;
    if (presence.why === 'mute') return presence.since + limits.muteCardGrace;
    return presence.why === 'unidentified' ? presence.since + this.#identifyTime() : undefined;
  }

  #schedule(): void {
    this.#cancelTimer();
    const deadlines = [...this.#entries.values()].flatMap(({ presence }) => this.#deadline(presence) ?? []);
    if (deadlines.length === 0) return;
    const wait = Math.max(Math.min(...deadlines) - this.#clock.now(), 0);
    this.#cancelTimer = this.#clock.after(wait, () => this.look());
  }
}

/** A card that stayed mute is a removed one; one that could not be identified is another's. */
function afterDoubt({ spot, ...doubt }: Presence): Presence {
  const isMute = doubt.state === 'doubtful' && doubt.why === 'mute';
  return { state: 'gone', why: isMute ? 'removed' : 'exchanged', spot };
}

function whyOf(presence: Presence): string | undefined {
  return presence.state === 'present' ? undefined : presence.why;
}

function keyOf({ card, certificate }: HolderIdentity): string {
  return `${card}/${certificate}`;
}

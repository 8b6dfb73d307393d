// Holders with a clock and sights that a test plays, and what they have told, in short.
import { Holders, type Holder } from '../../../agent/cards/holders.ts';
import { type CardSight } from '../../../agent/cards/holder-presence.ts';
import { FakeClock } from '../fake-clock.ts';
import { anna, bertil, cardOf, identifyTime, see, short } from './presence-world.ts';

export const journal = 'https://journal.example.se';
export const prescriptions = 'https://recept.example.se';
const spot = { reader: 'A', generation: '1/A/1' };

export class HoldersWorld {
  readonly clock = new FakeClock();
  /** At first Anna's card is in reader A. */
  sight: CardSight = see(cardOf(anna));
  patience = identifyTime;
  readonly told: string[] = [];
  /** Called with each change. */
  hear: (holder: Holder) => void = () => undefined;
  readonly holders: Holders = new Holders(
    this.clock,
    () => this.sight,
    () => this.patience,
    (holder) => {
      const { identity, presence, sites } = holder;
      this.told.push([identity.card.replace('card of ', ''), short(presence), ...sites].join(' '));
      this.hear(holder);
    },
  );

  look(sight: CardSight): void {
    this.sight = sight;
    this.holders.look();
  }

  enterAnna(site = journal): void {
    this.holders.entered(anna, site, spot);
  }

  enterBertil(site = journal): void {
    this.holders.supersede(bertil);
    this.holders.entered(bertil, site, { reader: 'B', generation: '1/B/1' });
  }
}

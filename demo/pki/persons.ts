// The people of the demonstration clinic. All invented; the personal number is of the series that Skatteverket
// publishes for tests, and the HSA-ids have an organisation number of zeros.
import { type AssuranceLevel } from './policies.ts';

/** A card holder, as the certificates on the card will describe them. */
export interface Person {
  readonly givenName: string;
  readonly surname: string;
  /** As in `SE0000000000-1ABC`: the holder's id in the health-care directory. */
  readonly hsaId: string;
  /** 12 digits. Without one the person has no personal-number certificate. */
  readonly personalNumber?: string;
  readonly title?: string;
  readonly organisation: string;
  /** The level of the card that the person carries. */
  readonly assuranceLevel: AssuranceLevel;
}

const organisation = 'Testkliniken (demo)';

export const anna: Person = {
  givenName: 'Anna',
  surname: 'Testsson',
  hsaId: 'SE0000000000-1ABC',
  personalNumber: '199001012385',
  title: 'Läkare',
  organisation,
  assuranceLevel: 3,
};

export const bertil: Person = {
  givenName: 'Bertil',
  surname: 'Provsson',
  hsaId: 'SE0000000000-2DEF',
  title: 'Sjuksköterska',
  organisation,
  assuranceLevel: 3,
};

/** Carries a reserve card: assurance level 2. */
export const cecilia: Person = {
  givenName: 'Cecilia',
  surname: 'Exempel',
  hsaId: 'SE0000000000-3GHJ',
  title: 'Undersköterska',
  organisation,
  assuranceLevel: 2,
};

/** Everyone who has a card in the demonstration. */
export const PERSONS: readonly Person[] = [anna, bertil, cecilia];

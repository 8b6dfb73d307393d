// What the sites of the demonstration clinic are: their names, their words, what they ask of a card.
import { type AssuranceLevel } from '../../relying-party/src/index.ts';

/** The languages of the sites; Swedish where a visitor's browser names neither. */
export type SiteLanguage = 'sv' | 'en';
type Words = Readonly<Record<SiteLanguage, string>>;

export interface SiteDefinition {
  /** First label of the host name: https://NAME.localhost. */
  readonly name: string;
  readonly title: Words;
  readonly purpose: Words;
  /** Lowest assurance level that may log in. */
  readonly minimumLevel: AssuranceLevel;
  /** What the site wants of a browser and agent that log a holder out (docs/card-removal.md). */
  readonly logout: { readonly leaseSeconds?: number; readonly guard?: boolean };
  /** Whether documents are signed here. */
  readonly signing: boolean;
  /** What a signed-in visitor sees: a heading and a few invented rows. */
  readonly work: { readonly heading: Words; readonly rows: readonly (readonly [Words, Words])[] };
}

const both = (words: string): Words => ({ sv: words, en: words });

export const journal: SiteDefinition = {
  name: 'journal',
  title: { sv: 'Patientjournal', en: 'Patient records' },
  purpose: { sv: 'För dig som arbetar på kliniken.', en: 'For those who work at the clinic.' },
  minimumLevel: 2,
  logout: { leaseSeconds: 60, guard: true },
  signing: true,
  work: {
    heading: { sv: 'Dagens patienter', en: "Today's patients" },
    rows: [
      [both('08.30'), { sv: 'Doris Demosson – återbesök', en: 'Doris Demosson – follow-up' }],
      [both('09.15'), { sv: 'Efraim Exempelberg – provsvar', en: 'Efraim Exempelberg – test results' }],
      [both('10.00'), { sv: 'Frida Fiktiv – omläggning', en: 'Frida Fiktiv – dressing' }],
    ],
  },
};

/** Prescriptions ask for the ordinary card: a reserve card is of level 2. */
export const recept: SiteDefinition = {
  name: 'recept',
  title: { sv: 'Recept', en: 'Prescriptions' },
  purpose: { sv: 'Förskrivning för klinikens patienter.', en: "Prescribing for the clinic's patients." },
  minimumLevel: 3,
  logout: {},
  signing: false,
  work: {
    heading: { sv: 'Att granska', en: 'To review' },
    rows: [
      [
        { sv: 'Förnya', en: 'Renew' },
        { sv: 'Doris Demosson – Exempelmedicin 5 mg', en: 'Doris Demosson – Example drug 5 mg' },
      ],
      [
        { sv: 'Nytt', en: 'New' },
        { sv: 'Frida Fiktiv – Provsalva', en: 'Frida Fiktiv – Sample ointment' },
      ],
    ],
  },
};

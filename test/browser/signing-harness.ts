// The demonstration clinic as its story of signing needs it: simulated cards, PINs by script, five documents with one yes.
import { startHarness, type Harness } from '../../demo/harness.ts';
import { simulatedCards } from '../../demo/simulated-card.ts';
import { journal, recept } from '../../demo/sites/site-definition.ts';

export function startSigningHarness(language: 'sv' | 'en'): Promise<Harness> {
  return startHarness({
    card: (cards, directory) => simulatedCards(directory, cards),
    sites: [
      { definition: journal, policy: { access: 'silent', signing: { documents: 5 } } },
      { definition: recept, policy: { access: 'silent' } },
    ],
    scripted: true,
    headless: true,
    language,
    ...(process.env['KORTBRO_TEST_DIST'] === undefined ? {} : { dist: process.env['KORTBRO_TEST_DIST'] }),
  });
}

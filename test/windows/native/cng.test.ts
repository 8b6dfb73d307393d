// CNG's smart-card keys, of which Wine has none, played by a DLL beside the program: the addon's calls are the product's.
import { prepareFakeCard } from './fakes/fake-card.ts';
import { defineSuite } from './windows-suite.ts';

defineSuite({
  title: 'Tokens through CNG on Windows',
  files: ['cng.windows.ts'],
  fakes: prepareFakeCard,
});

// The two sites of the demonstration, both silent after the PIN.
import { type HarnessSite } from '../../demo/harness.ts';
import { journal, recept } from '../../demo/sites/site-definition.ts';

export const sites: readonly HarnessSite[] = [
  { definition: journal, policy: { access: 'silent' } },
  { definition: recept, policy: { access: 'silent' } },
];

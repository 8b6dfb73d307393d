// `npm run bench [-- --json FILE] [--only PREFIX]`: figures of this machine in one run. Never a test: machines differ, and
// are shared. Compare figures of one run with each other only.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cardStackUnavailable } from '../card/card-stack.ts';
import { benchCard940 } from './card940.ts';
import { type Figures } from './figures.ts';
import { benchRemoval } from './removal.ts';
import { benchSign } from './sign.ts';
import { benchSimulated } from './simulated.ts';
import { benchWindows } from './windows.ts';
import { wineUnavailable } from '../windows/lane/wine.ts';
import { packagesMissing } from '../windows/packages.ts';

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string', default: '' } } });
const only = values.only;
const wants = (...prefixes: string[]) => prefixes.some((prefix) => prefix.startsWith(only) || only.startsWith(prefix));

const figures: Figures = new Map();
if (wants('roundtrip.', 'login.', 'start.', 'rss.')) await benchSimulated(figures);
if (wants('sign.')) await benchSign(figures);
if (wants('card940.')) {
  const reason = cardStackUnavailable();
  if (reason === undefined) await benchCard940(figures);
  else process.stdout.write(`card940.* was not run: ${reason}\n`);
}
if (wants('removal.')) {
  const reason = cardStackUnavailable();
  if (reason === undefined) await benchRemoval(figures);
  else process.stdout.write(`removal.* was not run: ${reason}\n`);
}
if (wants('windows.')) {
  const reason = wineUnavailable() ?? packagesMissing();
  if (reason === undefined) await benchWindows(figures);
  else process.stdout.write(`windows.* was not run: ${reason}\n`);
}
const chosen = [...figures].filter(([name]) => name.startsWith(only));
for (const [name, value] of chosen) process.stdout.write(`${name.padEnd(40)} ${value}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(chosen), null, 2)}\n`);

// `npm run test:removal [-- --removals 200] [--disturbances 500] [--card simulated|idprime] [--seed N] [--json FILE]`: pulls the
// card so often, in circumstances of chance, and disturbs so often without pulling it. Ends with what was missed, done twice or
// done by mistake; any of that is a failure. The seed that is printed plays the same order again.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Random } from './random.ts';
import { removalCardKinds, removalCardUnavailable } from './removal-card.ts';
import { startRemovalWorld } from './removal-world.ts';
import { dealt, run, summary } from './run.ts';

const { values } = parseArgs({
  options: {
    removals: { type: 'string', default: '200' },
    disturbances: { type: 'string', default: '500' },
    card: { type: 'string', default: 'simulated' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    json: { type: 'string' },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const count = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new RangeError(`${text} is no whole number`);
  return number;
};

const kind = removalCardKinds.find((one) => one === values.card);
const obstacle = kind === undefined ? `there is no card ${values.card}` : removalCardUnavailable(kind);
if (kind === undefined || obstacle !== undefined) {
  process.stderr.write(`${obstacle ?? ''}\n`);
  process.exit(2);
}
const seed = count(values.seed);
say(`card ${kind}, seed ${seed}`);
const world = await startRemovalWorld(kind);
try {
  const rounds = dealt(new Random(seed), count(values.removals), count(values.disturbances));
  const result = await run(world, { ...rounds, say });
  for (const wrong of result.wrong) say(`wrong: ${wrong}`);
  say(summary(result));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ card: kind, seed, ...result })}\n`);
  process.exitCode = result.missed + result.doubled + result.false > 0 ? 1 : 0;
} finally {
  await world.stop();
}

// The child process that is the cards and runs their pcscd, inside the stack's namespaces. It is told what to do over stdin
// (see card-control.ts) and ends, leaving nothing behind, when stdin does: when whoever started it stops it, exits or dies.
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type ControlAnswer, type ControlRequest, type SetUp } from './card-control.ts';
import { CardBench } from './card-bench.ts';
import { type AnyCardDefinition, fromMessage } from './card-definition.ts';
import { createIdPrime } from './idprime.ts';
import { type IsoCard } from './iso7816.ts';
import { createMyEid } from './myeid.ts';

let bench: CardBench | undefined;
let directory: string | undefined;

function answer(message: ControlAnswer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function setUp(line: string): Promise<void> {
  const order = JSON.parse(line) as SetUp;
  directory = order.directory;
  const cards = new Map(
    Object.entries(order.cards).map(([name, card]) => [name, createCard(fromMessage(card))] as const),
  );
  bench = new CardBench(cards, directory);
  await bench.startService();
}

function createCard(definition: AnyCardDefinition): IsoCard {
  return definition.kind === 'myeid' ? createMyEid(definition) : createIdPrime(definition);
}

async function carryOut(line: string): Promise<void> {
  const { id, method, parameters } = JSON.parse(line) as ControlRequest;
  try {
    if (bench === undefined) throw new Error('not set up');
    if (method === 'stop') {
      await cleanUp();
      answer({ id });
      process.exit(0);
    }
    const action = bench[method].bind(bench) as (...given: readonly unknown[]) => Promise<unknown>;
    answer({ id, result: await action(...parameters) });
  } catch (error) {
    answer({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

async function cleanUp(): Promise<void> {
  await bench?.stopService();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}

// Whoever reads our answers may be gone: that is no error, the end of stdin follows.
process.stdout.on('error', () => undefined);
let first = true;
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (!first) return void carryOut(line);
  first = false;
  setUp(line).then(
    () => answer({ id: 0 }),
    (error: unknown) => answer({ id: 0, error: error instanceof Error ? error.message : String(error) }),
  );
});
lines.on('close', () => {
  void cleanUp().finally(() => process.exit(0));
});

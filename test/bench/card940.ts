// The real path on the virtual card: APDUs and times of first login, second login and status, at 0, 30 and 100 ms per APDU.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cardHolders } from '../../demo/demo-cards.ts';
import { startHarness, type Harness } from '../../demo/harness.ts';
import { sites } from './bench-sites.ts';
import { findOpenscModule, type CardStack } from '../card/card-stack.ts';
import { percentile, repeat, rounded, type Figures } from './figures.ts';
import { login, resultOf, startHost, type BenchHost } from './bench-host.ts';
import { virtualCard } from './virtual-card.ts';

const run = promisify(execFile);
const delays = [0, 30, 100];

/** Adds card940.*. Needs root and the card stack. */
export async function benchCard940(figures: Figures): Promise<void> {
  let stack: CardStack | undefined;
  const harness = await startHarness({
    card: async (cards) => {
      const card = await virtualCard(cards);
      stack = card.stack;
      return card;
    },
    sites,
    scripted: true,
    headless: true,
  });
  const host = await startHost(harness.directory.dist, harness.environment);
  try {
    if (stack === undefined) throw new Error('no card stack');
    await harness.card.insert('anna');
    await cardIsReady(host);
    await countApdus(figures, harness, stack, host);
    for (const delay of delays) await timeLogins(figures, harness, stack, host, delay);
  } finally {
    await host.client.end();
    await harness.stop();
  }
}

async function countApdus(figures: Figures, harness: Harness, stack: CardStack, host: BenchHost): Promise<void> {
  const counted = async (action: () => Promise<unknown>) => {
    await stack.resetCounts();
    await action();
    return (await stack.counts()).apdus;
  };
  const first = harness.site('journal').origin;
  harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
  figures.set('card940.login1.apdus', await counted(() => login(host, first)));
  figures.set('card940.login2.apdus', await counted(() => login(host, first)));
  const status = { verb: 'status', caller: { kind: 'user' } } as const;
  figures.set('card940.status.apdus', await counted(() => resultOf(host, status)));
}

/** Medians of three rounds; before each the card forgets the PIN. */
async function timeLogins(
  figures: Figures,
  harness: Harness,
  stack: CardStack,
  host: BenchHost,
  delay: number,
): Promise<void> {
  const origin = harness.site('journal').origin;
  const [dialog, answer, second]: number[][] = [[], [], []];
  await stack.setDelay(delay);
  for (let round = 0; round < 3; round++) {
    await resultOf(host, { verb: 'forget-pin', caller: { kind: 'user' } });
    await cardIsReady(host);
    harness.pinentry.reset();
    const asked = Date.now();
    const done = login(host, origin);
    const { startedAt } = await harness.pinentry.waitForDialog();
    dialog?.push(startedAt - asked);
    const typed = performance.now();
    harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
    await done;
    answer?.push(performance.now() - typed);
    second?.push(...(await repeat(2, () => login(host, origin))));
  }
  figures.set(`card940.${delay}.dialog_ms`, percentile(dialog ?? [], 0.5));
  figures.set(`card940.${delay}.answer_ms`, rounded(percentile(answer ?? [], 0.5)));
  figures.set(`card940.${delay}.login2_ms`, rounded(percentile(second ?? [], 0.5)));
  figures.set(`card940.${delay}.pkcs11tool_ms`, rounded(await pkcs11Tool(harness)));
  await stack.setDelay(0);
}

/** The same work by OpenSC's own tool: a whole process with login and one signature. */
async function pkcs11Tool(harness: Harness): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'kortbro-bench-'));
  try {
    writeFileSync(join(scratch, 'in'), Buffer.alloc(51, 1));
    const words = ['--module', findOpenscModule() ?? '', '--login', '--pin', cardHolders.anna.pin];
    words.push(
      '--sign',
      '--mechanism',
      'SHA256-RSA-PKCS',
      '--input-file',
      join(scratch, 'in'),
      '--output-file',
      join(scratch, 'out'),
    );
    const [taken = Number.NaN] = await repeat(1, () => run('pkcs11-tool', words, { env: harness.environment }));
    return taken;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function cardIsReady(host: BenchHost): Promise<void> {
  for (;;) {
    const state = await resultOf(host, { verb: 'status', caller: { kind: 'user' } });
    if (JSON.stringify(state).includes('"ready"')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

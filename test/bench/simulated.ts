// What needs no real card: round trip from a page, a login's time beyond the signature, cold starts, memory.
import { createPrivateKey, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoProcess } from '../../demo/demo-directory.ts';
import { cardHolders } from '../../demo/demo-cards.ts';
import { startHarness, type Harness } from '../../demo/harness.ts';
import { simulatedCards } from '../../demo/simulated-card.ts';
import { sites } from './bench-sites.ts';
import { residentMegabytes } from './memory.ts';
import { percentile, repeat, rounded, type Figures } from './figures.ts';
import { login, resultOf, startHost } from './bench-host.ts';

/** Asked in bursts with a rest between them: the extension lets a page ask ten times a second, forty in a burst. */
const bursts = 4;
const burst = 30;
const rest = 3_200;

/** Adds roundtrip.*, login.*, start.* and rss.*. */
export async function benchSimulated(figures: Figures): Promise<void> {
  let directory = '';
  const harness = await startHarness({
    card: (cards, place) => {
      directory = place;
      return simulatedCards(place, cards, { signMilliseconds: 0 });
    },
    sites,
    scripted: true,
    headless: true,
  });
  try {
    await harness.card.insert('anna');
    await benchLogin(figures, harness, directory);
    await benchRoundTrip(figures, harness);
    await benchStarts(figures, harness);
  } finally {
    await harness.stop();
  }
}

/** A PIN-SSO login from native message to answer, less the time of the signature alone; and everybody's memory after that. */
async function benchLogin(figures: Figures, harness: Harness, directory: string): Promise<void> {
  const host = await startHost(harness.directory.dist, harness.environment);
  const origin = harness.site('journal').origin;
  harness.pinentry.answer(`pin ${cardHolders.anna.pin}`);
  await login(host, origin);
  const taken = await repeat(60, () => login(host, origin));
  const pem = readdirSync(join(directory, 'cards')).find((name) => name.startsWith('anna') && name.endsWith('.pem'));
  const key = createPrivateKey(readFileSync(join(directory, 'cards', pem ?? '')));
  const signing = await repeat(60, () => Promise.resolve(sign('sha256', Buffer.alloc(64), key)));
  figures.set('login.overhead_p50_ms', rounded(percentile(taken, 0.5) - percentile(signing, 0.5)));

  figures.set('rss.native_host_mb', residentMegabytes(host.client.processId));
  for (const [part, name] of [
    ['agent', 'rss.agent_mb'],
    ['module-host', 'rss.module_host_mb'],
  ] as const) {
    figures.set(name, residentMegabytes(processOf(harness, part)?.processId));
  }
  await host.client.end();
}

/** status() from a page of a real browser, beside a native host started for each request. */
async function benchRoundTrip(figures: Figures, harness: Harness): Promise<void> {
  const profile = await harness.openProfile('bench');
  const page = await profile.page('journal');
  const taken = await page.evaluate(
    async ([rounds, times, pause]) => {
      const { kortbro } = globalThis as unknown as { kortbro: { status(): Promise<unknown> } };
      const values: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await kortbro.status();
        for (let i = 0; i < times; i++) {
          const started = performance.now();
          await kortbro.status();
          values.push(performance.now() - started);
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      return values;
    },
    [bursts, burst, rest] as const,
  );
  figures.set('roundtrip.p50_ms', rounded(percentile(taken, 0.5)));
  figures.set('roundtrip.p95_ms', rounded(percentile(taken, 0.95)));
  await profile.close();

  const { dist } = harness.directory;
  const each = await repeat(15, async () => {
    const host = await startHost(dist, harness.environment);
    await resultOf(host, { verb: 'status', caller: { kind: 'page', origin: harness.site('journal').origin } });
    host.client.child.stdin.end();
  });
  figures.set('roundtrip.process_per_request_p50_ms', rounded(percentile(each, 0.5)));
}

async function benchStarts(figures: Figures, harness: Harness): Promise<void> {
  const { dist } = harness.directory;
  const hosts: number[] = [];
  const agents: number[] = [];
  for (let round = 0; round < 5; round++) {
    const host = await startHost(dist, harness.environment);
    hosts.push(host.connectedAfter);
    await host.client.end();
  }
  for (let round = 0; round < 5; round++) {
    await harness.agent.stop();
    const [taken = Number.NaN] = await repeat(1, () => harness.agent.start());
    agents.push(taken);
  }
  figures.set('start.host_ms', rounded(percentile(hosts, 0.5)));
  figures.set('start.agent_ms', rounded(percentile(agents, 0.5)));
}

function processOf(harness: Harness, part: DemoProcess['part']): DemoProcess | undefined {
  return harness.processes().find((one) => one.part === part);
}

// Signing through native host and agent, on the simulator: what it costs beyond the signature itself, the largest document's time
// and memory, and a batch. The holder's own time does not count: neither the reading nor the PIN dialog.
import { spawn } from 'node:child_process';
import { sign } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { pdfOfSize } from '../signatures/documents.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { type HostClient } from '../support/host-client.ts';
import { SigningClient, type SentDocument, type SigningWish } from '../support/signing-client.ts';
import { simulatedTwoPinCard, twoPinCard, type TwoPinTestCard } from '../support/test-cards.ts';
import { percentile, repeat, rounded, type Figures } from './figures.ts';
import { growthOf } from './memory.ts';

const origin = 'https://journal.example.se';
const size = 10_240;
const rounds = 25;
/** How long the holder reads, where that matters: the thread for signatures starts meanwhile. */
const reading = 1_000;

const small: SentDocument = { name: 'intyg.txt', content: Buffer.alloc(size, 'Anna Testsson är frisk.\n') };
const row = '<rad namn="Anna Testsson">är frisk</rad>\n';
const xml: SentDocument = {
  name: 'intyg.xml',
  type: 'application/xml',
  content: Buffer.from(`<intyg>${row.repeat(Math.floor(size / Buffer.byteLength(row)))}</intyg>`),
};

/** The formats that are timed at 10 KB, by their names in the figures. */
const kinds: Readonly<Record<string, { wish: SigningWish; document: SentDocument }>> = {
  raw: { wish: { format: { type: 'raw' } }, document: small },
  cms: { wish: { format: { type: 'cms', attached: true } }, document: small },
  xades: { wish: { format: { type: 'xades', packaging: 'enveloped' } }, document: xml },
};

/** An agent with a card for signatures in its reader, and a native host in front of it. */
interface Desk {
  agent: AgentUnderTest;
  host: HostClient;
  pin: string;
}

/** Milliseconds of one signing. */
interface Taken {
  /** From the holder's consent to the PIN program's first act, and from the PIN to the word that everything is signed. */
  signing: number;
  /** From the request to the last byte of the last signature, without reading and PIN dialog. */
  whole: number;
}

/** Adds sign.*. */
export async function benchSign(figures: Figures): Promise<void> {
  const card = await twoPinCard('anna');
  const key = card.signature.keys[0]?.privateKey;
  if (key === undefined) throw new Error('a card without a key for signatures');
  const alone = await repeat(60, () => Promise.resolve(sign('sha256', Buffer.alloc(64), key)));
  const signature = percentile(alone, 0.5);
  await atDesk(card, async (desk) => {
    const beside = signature + (await programStart(desk.agent));
    for (const [name, { wish, document }] of Object.entries(kinds)) {
      await signAt(desk, [document], wish);
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) times.push((await signAt(desk, [document], wish)).signing);
      figures.set(`sign.${name}10k.overhead_p50_ms`, rounded(percentile(times, 0.5) - beside));
    }
    const documents = Array.from({ length: limits.documents }, () => small);
    const { signing } = await signAt(desk, documents, { format: { type: 'cms', attached: true } });
    figures.set('sign.batch100.overhead_per_document_ms', rounded(signing / documents.length - signature));
  });
  await benchFirst(figures, card, signature);
  await benchLarge(figures, card);
}

/** The first signature of an agent, for a holder who reads for a second. */
async function benchFirst(figures: Figures, card: TwoPinTestCard, signature: number): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    await atDesk(card, async (desk) => {
      const { signing } = await signAt(desk, [small], { format: { type: 'cms', attached: true } }, reading);
      times.push(signing - (await programStart(desk.agent)));
    });
  }
  figures.set('sign.first.overhead_ms', rounded(percentile(times, 0.5) - signature));
}

async function benchLarge(figures: Figures, card: TwoPinTestCard): Promise<void> {
  const content = await pdfOfSize(limits.documentSize - 8_192);
  const document: SentDocument = { name: 'intyg.pdf', type: 'application/pdf', content };
  await atDesk(card, async (desk) => {
    let taken: Taken = { signing: Number.NaN, whole: Number.NaN };
    const growth = await growthOf(desk.agent.processId, async () => {
      taken = await signAt(desk, [document], { format: { type: 'pades' } });
    });
    figures.set('sign.pdf50mb.ms', rounded(taken.whole));
    figures.set('sign.pdf50mb.signing_ms', rounded(taken.signing));
    figures.set('sign.pdf50mb.peak_ratio', rounded(growth / content.length));
  });
}

/** Milliseconds that the PIN program takes to its first word, by itself. Its clock: starting a process costs us more than the agent. */
async function programStart({ pinentryProgram, environment }: AgentUnderTest): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 15; round++) {
    const program = spawn('sh', ['-c', 'date +%s%3N; exec setpriv --pdeathsig TERM -- "$0"', pinentryProgram], {
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let text = '';
    for await (const chunk of program.stdout) {
      text += String(chunk);
      if (text.includes('OK')) break;
    }
    times.push(Date.now() - Number.parseInt(text, 10));
    program.stdin.end();
  }
  return percentile(times, 0.5);
}

async function atDesk(card: TwoPinTestCard, use: (desk: Desk) => Promise<void>): Promise<void> {
  const agent = await AgentUnderTest.start({
    policy: { sites: [{ origin, signing: { documents: limits.documents } }] },
    cards: { anna: simulatedTwoPinCard(card) },
  });
  try {
    const host = await agent.host();
    await agent.simulator.insert('anna');
    await use({ agent, host, pin: card.signature.pin });
  } finally {
    await agent.stop();
  }
}

/** @throws Error when not everything is signed */
async function signAt(
  { agent, host, pin }: Desk,
  documents: readonly SentDocument[],
  wish: SigningWish,
  read = 0,
): Promise<Taken> {
  const signing = new SigningClient(host, documents);
  const from = host.messages.length;
  const asked = Date.now();
  let [shown, agreed] = [0, 0];
  const end = signing.run(origin, wish, {
    choose: async ({ keys }) => {
      shown = Date.now();
      if (read > 0) await new Promise((resolve) => setTimeout(resolve, read));
      agreed = Date.now();
      return keys[0]?.key ?? 'decline';
    },
  });
  const { startedAt } = await agent.pinentry.waitForDialog(60_000);
  const typed = performance.now();
  agent.pinentry.answer(`pin ${pin}`);
  await host.until(
    (message) => message.type === 'signing' && message.id === signing.id && message.stage === 'signed',
    from,
    60_000,
  );
  const signed = performance.now();
  const { answer } = await end;
  if (!('result' in answer) || JSON.stringify(answer.result) !== JSON.stringify({ signed: documents.length }))
    throw new Error(`not signed: ${JSON.stringify(answer)}`);
  const untilDialog = startedAt - agreed;
  return {
    signing: untilDialog + signed - typed,
    whole: shown - asked + untilDialog + performance.now() - typed,
  };
}

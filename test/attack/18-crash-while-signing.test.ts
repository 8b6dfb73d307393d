// 18: whatever dies at whatever step of a signature, the one who asked has one definite answer, no signature gets out that nobody
// fetched, nothing of the document stays in a file, and the next signature works.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../demo/demo-agent.ts';
import { writeSimulatedCard } from '../../agent/tokens/simulator/simulated-card-file.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { scanFiles } from '../support/memory-scan.ts';
import { type SigningWish } from '../support/signing-client.ts';
import { simulatedTwoPinCard } from '../support/test-cards.ts';
import {
  atConsent,
  atPin,
  honestSignature,
  newDocument,
  opened,
  type OpenSigning,
  reached,
  sayYes,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { withoutKeyUse } from './target.ts';

const cms: SigningWish = { format: { type: 'cms', attached: true } };

/** Text that can be told from everything else in a file. */
const words = (document: OpenSigning['signing']['documents'][number]): string =>
  Buffer.from(document.content).toString('utf8');

describe('18 a crash at every step of a signature', function () {
  this.timeout(60_000);
  let target: SigningTarget;
  let host: HostClient;

  before(async () => {
    target = await startSigningTarget();
    const slow = simulatedTwoPinCard(target.card, { signMilliseconds: 700 });
    writeSimulatedCard(target.agent.simulatorDirectory, 'slow', slow);
    await target.agent.simulator.swap('slow');
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(() => target.agent.pinentry.reset());
  afterEach(async () => {
    if (host.ended) host = await target.agent.host();
    await honestSignature(target, host);
  });

  /** The steps of a signature, and how far it has come when something happens. */
  const steps: Readonly<Record<string, (asker: HostClient) => Promise<OpenSigning>>> = {
    'the document is announced': (asker) => opened(asker, [newDocument()], cms),
    'half of it has come': async (asker) => {
      const open = await opened(asker, [newDocument()], cms);
      const { content } = open.signing.documents[0]!;
      const data = Buffer.from(content.subarray(0, 20)).toString('base64');
      open.signing.say({ type: 'document', document: 0, offset: 0, data });
      await asker.until((m) => m.type === 'document-taken' && m.id === open.signing.id);
      return open;
    },
    'the holder reads': (asker) => atConsent(asker, [newDocument()], cms),
    'the PIN is asked for': (asker) => atPin(target.agent, asker, [newDocument()], cms),
    'the card signs': async (asker) => {
      const open = await atPin(target.agent, asker, [newDocument()], cms);
      const logins = async () => (await target.agent.simulator.state()).cards['slow']?.signaturePin?.logins ?? 0;
      const before = await logins();
      target.agent.pinentry.answer(`pin ${target.card.signature.pin}`);
      await until(async () => (await logins()) > before, 10_000, 'the PIN is never sent');
      return open;
    },
    'the signature is made, and not fetched': async (asker) => {
      const open = await atPin(target.agent, asker, [newDocument()], cms);
      target.agent.pinentry.answer(`pin ${target.card.signature.pin}`);
      await reached(open, 'signed');
      return open;
    },
  };

  function assertNothingStays({ signing }: OpenSigning): void {
    const secrets = signing.documents.map(words);
    assert.deepEqual(scanFiles(target.agent.directory, secrets, ['dist', 'node_modules', 'cards/cards']), []);
    assert.deepEqual(target.agent.stderr, '');
  }

  const noDialog = () => target.agent.processesNamed('pinentry').length === 0;

  for (const [step, come] of Object.entries(steps)) {
    it(`${step}: the agent is killed`, async () => {
      const open = await come(host);
      await target.agent.kill('SIGKILL');
      assert.equal(codeOf(await open.answer), 'ERR_AGENT_STOPPED');
      // It was not its parent that killed it: whoever asked for the PIN goes too.
      await until(noDialog, 10_000, 'a dialog outlives its agent');
      assertNothingStays(open);
      await host.end();
      host = await target.agent.host();
      const { simulator } = target.agent;
      await simulator.insert('slow').catch(() => undefined);
    });

    it(`${step}: the native host is killed, as by a browser that dies`, async () => {
      const asker = await target.agent.host();
      const open = await come(asker);
      open.answer.catch(() => undefined);
      const refused = () => target.agent.audit().filter(({ event }) => event === 'request-refused').length;
      const before = refused();
      process.kill(asker.processId, 'SIGKILL');
      await asker.exit;
      await until(() => refused() > before, 10_000, 'the request goes on');
      assert.equal(
        target.agent.audit().findLast(({ event }) => event === 'request-refused')?.['code'],
        'ERR_REQUEST_CANCELLED',
      );
      await until(noDialog, 10_000, 'a dialog for nobody');
      assertNothingStays(open);
    });

    it(`${step}: the browser closes its end`, async () => {
      const asker = await target.agent.host();
      const open = await come(asker);
      open.answer.catch(() => undefined);
      await asker.end();
      await until(noDialog, 10_000, 'a dialog for nobody');
      assertNothingStays(open);
    });

    it(`${step}: the module host is killed`, async () => {
      const open = await come(host);
      const [processId] = target.agent.processesNamed('module-host');
      assert.ok(processId !== undefined, JSON.stringify(target.agent.processes));
      process.kill(processId, 'SIGKILL');
      const isOver = step === 'the signature is made, and not fetched';
      // Where its end is not known yet, it is told so, or agreed to as if nothing had been.
      if (step === 'the document is announced' || step === 'half of it has come') host.cancel(open.signing.id);
      else if (step === 'the holder reads') sayYes(open);
      else if (isOver) open.signing.say({ type: 'taken' });
      target.agent.pinentry.answer('cancel');
      const code = codeOf(await open.answer);
      if (isOver) assert.equal(code, undefined);
      else assert.match(code ?? '', /^ERR_(AGENT_DRIVER_CRASHED|CARD_\w+|(REQUEST|USER)_CANCELLED)$/);
      await until(noDialog, 10_000, 'a dialog for nobody');
      assertNothingStays(open);
      await target.agent.simulator.insert('slow').catch(() => undefined);
    });
  }

  for (const [what, code, hinder] of [
    [
      'the driver crashes in the signature',
      'ERR_AGENT_DRIVER_CRASHED',
      () => target.agent.simulator.crashAt('signWithPin'),
    ],
    [
      'the card fails in the signature',
      'ERR_CARD_FAILED',
      () => target.agent.simulator.failAt('signWithPin', 'ERR_CARD_FAILED'),
    ],
    [
      'the signature is wrong by a bit',
      'ERR_CARD_FAILED',
      () => target.agent.simulator.corruptSignature('signWithPin'),
    ],
  ] as const) {
    it(`${what}: ${code}, never asked or tried again by itself`, async () => {
      const open = await atPin(target.agent, host, [newDocument(), newDocument()], cms);
      await hinder();
      target.agent.pinentry.answer(`pin ${target.card.signature.pin}`);
      assert.equal(codeOf(await open.answer), code);
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
      assertNothingStays(open);
      await target.agent.simulator.insert('slow').catch(() => undefined);
    });
  }
});

/** What the thread of signatures may do instead of its work, as a module that stands in its place. */
const threads: Readonly<Record<string, string>> = {
  'ends when it gets its job': `parentPort.on('message', () => process.exit(1));`,
  'fails in itself': `parentPort.on('message', () => { throw new Error('in the thread'); });`,
  'cannot be loaded': `throw new Error('not loaded');`,
  'says it is done without having asked for a signature': `parentPort.on('message', () =>
    parentPort.postMessage({ type: 'failed', error: 'Error' }));`,
};

describe('18 a crash of the thread that makes signatures', function () {
  this.timeout(60_000);

  for (const [what, program] of Object.entries(threads)) {
    it(`a thread that ${what}: ERR_AGENT_INTERNAL, no PIN, and the agent goes on`, async () => {
      const place = mkdtempSync(join(tmpdir(), 'kortbro-thread-'));
      const built = process.env['KORTBRO_TEST_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
      cpSync(built, place, { recursive: true });
      writeFileSync(
        join(place, 'agent/signature-worker.mjs'),
        `import { parentPort } from 'node:worker_threads';\n${program}\n`,
      );
      symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(place, 'node_modules'));
      const target = await startSigningTarget({ dist: place });
      try {
        const host = await target.agent.host();
        await withoutKeyUse(target, async () => {
          for (let i = 0; i < 3; i++) {
            const open = await atConsent(host, [newDocument()], cms);
            sayYes(open);
            assert.equal(codeOf(await open.answer), 'ERR_AGENT_INTERNAL');
            assert.deepEqual(target.agent.pinentry.unawaited(), []);
          }
        });
        // Needs no thread.
        await honestSignature(target, host);
      } finally {
        await target.agent.stop();
        rmSync(place, { recursive: true, force: true });
      }
    });
  }
});

// The demonstration as its visitors start it, `npm run demo -- --headless --report FILE`, on both cards: it must judge itself
// rightly, leave its pictures, and leave nothing else.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueDemoCards } from '../../demo/demo-cards.ts';
import { openPkiDirectory } from '../../demo/pki/pki-directory.ts';
import { type StoryReport } from '../../demo/story-report.ts';
import { serveCardControl } from './card-control-server.ts';
import { cardUnavailable, startCard } from './card-under-test.ts';

const root = join(import.meta.dirname, '../..');

interface Run {
  code: number | null;
  output: string;
}

/** Runs the demonstration in a process of its own, with a temporary directory of its own. */
function runDemo(scratch: string, words: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const distribution = process.env['KORTBRO_TEST_DIST'];
  const dist = distribution === undefined ? [] : ['--dist', distribution];
  const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/main.ts', ...words, ...dist], {
    cwd: root,
    env: { ...process.env, ...environment, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  demo.stdout.on('data', (part: Buffer) => (output += part.toString()));
  demo.stderr.on('data', (part: Buffer) => (output += part.toString()));
  return new Promise((resolve) => demo.on('close', (code) => resolve({ code, output })));
}

describe('npm run demo', function () {
  this.timeout(60_000);
  let scratch = '';
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kb-'));
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  function expectGoodReport({ code, output }: Run): void {
    const report = JSON.parse(readFileSync(join(scratch, 'story.json'), 'utf8')) as StoryReport;
    const failed = report.steps.filter(({ ok }) => !ok);
    assert.deepEqual(failed, [], output);
    assert.equal(report.steps.length, 10);
    assert.equal(code, 0, output);
    const pictures = readdirSync(join(scratch, 'story-pictures'));
    assert.equal(pictures.length, 11, pictures.join());
    assert.deepEqual(
      readdirSync(scratch).filter((name) => name.startsWith('kortbro-demo-')),
      [],
      'its directory is gone',
    );
  }

  it('tells its story on the simulated card', async () => {
    expectGoodReport(await runDemo(scratch, ['--headless', '--report', join(scratch, 'story.json')]));
  });

  it('tells its story on a card in a reader', async function () {
    const reason = cardUnavailable('virtual IDPrime 940');
    if (reason !== undefined) {
      process.stdout.write(`    not run: ${reason}\n`);
      this.skip();
    }
    const pki = join(scratch, 'pki');
    const cards = await issueDemoCards(await openPkiDirectory(pki, { keyKind: 'ec-p256' }));
    const card = await startCard('virtual IDPrime 940', cards, scratch);
    const control = join(scratch, 'card.sock');
    const stopControl = await serveCardControl(control, card);
    try {
      assert.ok(card.source.type === 'pkcs11');
      const words = ['--headless', '--report', join(scratch, 'story.json'), '--pki', pki, '--control', control];
      expectGoodReport(
        await runDemo(scratch, [...words, '--card', 'pkcs11', '--module', card.source.module], card.environment),
      );
    } finally {
      await stopControl();
      await card.stop();
    }
  });

  it('fails when a step is not verified by the server', async () => {
    // A card whose issuer the sites do not know: it is issued by another test PKI than the one that they trust.
    const reason = cardUnavailable('virtual IDPrime 940');
    if (reason !== undefined) return;
    const cards = await issueDemoCards(await openPkiDirectory(join(scratch, 'pki-a'), { keyKind: 'ec-p256' }));
    const card = await startCard('virtual IDPrime 940', cards, scratch);
    const control = join(scratch, 'card.sock');
    const stopControl = await serveCardControl(control, card);
    try {
      assert.ok(card.source.type === 'pkcs11');
      const words = ['--headless', '--report', join(scratch, 'story.json'), '--pki', join(scratch, 'pki-b')];
      const { code, output } = await runDemo(
        scratch,
        [...words, '--control', control, '--card', 'pkcs11', '--module', card.source.module],
        card.environment,
      );
      assert.equal(code, 1, output);
      const report = JSON.parse(readFileSync(join(scratch, 'story.json'), 'utf8')) as StoryReport;
      const [first] = report.steps.filter(({ ok }) => !ok);
      assert.match(first?.name ?? '', /logs in to the journal with her PIN/);
      assert.ok(report.steps.slice(-1).every(({ ok }) => !ok));
    } finally {
      await stopControl();
      await card.stop();
    }
  });

  it('says what to do where there is no display', async () => {
    const { code, output } = await runDemo(scratch, [], { DISPLAY: '', WAYLAND_DISPLAY: '' });
    assert.equal(code, 2);
    assert.match(output, /no display.*--headless/s);
  });
});

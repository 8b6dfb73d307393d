// The demonstration as its visitors start it, `npm run demo -- --headless --report FILE`, on both cards: it must judge itself
// rightly, leave its pictures, and leave nothing else.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../demo/demo-agent.ts';
import { issueDemoCards } from '../../demo/demo-cards.ts';
import { processesOf } from '../../demo/demo-directory.ts';
import { openPkiDirectory } from '../../demo/pki/pki-directory.ts';
import { type StoryReport } from '../../demo/story-report.ts';
import { serveCardControl } from './card-control-server.ts';
import { cardUnavailable, startCard } from './card-under-test.ts';

const root = join(import.meta.dirname, '../..');

interface Run {
  code: number | null;
  output: string;
}

interface RunningDemo {
  process: ChildProcess;
  output: () => string;
  ended: Promise<Run>;
}

/** Starts the demonstration in a process of its own, with a temporary directory of its own. */
function startDemo(scratch: string, words: readonly string[], environment: Record<string, string> = {}): RunningDemo {
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
  const ended = new Promise<Run>((resolve) => demo.on('close', (code) => resolve({ code, output })));
  return { process: demo, output: () => output, ended };
}

const runDemo = (...how: Parameters<typeof startDemo>): Promise<Run> => startDemo(...how).ended;

describe('npm run demo', function () {
  this.timeout(120_000);
  let scratch = '';
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kb-'));
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  function expectGoodReport({ code, output }: Run): void {
    const report = JSON.parse(readFileSync(join(scratch, 'story.json'), 'utf8')) as StoryReport;
    const failed = report.steps.filter(({ ok }) => !ok);
    assert.deepEqual(failed, [], output);
    assert.equal(report.steps.length, 25);
    assert.equal(code, 0, output);
    const pictures = readdirSync(join(scratch, 'story-pictures'));
    assert.ok(pictures.length >= 27, pictures.join());
    assert.deepEqual(
      readdirSync(scratch).filter((name) => name.startsWith('kortbro-demo-')),
      [],
      'its directory is gone',
    );
  }

  it('tells its stories on the simulated card', async () => {
    expectGoodReport(await runDemo(scratch, ['--headless', '--report', join(scratch, 'story.json')]));
  });

  it('tells its stories on a card in a reader', async function () {
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

  it('opens on a screen, and Ctrl-C leaves nothing behind', async function () {
    if (!existsSync('/usr/bin/Xvfb')) {
      process.stdout.write('    not run: Xvfb is missing (Debian package xvfb)\n');
      this.skip();
    }
    const screen = spawn('/usr/bin/Xvfb', ['-displayfd', '1', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const number = await new Promise<string>((resolve) =>
        screen.stdout.once('data', (text) => resolve(String(text))),
      );
      const demo = startDemo(scratch, [], { DISPLAY: `:${number.trim()}`, WAYLAND_DISPLAY: '' });
      await until(() => demo.output().includes('Ctrl-C'), 20_000, 'the demonstration does not open');
      const control = /http:\/\/localhost:\d+/.exec(demo.output())?.[0] ?? '';
      const moved = await fetch(`${control}/insert/anna`, { method: 'POST', headers: { origin: control } });
      assert.match(await moved.text(), /Anna Testsson\./);
      const [directory = ''] = readdirSync(scratch).filter((name) => name.startsWith('kortbro-demo-'));
      const running = () => processesOf(join(scratch, directory));
      await until(() => running().some(({ part }) => part === 'native-host'), 20_000, 'the browser starts no host');
      demo.process.kill('SIGINT');
      const { code, output } = await demo.ended;
      assert.equal(code, 130, output);
      assert.deepEqual(running(), []);
      // tsx keeps a cache of its own.
      assert.deepEqual(
        readdirSync(scratch).filter((name) => !name.startsWith('tsx-')),
        [],
      );
    } finally {
      screen.kill('SIGTERM');
    }
  });

  it('says what to do where there is no display', async () => {
    const { code, output } = await runDemo(scratch, [], { DISPLAY: '', WAYLAND_DISPLAY: '' });
    assert.equal(code, 2);
    assert.match(output, /no display.*--headless/s);
  });
});

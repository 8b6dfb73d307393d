// The reader watch against a PC/SC library with the faults of real ones (fake-pcsclite.c): what must not be lost, and what must
// not cost a processor. The true library and a card are in pcsc.test.ts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PcscChild } from './pcsc-child.ts';

describe('the reader watch', () => {
  let directory: string;
  let log: string;
  let child: PcscChild | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kortbro-pcsc-'));
    const source = fileURLToPath(new URL('./fake-pcsclite.c', import.meta.url));
    const library = join(directory, 'libpcsclite.so.1');
    const warnings = ['-Wall', '-Wextra', '-Werror', '-I/usr/include/PCSC'];
    await promisify(execFile)('gcc', [...warnings, '-O1', '-shared', '-fPIC', '-o', library, source, '-lpthread']);
  });

  afterEach(async () => {
    await child?.kill();
    child = undefined;
    await rm(log, { force: true });
  });

  after(() => rm(directory, { recursive: true, force: true }));

  const start = (fault: string): PcscChild => {
    log = join(directory, `${fault}.log`);
    child = new PcscChild({ LD_LIBRARY_PATH: directory, FAKE_PCSC: fault, FAKE_PCSC_LOG: log });
    return child;
  };
  const calls = async (letter: string): Promise<number> =>
    existsSync(log) ? (await readFile(log, 'latin1')).split(letter).length - 1 : 0;

  it('tells of sixteen readers, with which the service refuses to wait for more', async () => {
    const { pictures } = start('sixteen-readers');
    const { readers } = await pictures.next('all readers are there', ({ service }) => service === 'running');
    assert.equal(readers.length, 16);
    assert.ok(readers.every(({ eventState }) => eventState === 0x10010));
  });

  it('finds a reader that came between the list and the wait', async () => {
    const { pictures } = start('late-reader');
    await pictures.next('one reader is there', ({ readers }) => readers.length === 1);
    await pictures.next('two readers are there', ({ readers }) => readers.length === 2);
  });

  for (const fault of ['noisy-list', 'unknown-reader']) {
    it(`does not spin with a service that answers for ever at once (${fault})`, async () => {
      const watching = start(fault);
      if (fault === 'noisy-list')
        await watching.pictures.next('one reader is there', ({ readers }) => readers.length === 1);
      while ((await calls('S')) < 5) await wait(50);
      const before = await calls('S');
      // Time must pass for calls to be counted; free-running they would be tens of thousands.
      await wait(1000);
      const more = (await calls('S')) - before;
      assert.ok(more <= 12, `${more} calls in a second`);
    });
  }

  it('ends its thread although the cancel comes before the wait has begun', async () => {
    const watching = start('late-wait');
    await watching.pictures.next('one reader is there', ({ readers }) => readers.length === 1);
    await watching.stopWatch();
    assert.deepEqual(await watching.ended(), { code: 0, signal: null });
    const deadline = performance.now() + 2000;
    while ((await calls('R')) === 0 && performance.now() < deadline) await wait(10);
    assert.equal(await calls('R'), 1, 'the context was given back');
  });
});

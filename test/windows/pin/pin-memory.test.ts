// Where a PIN is while it is typed into kortbro-pin.exe: in one locked page and nowhere else; and after the dialog: nowhere.
// Programs under Wine are processes of this machine, so that their whole memory can be read, Wine's own libraries included.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { pinDialog } from '../../../agent/pin/prompt-texts.ts';
import { pause, within } from '../../native-host/within.ts';
import { scanProcess } from '../../support/memory-scan.ts';
import { type AssuanClient, errors } from './assuan-client.ts';
import { anna, settingLines, site } from './dialog-settings.ts';
import { Desktop, desktopUnavailable } from './desktop.ts';

/** Not a PIN that anything else would contain by chance. */
const pin = '7391826405';

/** X11's key codes of the digits: 10 is 1, 19 is 0. */
const keyCodes = Buffer.from(Array.from(pin, (digit) => (digit === '0' ? 19 : Number(digit) + 9)));

describe('A PIN in the memory of the PIN dialog', function () {
  this.timeout(180_000);
  let desktop: Desktop;
  let client: AssuanClient;
  before(async function () {
    const reason = desktopUnavailable();
    if (reason !== undefined) {
      if (process.env['CI'] !== undefined) throw new Error(reason);
      return this.skip();
    }
    desktop = await Desktop.start();
  });
  after(async () => {
    await (desktop as Desktop | undefined)?.end();
  });
  afterEach(async () => {
    client.hangUp();
    await within(10_000, client.ended, 'the end');
  });

  /** Opens the dialog and types the PIN on the screen's keyboard. */
  async function typePin(seconds = 60): Promise<number> {
    client = await desktop.startDialog();
    for (const line of settingLines(pinDialog('sv', site, anna, { state: 'ok' }, 'first'), seconds))
      await client.ask(line);
    client.send('GETPIN');
    await desktop.witness.dialog();
    desktop.screenKeys('key', ...Array.from(pin));
    const typed = '●'.repeat(pin.length);
    await desktop.witness.until(({ children }) => children.some(({ text }) => text === typed), 'the bullets');
    return desktop.processId(client);
  }

  const sightings = (id: number) => [
    ...scanProcess(id, [pin], 'dialog'),
    ...scanProcess(id, [keyCodes.toString('latin1')], 'key codes'),
  ];

  function assertNowhere(id: number): void {
    assert.deepEqual(sightings(id), []);
    assert.deepEqual(spread(id), []);
    for (const one of desktop.processIds().filter((other) => other !== id)) {
      assert.deepEqual(scanProcess(one, [pin], 'another program'), []);
    }
  }

  it('is in one place while it is typed: a page of its own that is locked', async () => {
    const id = await typePin();
    assert.deepEqual(
      sightings(id).map(({ form }) => form),
      ['text'],
    );
    const locked = lockedMemory(id).filter(({ bytes }) => bytes.includes(pin));
    assert.deepEqual(
      locked.map(({ bytes }) => bytes.length),
      [4096],
    );
    for (const one of desktop.processIds().filter((other) => other !== id)) {
      assert.deepEqual(scanProcess(one, [pin], 'another program'), []);
    }
  });

  const press = (name: string) => () => {
    desktop.screenKeys('key', name);
    return Promise.resolve();
  };
  const ends: [string, () => Promise<void>, string | undefined][] = [
    ['it was given', press('Return'), undefined],
    ['the dialog was called off', press('Escape'), errors.cancelled],
    ['it was taken back', () => takeBack(), errors.cancelled],
  ];
  for (const [name, end, error] of ends) {
    it(`is nowhere after ${name}, as long as the program runs`, async () => {
      const id = await typePin();
      await pause(600);
      await end();
      const reply = await within(10_000, client.reply(), 'an answer');
      assert.deepEqual(reply, error === undefined ? { data: pin, end: 'OK' } : { data: undefined, end: error });
      assertNowhere(id);
      assert.equal((await client.ask('NOP'))?.end, 'OK');
    });
  }

  async function takeBack(): Promise<void> {
    for (let i = 0; i < pin.length; i++) desktop.screenKeys('key', 'BackSpace');
    await desktop.witness.until(({ children }) => !children.some(({ text }) => text.includes('●')), 'no bullets');
    assertNowhere(desktop.processId(client));
    desktop.screenKeys('key', 'Escape');
  }

  it('is nowhere after the time was over', async () => {
    const id = await typePin(4);
    assert.equal((await within(10_000, client.reply(), 'an answer'))?.end, errors.timeout);
    assertNowhere(id);
  });
});

interface Region {
  start: number;
  bytes: Buffer;
}

/** What a process keeps out of swap. */
function lockedMemory(id: number): Region[] {
  return regions(id, (head, rest) => head.includes(' rw') && /^Locked: +[1-9]/m.test(rest));
}

/** Digits (or their key codes) at equal distances, as a queue of key events would keep them: where, and how far apart. */
function spread(id: number): string[] {
  const found: string[] = [];
  for (const { start, bytes } of regions(id, (head) => head.includes(' rw'))) {
    for (const wanted of [Buffer.from(pin), keyCodes]) {
      for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
        for (let step = 2; step <= 512; step++) {
          let length = 1;
          while (length < wanted.length && bytes[at + length * step] === wanted[length]) length++;
          if (length === wanted.length) found.push(`${(start + at).toString(16)} every ${step}`);
        }
      }
    }
  }
  return found;
}

function regions(id: number, isWanted: (head: string, rest: string) => boolean): Region[] {
  const memory = openSync(`/proc/${id}/mem`, 'r');
  try {
    const blocks = readFileSync(`/proc/${id}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    return blocks.flatMap((block) => {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(block) ?? [];
      const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
      if (!isWanted(block.slice(0, block.indexOf('\n')), block) || /^Rss: +0 kB/m.test(block)) return [];
      const bytes = Buffer.alloc(end - start);
      readSync(memory, bytes, 0, bytes.length, start);
      return [{ start, bytes }];
    });
  } finally {
    closeSync(memory);
  }
}

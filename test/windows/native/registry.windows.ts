// Keys as they are, and as they change; written with reg.exe, as an administrator's script would.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readRegistry, type RegistryWatch, watchRegistry } from '../../../agent/native/registry.ts';
import { EventLog } from '../../agent/native/event-log.ts';
import { face, runCode } from './windows-child.ts';

const root = 'SOFTWARE\\Policies\\Kortbro-test';
const reg = (...words: string[]): void => void execFileSync('reg', words, { stdio: 'ignore' });
const regSoon = (...words: string[]): Promise<unknown> => promisify(execFile)('reg', words);
/** Imports a .reg file with this text. */
const imported = async (text: string): Promise<void> => {
  const path = join(tmpdir(), 'kortbro-test.reg');
  writeFileSync(path, `\ufeffWindows Registry Editor Version 5.00\r\n\r\n${text}\r\n`, 'utf16le');
  await regSoon('import', path);
};
const text = (data: Uint8Array | undefined): string =>
  Buffer.from(data ?? [])
    .toString('utf16le')
    .replace(/\0$/, '');

describe('the registry', () => {
  let watch: RegistryWatch | undefined;

  beforeEach(() => reg('add', `HKLM\\${root}`, '/f', '/reg:64'));
  afterEach(() => {
    watch?.stop();
    watch = undefined;
    try {
      reg('delete', `HKLM\\${root}`, '/f', '/reg:64');
    } catch {
      // the test has deleted it
    }
  });

  it('has no key that is not there', () => {
    assert.equal(readRegistry('HKLM', `${root}\\none`), undefined);
    assert.equal(readRegistry('HKLM', 'SOFTWARE\\none\\at\\all'), undefined);
  });

  it('is read as it is: text, numbers, the default value, and the names below', () => {
    const key = `HKLM\\${root}`;
    reg('add', key, '/f', '/reg:64', '/v', 'url', '/t', 'REG_SZ', '/d', 'https://åäö.example.se');
    reg('add', key, '/f', '/reg:64', '/v', 'minutes', '/t', 'REG_DWORD', '/d', '15');
    reg('add', key, '/f', '/reg:64', '/ve', '/t', 'REG_SZ', '/d', 'default');
    reg('add', `${key}\\pin`, '/f', '/reg:64');
    reg('add', `${key}\\sites`, '/f', '/reg:64');
    const { values, subkeys } = readRegistry('HKLM', root)!;
    assert.deepEqual(Object.keys(values).sort(), ['', 'minutes', 'url']);
    assert.deepEqual([values['url']?.type, text(values['url']?.data)], [1, 'https://åäö.example.se']);
    assert.deepEqual([values['']?.type, text(values['']?.data)], [1, 'default']);
    assert.deepEqual(values['minutes'], { type: 4, data: new Uint8Array([15, 0, 0, 0]) });
    assert.deepEqual([...subkeys].sort(), ['pin', 'sites']);
  });

  it('takes a value called __proto__ for a value', () => {
    reg('add', `HKLM\\${root}`, '/f', '/reg:64', '/v', '__proto__', '/t', 'REG_SZ', '/d', 'x');
    const read = readRegistry('HKLM', root);
    assert.ok(Object.keys(read?.values ?? {}).includes('__proto__'));
    assert.equal(Object.getPrototypeOf(read?.values), Object.prototype);
  });

  it('is read in its 64-bit view, and long values too', () => {
    const long = 'x'.repeat(6000);
    reg('add', `HKLM\\${root}`, '/f', '/reg:64', '/v', 'long', '/t', 'REG_SZ', '/d', long);
    assert.equal(text(readRegistry('HKLM', root)?.values['long']?.data), long);
    assert.ok(readRegistry('HKLM', 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion')?.values['CurrentBuild']);
  });

  it('refuses a name with NUL', () => {
    assert.throws(() => readRegistry('HKLM', `${root}\0`), TypeError);
  });

  /** Counts the calls of a watch. */
  const watched = (key: string): EventLog<number> => {
    const calls = new EventLog<number>();
    let count = 0;
    watch = watchRegistry(key, () => calls.add((count += 1)));
    return calls;
  };

  it('tells that the watch has begun, and then a change', async () => {
    const calls = watched(root);
    await calls.next('the watch has begun', () => true);
    await regSoon('add', `HKLM\\${root}`, '/f', '/reg:64', '/v', 'a', '/d', '1');
    await calls.next('a value was set', () => true);
  });

  it('tells a change deep below the key', async () => {
    reg('add', `HKLM\\${root}\\a\\b\\c`, '/f', '/reg:64');
    const calls = watched(root);
    await calls.next('the watch has begun', () => true);
    await regSoon('add', `HKLM\\${root}\\a\\b\\c`, '/f', '/reg:64', '/v', 'deep', '/d', '1');
    await calls.next('a value was set', () => true);
  });

  it('tells that the key was deleted, was made again, and changes in it', async () => {
    const calls = watched(root);
    await calls.next('the watch has begun', () => true);
    await regSoon('delete', `HKLM\\${root}`, '/f', '/reg:64');
    await calls.next('it was deleted', () => true);
    assert.equal(readRegistry('HKLM', root), undefined);
    await regSoon('add', `HKLM\\${root}`, '/f', '/reg:64');
    await calls.next('it was made', () => true);
    await regSoon('add', `HKLM\\${root}`, '/f', '/reg:64', '/v', 'a', '/d', '1');
    await calls.next('a value was set', () => true);
  });

  it('hears of a key that is deleted with all below it and made again, however often', async () => {
    const calls = watched(root);
    await calls.next('the watch has begun', () => true);
    for (let round = 0; round < 10; round++) {
      await imported(`[HKEY_LOCAL_MACHINE\\${root}\\tokens]\r\n"1"="x"`);
      await calls.next(`round ${round}: it was made`, () => readRegistry('HKLM', `${root}\\tokens`) !== undefined);
      await imported(`[-HKEY_LOCAL_MACHINE\\${root}]`);
      await calls.next(`round ${round}: it was deleted`, () => readRegistry('HKLM', root) === undefined);
    }
  });

  it('waits for a key of which not even the way is there', async () => {
    const calls = watched(`${root}\\x\\y`);
    await calls.next('the watch has begun', () => true);
    await regSoon('add', `HKLM\\${root}\\x`, '/f', '/reg:64');
    await regSoon('add', `HKLM\\${root}\\x\\y`, '/f', '/reg:64', '/v', 'a', '/d', '1');
    await calls.next('it was made', () => true);
    assert.ok(readRegistry('HKLM', `${root}\\x\\y`));
  });

  it('is silent about what is beside the key', async () => {
    reg('add', `HKLM\\${root}\\mine`, '/f', '/reg:64');
    const calls = watched(`${root}\\mine`);
    await calls.next('the watch has begun', () => true);
    await regSoon('add', `HKLM\\${root}\\other`, '/f', '/reg:64', '/v', 'a', '/d', '1');
    await regSoon('add', `HKLM\\${root}\\mine`, '/f', '/reg:64', '/v', 'a', '/d', '1');
    await calls.next('its own change came', () => true);
    assert.equal(calls.all.length, 2);
  });

  it('lets its process end once the watch has stopped', async () => {
    const { output, code } = await runCode(
      `import { watchRegistry } from '${face('registry')}';
       const watch = watchRegistry(${JSON.stringify(root)}, () => { process.stdout.write('began'); watch.stop(); });`,
    );
    assert.deepEqual({ output, code }, { output: 'began', code: 0 });
  });
});

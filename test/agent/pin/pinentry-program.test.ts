// Which pinentry program is run: the one that policy names and no other, else the first of the list; never one that others than
// its owners can change.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPinentry, knownPrograms } from '../../../agent/pin/pinentry-program.ts';
import { kortbroError } from '../fake-backend.ts';
import { ScriptedPinentry } from './scripted-pinentry.ts';

const isRoot = process.getuid?.() === 0;

describe('The pinentry program', () => {
  const refused = kortbroError('ERR_PIN_PROMPT');

  it('is the one that policy names', () => {
    const pinentry = new ScriptedPinentry();
    assert.equal(findPinentry(pinentry.program), pinentry.program);
    pinentry.remove();
    assert.throws(() => findPinentry(pinentry.program), refused);
  });

  it('is not looked for elsewhere when the one that policy names is no file', () => {
    assert.throws(() => findPinentry(tmpdir()), refused);
    assert.throws(() => findPinentry('/dev/null'), refused);
    assert.throws(() => findPinentry('/etc/hostname/pinentry'), refused);
  });

  it('is none that group or others could change', () => {
    const pinentry = new ScriptedPinentry();
    try {
      for (const [path, mode] of [
        [pinentry.program, 0o775],
        [pinentry.program, 0o757],
        [pinentry.directory, 0o770],
      ] as const) {
        chmodSync(path, mode);
        assert.throws(() => findPinentry(pinentry.program), refused, `${path} ${mode.toString(8)}`);
        chmodSync(path, 0o755);
        assert.equal(findPinentry(pinentry.program), pinentry.program);
      }
    } finally {
      pinentry.remove();
    }
  });

  it('is else the first that is there of a list of absolute paths that needs no terminal', () => {
    const first = knownPrograms.find((path) => existsSync(path));
    if (first === undefined) assert.throws(() => findPinentry(undefined), refused);
    else assert.equal(findPinentry(undefined), first);
    assert.ok(knownPrograms.every((path) => path.startsWith('/usr/bin/') && !/curses|tty/.test(path)));
  });

  describe('of a packaged agent', () => {
    let built: string;
    before(async () => {
      built = mkdtempSync(join(tmpdir(), 'kortbro-packaged-'));
      const { bundle, declareCommonJs } = (await import(
        new URL('../../../installer/bundle.mjs', import.meta.url).href
      )) as {
        bundle: (options: { entry: string; outfile: string; development: boolean }) => Promise<string[]>;
        declareCommonJs: (directory: string) => Promise<void>;
      };
      await declareCommonJs(built);
      const source = fileURLToPath(new URL('../../../agent/pin/pinentry-program.ts', import.meta.url));
      const entry = join(built, 'ask.ts');
      writeFileSync(
        entry,
        `import { findPinentry } from ${JSON.stringify(source)};
        try { process.stdout.write(findPinentry(process.argv[2])); }
        catch (error) { process.stdout.write((error as { code: string }).code); }`,
      );
      await bundle({ entry, outfile: join(built, 'ask.js'), development: false });
    });
    after(() => rmSync(built, { recursive: true, force: true }));
    const found = (program: string) => execFileSync(process.execPath, [join(built, 'ask.js'), program]).toString();

    it('is root\u2019s and nobody else\u2019s: none below a directory that everybody can write to', () => {
      const directory = mkdtempSync('/tmp/kortbro-pinentry-');
      const program = join(directory, 'pinentry');
      writeFileSync(program, '', { mode: 0o755 });
      assert.equal(found(program), 'ERR_PIN_PROMPT');
      rmSync(directory, { recursive: true });
    });

    it('is taken from a directory of root\u2019s', function () {
      // Only root can make files that are root's.
      if (!isRoot) return this.skip();
      const directory = mkdtempSync(join(homedir(), '.kortbro-pinentry-'));
      const program = join(directory, 'pinentry');
      try {
        writeFileSync(program, '', { mode: 0o755 });
        assert.equal(found(program), program);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  });
});

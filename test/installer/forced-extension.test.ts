// The real Chromium installs our package by the policy that docs/deploy-windows.md tells IT to set, from a server on this computer.
// Needs root and mount namespaces: the policy stands in a private /etc/chromium that nobody else sees.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyVariable } from '../../installer/extension/identity.mjs';
import { crxName, updateName, writeExtensionPackage } from '../../installer/extension/pack.ts';
import { productVersion } from '../../shared/names.ts';

const chromium = '/usr/bin/chromium';
const hasNamespaces = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

describe('Chromium with the policy ExtensionInstallForcelist', function () {
  this.timeout(120_000);
  let directory: string;
  let server: Server;
  let browser: ChildProcess | undefined;

  before(function () {
    if (!hasNamespaces) this.skip();
    directory = mkdtempSync(join(tmpdir(), 'kortbro-forced-'));
    server = createServer((request, response) => {
      const name = (request.url ?? '').slice(1).replace(/\?.*/, '');
      if (name !== crxName && name !== updateName) return void response.writeHead(404).end();
      const type = name === crxName ? 'application/x-chrome-extension' : 'application/xml';
      response.writeHead(200, { 'content-type': type }).end(readFileSync(join(directory, 'packages', name)));
    });
  });
  after(async function () {
    if (browser !== undefined && browser.exitCode === null) {
      browser.kill();
      await once(browser, 'exit');
    }
    if (!hasNamespaces) return;
    server.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  it('installs the extension that was built for a key of the organisation and signed with it', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const keyFile = join(directory, 'key.pem');
    writeFileSync(keyFile, privateKey, { mode: 0o600 });
    const builder = fileURLToPath(new URL('../../installer/build-extension.mjs', import.meta.url));
    const build = spawnSync(process.execPath, [builder, '--out', join(directory, 'dist')], {
      env: { ...process.env, [keyVariable]: keyFile },
      encoding: 'utf8',
    });
    assert.equal(build.status, 0, build.stderr);

    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { id, policy } = writeExtensionPackage({
      extension: join(directory, 'dist/extension'),
      privateKey,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      out: join(directory, 'packages'),
    });

    const version = await installedVersion(id, { ExtensionInstallForcelist: [policy] });
    assert.equal(version, productVersion);
    const installed = join(directory, 'profile/Default/Extensions', id, `${version}_0`, 'manifest.json');
    assert.equal((JSON.parse(readFileSync(installed, 'utf8')) as { version: string }).version, productVersion);
  });

  /** Starts Chromium under `policy` and waits until it has installed the extension. */
  async function installedVersion(id: string, policy: object): Promise<string> {
    const profile = join(directory, 'profile');
    const folder = join(profile, 'Default/Extensions');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(directory, 'policy.json'), JSON.stringify(policy));
    const words = ['--headless=new', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-component-update'];
    const script = `mount -t tmpfs none /etc/chromium && mkdir -p /etc/chromium/policies/managed &&
      cp "$1" /etc/chromium/policies/managed/ && shift && exec "$@"`;
    const started = spawn(
      'unshare',
      [
        ...['-m', 'sh', '-c', script, 'sh', join(directory, 'policy.json')],
        ...[chromium, ...words, '--disable-sync', `--user-data-dir=${profile}`, 'about:blank'],
      ],
      { stdio: 'ignore' },
    );
    browser = started;
    return new Promise((resolve, reject) => {
      started.once('exit', (code) => reject(new Error(`Chromium ended with ${String(code)}`)));
      const watcher = watch(folder, { recursive: true }, () => {
        const [found] = names(join(folder, id)).filter((name) =>
          names(join(folder, id, name)).includes('manifest.json'),
        );
        if (found === undefined) return;
        watcher.close();
        resolve(found.replace(/_\d+$/, ''));
      });
    });
  }
});

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { pemCertificate } from '../../demo/pki/pki-directory.ts';
import { createTestPki, type TestPki } from '../../demo/pki/pki.ts';
import { SIGNATURE_ERROR_TEXT, TOKEN_ERROR_TEXT } from '../../relying-party/src/index.ts';
import { issueAnna, signToken } from './login-fixture.ts';
import { logoutBody, renewBody } from './logout-site.ts';

const path = (name: string) => join(import.meta.dirname, '../../', name);
const readme = readFileSync(path('relying-party/README.md'), 'utf8');

describe('the README of the relying party', () => {
  it('has every error code with its sentence, and no other', () => {
    const rowsOf = (text: string) =>
      [...text.matchAll(/^\| `(ERR_[A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, sentence]) => [code, sentence]);
    const [before = '', behind = ''] = readme.split('## Several servers');
    assert.deepEqual(rowsOf(before), Object.entries(SIGNATURE_ERROR_TEXT));
    assert.deepEqual(rowsOf(behind), Object.entries(TOKEN_ERROR_TEXT));
  });
});

describe("the README's whole server", function () {
  this.timeout(20_000);
  const host = 'journal.example.org';
  let directory = '';
  let server: ChildProcess | undefined;
  let pki: TestPki;
  let port = 0;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-readme-'));
    pki = await createTestPki({ keyKind: 'ec-p256' });
    const tls = await pki.issueServer([host]);
    const files = {
      'ca/root.pem': pemCertificate(pki.root),
      'ca/person-hsa-id-3.pem': pemCertificate(pki.issuers.hsaId3),
      'tls/key.pem': tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'tls/cert.pem': pemCertificate(tls.certificate),
      'journal.mjs': example().replace("'@kortbro/relying-party'", JSON.stringify(path('relying-party/src/index.ts'))),
    };
    for (const folder of ['ca', 'tls']) mkdirSync(join(directory, folder));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    port = await freePort();
    server = spawn(
      process.execPath,
      ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, 'journal.mjs'],
      {
        cwd: directory,
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    while ((await ask('GET /me').catch(() => undefined)) === undefined) {
      assert.equal(server.exitCode, null, 'the server has ended');
      await wait(50);
    }
  });
  after(() => {
    server?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  interface Answer {
    status: number;
    cookie: string;
    body: Record<string, unknown>;
  }

  function ask(route: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
    const [method, address] = route.split(' ');
    return new Promise((resolve, reject) => {
      const question = request(
        {
          hostname: '127.0.0.1',
          port,
          servername: host,
          ca: pemCertificate(pki.tlsRoot),
          agent: false,
          method,
          path: address,
          headers,
        },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => {
            const cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
            resolve({ status: response.statusCode ?? 0, cookie, body: JSON.parse(text) as Answer['body'] });
          });
        },
      );
      question.on('error', reject);
      question.end(body);
    });
  }

  const origin = `https://${host}`;
  const call = async (body: string) => (await ask('POST /logout-call', {}, body)).status;

  async function beginLogin() {
    const { cookie, body } = await ask('POST /login/nonce', { origin });
    const { nonce, logout } = body as { nonce: string; logout: { url: string; token: string; leaseSeconds: number } };
    assert.equal(logout.url, `${origin}/logout-call`);
    assert.equal(logout.leaseSeconds, 60);
    const token = JSON.stringify(signToken(await issueAnna(pki), { nonce }));
    return { logout: logout.token, finish: () => ask('POST /login', { origin, cookie }, token) };
  }

  const statusOfMe = async (cookie: string) => (await ask('GET /me', { cookie })).status;

  it('lets in who has signed, until the card leaves', async () => {
    const { logout, finish } = await beginLogin();
    assert.equal(await call(renewBody(logout)), 202);
    const { status, cookie, body } = await finish();
    assert.deepEqual([status, body], [200, { name: 'Anna Testsson' }]);
    assert.equal(await statusOfMe(cookie), 200);
    assert.equal(await call(renewBody(logout)), 200);
    assert.equal(await call(logoutBody(logout)), 200);
    assert.equal(await statusOfMe(cookie), 401);
    assert.equal(await call(logoutBody(logout)), 200);
    assert.equal(await call(renewBody(logout)), 410);
  });

  it('makes no session for who has left already', async () => {
    const { logout, finish } = await beginLogin();
    assert.equal(await call(logoutBody(logout)), 200);
    const { status, cookie, body } = await finish();
    assert.deepEqual([status, cookie, body], [401, '', { code: 'ERR_LOGGED_OUT' }]);
  });

  it('has a logout of its own', async () => {
    const { logout, finish } = await beginLogin();
    const { cookie } = await finish();
    assert.equal((await ask('POST /logout', { cookie })).status, 403);
    assert.equal(await statusOfMe(cookie), 200);
    assert.equal((await ask('POST /logout', { origin, cookie })).status, 200);
    assert.equal(await statusOfMe(cookie), 401);
    assert.equal(await call(renewBody(logout)), 410);
  });

  it('refuses what is no call', async () => {
    assert.equal(await call('{}'), 400);
    assert.equal(await call(logoutBody('A'.repeat(43))), 404);
    assert.equal((await ask('POST /logout-call', {}, 'x'.repeat(3_000))).status, 500);
  });
});

/** The block that begins with the name of its file. */
function example(): string {
  const code = /```js\n(\/\/ journal\.js\n.*?)```/s.exec(readme)?.[1];
  assert.ok(code);
  return code;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

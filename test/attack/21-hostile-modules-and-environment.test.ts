// 21: drivers and dialog programs that nobody should run, and environments that would put somebody between them and us.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { findOpenscModule } from '../card/card-stack.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { environmentOf } from '../support/processes.ts';
import { honestLogin, impose, journal, newNonce, sites, startTarget, type Target, withoutKeyUse } from './target.ts';

const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;
const asRoot = isRoot ? '' : ' (not run: the environment of what is not dumpable is for root to read)';

describe('21 hostile modules and environments', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    // What a user could put into the environment of his session to get at the driver or at Node.
    const environment = {
      NODE_OPTIONS: '--title=hostile',
      PKCS11SPY: '/tmp/none.so',
      PKCS11SPY_OUTPUT: '/tmp/none.log',
      OPENSC_DEBUG: '9',
      OPENSC_CONF: '/tmp/none.conf',
      SSLKEYLOGFILE: '/tmp/none.keys',
      NODE_EXTRA_CA_CERTS: '/tmp/none.pem',
      OPENSSL_CONF: '/tmp/none.cnf',
      GLIBC_TUNABLES: 'glibc.malloc.check=0',
    };
    target = await startTarget({ environment });
    host = await target.agent.host();
    await honestLogin(target, host);
  });
  after(async () => target.agent.stop());

  const login = async (origin: string = journal): Promise<string | undefined> =>
    codeOf(await host.authenticate(origin, newNonce()).answer);

  itAsRoot(`nothing of the user's environment reaches the driver, or Node${asRoot}`, () => {
    const [moduleHost = -1] = target.agent.processesNamed('module-host');
    const environment = environmentOf(moduleHost);
    for (const name of [
      'NODE_OPTIONS',
      'PKCS11SPY',
      'PKCS11SPY_OUTPUT',
      'OPENSC_DEBUG',
      'SSLKEYLOGFILE',
      'NODE_EXTRA_CA_CERTS',
      'OPENSSL_CONF',
      'LD_PRELOAD',
    ])
      assert.ok(!(name in environment), name);
    assert.equal(environment['OPENSC_CONF'], join(target.agent.dist, 'agent/opensc.conf'));
    assert.notEqual(environment['GLIBC_TUNABLES'], 'glibc.malloc.check=0');
  });

  itAsRoot(`an agent that a native host starts gets none of what would load code into it${asRoot}`, async () => {
    await target.agent.kill('SIGTERM');
    host = await target.agent.host();
    const { processId = -1 } = target.agent;
    const environment = environmentOf(processId);
    for (const name of ['NODE_OPTIONS', 'PKCS11SPY', 'PKCS11SPY_OUTPUT']) assert.ok(!(name in environment), name);
    await honestLogin(target, host);
  });

  describe('modules and dialog programs', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'kortbro-module-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    /** Asks an agent with another source of tokens for a login. */
    async function codeWith(policy: PolicyFile): Promise<string | undefined> {
      const agent = await AgentUnderTest.start({ policy });
      try {
        const asker = await agent.host();
        return codeOf(await asker.authenticate(journal, newNonce()).answer);
      } finally {
        await agent.stop();
      }
    }

    it('a module that others could replace is not loaded: its code does not run', async function () {
      if (spawnSync('gcc', ['--version']).status !== 0) return this.skip();
      // In a folder below the temporary one, where anybody may put anything; it would leave a mark when loaded.
      const [source, module, mark] = ['module.c', 'module.so', 'mark'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(
        source,
        `#include <fcntl.h>\n__attribute__((constructor)) static void loaded(void) { open("${mark}", O_CREAT | O_WRONLY, 0600); }\n`,
      );
      execFileSync('gcc', ['-shared', '-fPIC', '-o', module, source]);
      assert.match(
        (await codeWith({ tokens: [{ type: 'pkcs11', module }] })) ?? '',
        /^ERR_(AGENT_DRIVER_MISSING|CARD_SERVICE|CARD_NO_READER)$/,
      );
      assert.equal(existsSync(mark), false, 'the module was loaded');
    });

    it('what is no module, is not there, or is a directory, is told and crashes nothing', async () => {
      const text = join(folder, 'text.so');
      writeFileSync(text, 'no module');
      const [passwd, missing, directory] = ['/etc/passwd', '/usr/lib/none.so', '/usr/lib'];
      const modules = [passwd, missing, directory].map((module) => ({ type: 'pkcs11' as const, module }));
      assert.match(
        (await codeWith({ tokens: modules })) ?? '',
        /^ERR_(AGENT_DRIVER_MISSING|CARD_SERVICE|CARD_NO_READER)$/,
      );
    });

    it('a dialog program that is not there, or is no program, is ERR_PIN_PROMPT, and no PIN is asked elsewhere', async () => {
      const text = join(folder, 'dialog');
      writeFileSync(text, 'no program', { mode: 0o600 });
      for (const program of ['/usr/bin/none', '/usr/bin', text, '/bin/false', '/bin/true', '/dev/null']) {
        await impose(target, host, { sites, pin: { program } });
        await host.ask({ verb: 'forget-pin', caller: { kind: 'user' } }).answer;
        await withoutKeyUse(target, async () => assert.equal(await login(), 'ERR_PIN_PROMPT', program));
      }
      await impose(target, host, { sites });
      await honestLogin(target, host);
    });
  });

  it("a packaged agent reads no policy but the machine's, and knows no simulated card", async function () {
    if (existsSync('/etc/kortbro/policy.json')) return this.skip();
    const { bundle, declareCommonJs } = (await import(new URL('../../installer/bundle.mjs', import.meta.url).href)) as {
      bundle: (options: { entry: string; outfile: string; development: boolean }) => Promise<string[]>;
      declareCommonJs: (directory: string) => Promise<void>;
    };
    const dist = mkdtempSync(join(tmpdir(), 'kortbro-packaged-'));
    try {
      await declareCommonJs(dist);
      const entry = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;
      for (const [source, outfile] of [
        ['agent/main.ts', 'agent/main.js'],
        ['agent/tokens/module-host-main.ts', 'agent/module-host.js'],
        ['native-host/main.ts', 'native-host/main.js'],
      ] as const)
        await bundle({ entry: entry(source), outfile: join(dist, outfile), development: false });
      for (const name of ['agent/kortbro.node', 'agent/opensc.conf'])
        writeFileSync(join(dist, name), readFileSync(join(target.agent.dist, name)));
      assert.ok(!readFileSync(join(dist, 'agent/module-host.js'), 'utf8').includes('Simulated reader'));
      mkdirSync(join(dist, 'extension'), { recursive: true });
      const packaged = await AgentUnderTest.start({ dist, policy: { sites } });
      try {
        assert.deepEqual(
          packaged
            .audit()
            .filter(({ event }) => event === 'agent-started')
            .map(({ policy }) => policy),
          ['defaults'],
        );
        const asker = await packaged.host();
        const code = codeOf(await asker.authenticate(journal, newNonce()).answer);
        assert.match(code ?? '', findOpenscModule() === undefined ? /^ERR_/ : /^ERR_CARD_(SERVICE|NO_READER|ABSENT)$/);
      } finally {
        await packaged.stop();
      }
    } finally {
      rmSync(dist, { recursive: true, force: true });
    }
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extensionOrigin } from '../../../agent/commands/install/host-manifest.ts';
import { writeSimulatedCard } from '../../../agent/tokens/simulator/simulated-card-file.ts';
import { anna } from '../../../demo/pki/persons.ts';
import { createTestPki } from '../../../demo/pki/pki.ts';
import { encodeFrame } from '../../../shared/framing.ts';
import { nativeHostName } from '../../../shared/names.ts';
import { builtPrograms, gone, newUser, type TestUser } from './kortbro-programs.ts';

/** What the extension says first, framed as the browser does it. */
const helloFrame = encodeFrame(Buffer.from(JSON.stringify({ type: 'hello', protocol: 1, version: 'x' })), 1000);

interface Report {
  version: string;
  findings: { check: string; state: string; detail: string; whatToDo: string }[];
}

async function writeAnnasCard(directory: string): Promise<void> {
  const pki = await createTestPki({ keyKind: 'ec-p256' });
  const kinds = [
    ['45', 'hsa-id', 'authentication'],
    ['46', 'personal-number', 'authentication'],
    ['47', 'hsa-id', 'signature'],
  ] as const;
  const certificates = await Promise.all(
    kinds.map(async ([id, identity, kind]) => {
      const { certificate, privateKey } = await pki.issuePerson({ person: anna, kind, identity });
      return {
        id,
        label: `${kind} ${identity}`,
        certificate,
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    }),
  );
  writeSimulatedCard(directory, 'anna', { label: 'Anna Testsson', serialNumber: '0101', pin: '246810', certificates });
}

describe('The kortbro command, with the real programs and a simulated card', () => {
  let user: TestUser;
  before(async function () {
    this.timeout(60_000);
    await builtPrograms();
  });
  beforeEach(async () => (user = await newUser()));
  afterEach(() => user.remove());

  const withCard = async () => {
    await writeAnnasCard(user.simulatorDirectory);
    // Starts the agent, and with it the simulator.
    assert.equal((await user.run(['status'])).code, 0);
    await user.simulator.insert('anna');
    const deadline = performance.now() + 5_000;
    while (!(await user.run(['status', '--json'])).output.includes('"ready"')) assert.ok(performance.now() < deadline);
  };
  const doctor = async (environment: Record<string, string> = {}) => {
    const { code, output } = await user.run(['doctor', '--json'], environment);
    const { findings } = JSON.parse(output) as Report;
    return { code, findings, of: (check: string) => findings.filter((finding) => finding.check === check) };
  };

  it('starts the agent when none runs, and tells its state', async () => {
    const { code, output, errors } = await user.run(['status']);
    assert.deepEqual([code, errors], [0, '']);
    assert.match(output, /^Kortbro +0\.1\.0$/m);
  });

  it('shows the card and its holder in the language of the locale', async () => {
    await withCard();
    const { code, output } = await user.run(['status'], { LANG: 'sv_SE.UTF-8' });
    assert.equal(code, 0);
    assert.match(output, /^Kortläsare +Simulated reader 1$/m);
    assert.match(output, /^Innehavare +Anna Testsson$/m);
    assert.match(output, /^Ihågkommen +nej$/m);
  });

  it('lists every certificate and masks the personal number, for people and scripts alike', async () => {
    await withCard();
    const human = await user.run(['certificates']);
    assert.equal(human.code, 0);
    assert.equal(human.output.split('\n\n').length, 3);
    assert.match(human.output, /^Id +SE0000000000-1ABC$/m);
    assert.match(human.output, /^Id +19900101\*{4}$/m);
    const script = await user.run(['certificates', '--json']);
    const { certificates } = JSON.parse(script.output) as { certificates: { holderId: string; usage: string }[] };
    assert.deepEqual(certificates.map(({ usage }) => usage).sort(), ['authentication', 'authentication', 'signature']);
    assert.doesNotMatch(human.output + script.output, /199001012385/);
  });

  it('forgets the PIN: the card is reset, and nothing was remembered before', async () => {
    await withCard();
    const { resets: before = 0 } = (await user.simulator.state()).cards['anna'] ?? {};
    const { code, output } = await user.run(['forget-pin']);
    assert.deepEqual([code, output], [0, 'No PIN was remembered. It is needed at the next login.\n']);
    const { resets, verified } = (await user.simulator.state()).cards['anna'] ?? {};
    assert.deepEqual([resets, verified], [before + 1, false]);
    assert.deepEqual(JSON.parse((await user.run(['forget-pin', '--json'])).output), { ended: 0 });
  });

  it('answers with sentence, code and exit code 1 when the policy is broken', async () => {
    user.policy('{');
    const { code, output, errors } = await user.run(['certificates'], { LC_ALL: 'sv_SE.UTF-8' });
    assert.deepEqual([code, output], [1, '']);
    assert.equal(
      errors,
      'Kortbros inställningar på den här datorn är felaktiga. Kontakta support.\nERR_POLICY_INVALID\n',
    );
    const script = await user.run(['certificates', '--json']);
    assert.equal(script.code, 1);
    assert.equal((JSON.parse(script.output) as { error: { code: string } }).error.code, 'ERR_POLICY_INVALID');
  });

  it('answers with exit code 3 when the way to the agent is not safe', async () => {
    mkdirSync(join(user.directory, 'run/kortbro'), { mode: 0o755 });
    execFileSync('chmod', ['755', join(user.directory, 'run/kortbro')]);
    const { code, errors } = await user.run(['status']);
    assert.equal(code, 3);
    assert.match(errors, /\nERR_AGENT_ENDPOINT\n$/);
  });

  it('answers an unknown command and option with the usage and exit code 2, and starts nothing', async () => {
    for (const words of [['bogus'], ['status', '--nope'], []]) {
      const { code, output, errors } = await user.run(words);
      assert.deepEqual([code, output], [2, '']);
      assert.match(errors, /Usage: kortbro/);
    }
    assert.deepEqual(readdirSync(join(user.directory, 'run')), []);
  });

  it('ends with 130 on Ctrl-C, calls the request off, and leaves no native host', async () => {
    await withCard();
    await user.simulator.hangAt('bind');
    await user.simulator.remove();
    await user.simulator.insert('anna');
    const { process: command, ended } = user.start(['certificates']);
    const audit = () => readFileSync(join(user.directory, 'state/kortbro/audit.jsonl'), 'utf8');
    const connected = audit().split('"peer-connected"').length;
    const deadline = performance.now() + 5_000;
    while (audit().split('"peer-connected"').length === connected) {
      assert.ok(performance.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    command.kill('SIGINT');
    const { code, errors } = await ended;
    assert.equal(code, 130);
    assert.match(errors, /ERR_REQUEST_CANCELLED/);
    assert.match(audit(), /"request-refused".*"certificates".*"ERR_REQUEST_CANCELLED"/);
  });

  it('does not mind a reader that has enough', async () => {
    const dist = await builtPrograms();
    const shell = `"$1" "$2" certificates --help | head -c 1 >/dev/null`;
    execFileSync('/bin/bash', ['-o', 'pipefail', '-c', shell, '-', process.execPath, join(dist, 'agent/kortbro.js')]);
  });

  describe('doctor', () => {
    it('finds agent, simulated cards and policy in order, and says what is not', async () => {
      await withCard();
      const { findings, of } = await doctor();
      for (const check of [
        'installation',
        'node',
        'agent',
        'runtime-directory',
        'policy',
        'drivers',
        'readers',
        'card',
      ]) {
        assert.deepEqual(
          of(check)
            .map(({ state }) => state)
            .slice(0, 1),
          ['ok'],
          check,
        );
      }
      assert.match(of('card')[0]?.detail ?? '', /can be used/);
      assert.equal(of('autostart')[0]?.state, 'warning');
      assert.ok(findings.every(({ state, whatToDo }) => (state === 'ok') === (whatToDo === '')));
      assert.doesNotMatch(JSON.stringify(findings), /Testsson|1ABC/);
    });

    it('names line and reason of a broken policy', async () => {
      user.policy('{\n  "tokens": [],\n  "pinn": {}\n}');
      const { code, of } = await doctor();
      assert.equal(code, 1);
      assert.match(of('policy')[0]?.detail ?? '', /line 3: .*pinn/);
    });

    it('says which module is missing and which may not be loaded, and what stopped', async () => {
      const writable = join(user.directory, 'module.so');
      writeFileSync(writable, '');
      user.policy({ tokens: ['/usr/lib/no-such-module.so', writable].map((module) => ({ type: 'pkcs11', module })) });
      const { code, of } = await doctor({ PCSCLITE_CSOCK_NAME: join(user.directory, 'none') });
      assert.equal(code, 1);
      const details = of('drivers')
        .map(({ detail }) => detail)
        .join('\n');
      assert.match(details, /no-such-module\.so is not used: .*does not exist/);
      assert.match(details, /module\.so is not used: others than root can write to/);
      assert.match(of('card-service')[0]?.detail ?? '', /PCSCLITE_CSOCK_NAME points to .*none/);
    });

    it('sees a manifest that lets another extension in, and the one that install writes', async () => {
      const hosts = join(user.home, '.config/chromium/NativeMessagingHosts');
      mkdirSync(hosts, { recursive: true });
      const manifest = join(hosts, `${nativeHostName}.json`);
      const wrong = {
        name: nativeHostName,
        description: '',
        path: '/bin/true',
        type: 'stdio',
        allowed_origins: ['chrome-extension://a/'],
      };
      writeFileSync(manifest, JSON.stringify(wrong));
      const chromium = async () =>
        (await doctor()).of('native-host').find(({ detail }) => detail.startsWith('Chromium'));
      assert.match((await chromium())?.detail ?? '', /does not let the extension .* in/);
      rmSync(manifest);
      assert.equal((await user.run(['install', '--user'])).code, 0);
      assert.equal((await chromium())?.state, 'ok');
    });

    it('tells an agent that cannot be reached, and still reports everything else', async () => {
      mkdirSync(join(user.directory, 'run/kortbro'));
      execFileSync('chmod', ['777', join(user.directory, 'run/kortbro')]);
      const { code, findings, of } = await doctor();
      assert.equal(code, 1);
      assert.match(of('agent')[0]?.detail ?? '', /ERR_AGENT_ENDPOINT/);
      assert.equal(of('runtime-directory')[0]?.state, 'problem');
      assert.ok(findings.length > 8);
    });
  });

  describe('install --user', () => {
    it('writes a launcher that speaks for Kortbro, and uninstall leaves nothing', async () => {
      mkdirSync(join(user.home, '.config/chromium'), { recursive: true });
      assert.equal((await user.run(['install', '--user'])).code, 0);
      const manifest = join(user.home, `.config/chromium/NativeMessagingHosts/${nativeHostName}.json`);
      const { path } = JSON.parse(readFileSync(manifest, 'utf8')) as { path: string };
      // The agent runs already, so that the host below starts none that nobody would end.
      assert.equal((await user.run(['status'])).code, 0);
      const answer = execFileSync(path, [extensionOrigin], { env: user.environment, input: helloFrame, stdio: 'pipe' });
      assert.match(answer.toString('latin1'), /"type":"agent","state":"connecting"/);
      // A caller that is no extension of ours is turned away by the native host itself.
      assert.throws(
        () => execFileSync(path, ['chrome-extension://another/'], { env: user.environment, stdio: 'pipe' }),
        (error) => error instanceof Error && 'status' in error && error.status === 2,
      );
      assert.equal((await user.run(['uninstall', '--user'])).code, 0);
      assert.deepEqual(readdirSync(user.home, { recursive: true }).sort(), ['.config', join('.config', 'chromium')]);
    });

    it('refuses a foreign file with exit code 1, on standard error', async () => {
      mkdirSync(join(user.home, '.config/autostart'), { recursive: true });
      writeFileSync(join(user.home, '.config/autostart/kortbro-agent.desktop'), 'foreign');
      const { code, output, errors } = await user.run(['install', '--user'], { LANG: 'sv_SE.UTF-8' });
      assert.deepEqual([code, output], [1, '']);
      assert.match(errors, /I vägen .*\nIngenting ändrades/);
      assert.ok(!existsSync(join(user.home, '.local')));
    });
  });

  it('says that Kortbro was restarted when the agent is killed while it works', async () => {
    await withCard();
    await user.simulator.hangAt('bind');
    await user.simulator.remove();
    await user.simulator.insert('anna');
    const agent = user.agentProcess();
    const { ended } = user.start(['certificates']);
    const audit = () => readFileSync(join(user.directory, 'state/kortbro/audit.jsonl'), 'utf8');
    const connected = audit().split('"peer-connected"').length;
    const deadline = performance.now() + 5_000;
    while (audit().split('"peer-connected"').length === connected) {
      assert.ok(performance.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.kill(agent, 'SIGKILL');
    await gone(agent);
    const { code, errors } = await ended;
    assert.equal(code, 3);
    assert.match(errors, /ERR_AGENT_STOPPED/);
  });
});

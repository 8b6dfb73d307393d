// 14: somebody else has the pipe that the native host is led to, or the file that leads there. The host speaks only where the name
// is one of the product's on this machine, proves nothing before the other has, and says nothing to one who cannot.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from '../../../demo/demo-agent.ts';
import { windowsPath, type WineProcess } from '../lane/wine.ts';
import { attackDesk, type AttackDesk, codeOf, describeAtDesk, journal, newNonce, profile } from './attack-desk.ts';
import { type Behaviour, behaviours } from './pipe-squatter.ts';

const squatterProgram = windowsPath(fileURLToPath(new URL('pipe-squatter.ts', import.meta.url)));

interface Line {
  readonly name: string;
  readonly listening?: true;
  readonly connected?: true;
  readonly heard?: string;
}

describeAtDesk('14 pipe squatting on Windows', function () {
  this.timeout(60_000);
  let desk: AttackDesk;
  /** The endpoint file, and what the agent has written there. */
  let file: string;
  let honestText: string;
  let agents: number[];

  before(async () => {
    desk = await attackDesk();
    await desk.honest();
    file = desk.disk(`${profile}\\sessions\\1\\endpoint.json`);
    honestText = readFileSync(file, 'utf8');
    agents = desk.ownProcesses('kortbro-agent.exe');
  });
  afterEach(async () => {
    // The one that was there before, with its module host, and it lets honest programs in.
    assert.deepEqual(desk.ownProcesses('kortbro-agent.exe'), agents);
    const host = await desk.host().ready();
    await host.end();
  });

  after(() => desk.honest());

  /** What a new native host tells of the agent, and what it answers to a login. */
  async function refusal(): Promise<[string | undefined, string | undefined]> {
    const host = desk.host();
    const gone = await host.until((message) => message.type === 'agent' && message.state === 'gone');
    const answer = codeOf(await host.authenticate(journal, newNonce()).answer);
    const { exit } = await host.end();
    assert.equal(exit.code, 0);
    return [gone.type === 'agent' ? gone.error?.code : undefined, answer];
  }

  /** The refusal while the endpoint file says something else; nothing of the card is used. */
  async function refusalOf(text: string): Promise<[string | undefined, string | undefined]> {
    writeFileSync(file, text);
    try {
      return await desk.withoutKeyUse(refusal);
    } finally {
      writeFileSync(file, honestText);
    }
  }

  const withSocket = (socket: string): string => JSON.stringify({ ...(JSON.parse(honestText) as object), socket });
  const randomName = (end: string): string => desk.endpoint().socket.replace(/[\da-f]{12}$/, end);

  it('the pipe is named for its user, its session and 48 bits that are new at each start', async () => {
    const names = new Set<string>();
    for (let start = 0; start < 2; start++) {
      const { socket } = desk.endpoint();
      assert.match(socket, /^\\\\\.\\pipe\\kortbro-S-1-5-21(?:-\d+){4}-1-[\da-f]{12}$/);
      names.add(socket);
      await desk.endAll();
      await desk.honest();
    }
    assert.equal(names.size, 2);
    honestText = readFileSync(file, 'utf8');
    agents = desk.ownProcesses('kortbro-agent.exe');
  });

  describe('a native host does not follow an endpoint file that', () => {
    const texts: readonly (readonly [string, () => string, string])[] = [
      [
        'names a pipe of this name on another machine',
        () => withSocket(randomName('0'.repeat(12)).replace('.', 'evil.example')),
        'ERR_AGENT_ENDPOINT',
      ],
      ["names a pipe that is not the product's", () => withSocket('\\\\.\\pipe\\InitShutdown'), 'ERR_AGENT_ENDPOINT'],
      ['names a pipe without its place', () => withSocket('kortbro'), 'ERR_AGENT_ENDPOINT'],
      ['hides a line behind the name', () => withSocket(`${randomName('0'.repeat(12))}\n`), 'ERR_AGENT_ENDPOINT'],
      ['names a device', () => withSocket('\\\\?\\pipe\\kortbro-S-1-5-21-1-1-0123456789ab'), 'ERR_AGENT_ENDPOINT'],
      [
        'has a secret of another length',
        () => JSON.stringify({ ...(JSON.parse(honestText) as object), secret: 'AAAA' }),
        'ERR_AGENT_ENDPOINT',
      ],
      ['says something twice', () => honestText.replace('{', '{"processId":1,'), 'ERR_AGENT_ENDPOINT'],
      ['says more than it should', () => honestText.replace('{', '{"command":"cmd.exe",'), 'ERR_AGENT_ENDPOINT'],
      [
        'is of another version',
        () => JSON.stringify({ ...(JSON.parse(honestText) as object), protocol: 2 }),
        'ERR_AGENT_VERSION',
      ],
      ['is cut off', () => honestText.slice(0, -20), 'ERR_AGENT_ENDPOINT'],
      ['begins behind 4 KiB of nothing', () => ' '.repeat(4096) + honestText, 'ERR_AGENT_ENDPOINT'],
    ];
    for (const [what, text, code] of texts) {
      it(`${what}: ${code}`, async () => {
        assert.deepEqual(await refusalOf(text()), [code, code]);
      });
    }
  });

  describe('a listener without the secret, on a pipe of the right form, who', () => {
    let squatter: WineProcess;
    const names = new Map<string, string>();

    before(async () => {
      const challenge = await challengeOf(desk);
      Object.keys(behaviours).forEach((behaviour, index) => {
        names.set(behaviour, randomName(index.toString(16).padStart(12, '0')));
      });
      const words = [...names].map(([behaviour, name]) => `${name}=${behaviour}`);
      squatter = desk.desk.wine.start(desk.node(squatterProgram, Buffer.from(challenge).toString('hex'), ...words));
      const ready = () => lines().filter(({ listening }) => listening).length === names.size;
      await until(ready, 10_000, 'the pipes are not made');
    });
    after(() => squatter.kill());

    const lines = (): Line[] =>
      squatter
        .output()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line);

    for (const [behaviour, what] of Object.entries(behaviours) as [Behaviour, string][]) {
      // One that is silent may just as well be an agent that hangs.
      const expected =
        behaviour === 'silence'
          ? ['ERR_AGENT_STOPPED', 'ERR_AGENT_NOT_RUNNING']
          : ['ERR_AGENT_PROOF', 'ERR_AGENT_PROOF'];
      it(`${what}: gets no proof of ours and no request, ${expected[0]}`, async () => {
        const name = names.get(behaviour) ?? '';
        assert.deepEqual(await refusalOf(withSocket(name)), expected);
        const heard = lines().filter((line) => line.name === name);
        assert.ok(
          heard.some(({ connected }) => connected),
          'nobody came',
        );
        const text = heard.map((line) => line.heard ?? '').join('\n');
        assert.ok(!/"proof"|authenticate|journal/.test(text), text);
        assert.ok(!text.includes((JSON.parse(honestText) as { secret: string }).secret));
      });
    }
  });

  it('a file that a dead agent has left is passed over: a new agent is started', async () => {
    await desk.endAll();
    assert.equal(readFileSync(file, 'utf8'), honestText);
    await desk.honest();
    assert.notEqual(readFileSync(file, 'utf8'), honestText);
    honestText = readFileSync(file, 'utf8');
    agents = desk.ownProcesses('kortbro-agent.exe');
  });

  describe('an agent does not start where', () => {
    const folder = (): string => desk.disk(`${profile}\\sessions`);
    const places: readonly (readonly [string, () => void, () => void, string?])[] = [
      [
        'others may write to the directory of the sessions',
        () => chmodSync(folder(), 0o777),
        () => chmodSync(folder(), 0o700),
        'ERR_AGENT_ENDPOINT',
      ],
      [
        'others may write to the directory of its own',
        () => chmodSync(`${folder()}/1`, 0o777),
        () => chmodSync(`${folder()}/1`, 0o700),
      ],
      [
        'a file has the place of its directory',
        () => {
          renameSync(`${folder()}/1`, `${folder()}/kept`);
          writeFileSync(`${folder()}/1`, '');
        },
        () => {
          rmSync(`${folder()}/1`);
          renameSync(`${folder()}/kept`, `${folder()}/1`);
        },
      ],
    ];
    for (const [what, set, undo, code = 'ERR_AGENT_NOT_RUNNING'] of places) {
      it(what, async () => {
        await desk.endAll();
        rmSync(file);
        set();
        try {
          await desk.withoutKeyUse(async () => {
            assert.deepEqual(await refusal(), [code, code]);
            // The host may have tried once more; that one ends as well.
            const ended = () => desk.ownProcesses('kortbro-agent.exe').length === 0;
            await until(ended, 10_000, 'an agent stays');
          });
        } finally {
          undo();
        }
        await desk.honest();
        assert.ok(statSync(file).isFile());
        agents = desk.ownProcesses('kortbro-agent.exe');
      });
    }

    it('a directory has the place of its endpoint file: the agent clears it away', async () => {
      await desk.endAll();
      rmSync(file);
      mkdirSync(file);
      writeFileSync(`${file}/x`, '');
      await desk.honest();
      assert.ok(statSync(file).isFile());
      agents = desk.ownProcesses('kortbro-agent.exe');
    });
  });
});

/** What the real agent says to a greeting. */
async function challengeOf(desk: AttackDesk): Promise<string> {
  const greeting = JSON.stringify({ protocol: 1, role: 'native-host', nonce: newNonce() });
  const code = `const { connect } = require('node:net');
    const socket = new WebSocket('ws://localhost/', { createConnection: () => connect(process.argv[1]) });
    socket.on('open', () => socket.send(process.argv[2]));
    socket.on('message', (text) => { console.log(text.toString()); process.exit(); });`;
  const load = `const { WebSocket } = require(${JSON.stringify(windowsPath(fileURLToPath(new URL('../../../node_modules/ws', import.meta.url))))});`;
  const { output } = await desk.run(desk.node('-e', load + code, desk.endpoint().socket, greeting));
  assert.match(output, /"proof"/);
  return output.trim();
}

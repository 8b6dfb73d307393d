// 14: somebody else sits where the agent should, or has been where the agent will be. Both sides look before they speak: a wrong
// owner, a lax mode, a link, a listener without the secret are refusals with their own code, and nothing is told to him.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../support/host-client.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { squatBytes, squatWebSocket, type Squatter } from './squatter.ts';
import { honestLogin, journal, newNonce, startTarget, type Target, withoutKeyUse } from './target.ts';

const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : it.skip;
const asRoot = isRoot ? '' : ' (not run: making files of another user needs root)';

describe('14 endpoint squatting', function () {
  this.timeout(30_000);
  let target: Target;
  let file: string;
  let socket: string;

  before(async () => {
    target = await startTarget();
    file = join(target.agent.endpointDirectory, 'endpoint.json');
    ({ socket } = target.agent.endpoint);
  });
  after(async () => target.agent.stop());

  /** What a new native host tells of the agent, and what it answers to a login. */
  async function refusal(environment = target.agent.environment): Promise<[string | undefined, string | undefined]> {
    const host = target.agent.rawHost({ environment });
    const gone = await host.until((message) => message.type === 'agent' && message.state === 'gone');
    const answer = codeOf(await host.authenticate(journal, newNonce()).answer);
    const { exit } = await host.end();
    assert.equal(exit.code, 0);
    return [gone.type === 'agent' ? gone.error?.code : undefined, answer];
  }

  async function honest(): Promise<void> {
    const host = await target.agent.host();
    await honestLogin(target, host);
    await host.end();
  }

  describe('a native host does not go near', () => {
    const moved = () => `${file}.moved`;
    const traps: readonly (readonly [string, boolean, () => void, () => void])[] = [
      ['an endpoint file that others may read', false, () => chmodSync(file, 0o644), () => chmodSync(file, 0o600)],
      [
        'a session directory that others may enter',
        false,
        () => chmodSync(dirname(file), 0o711),
        () => chmodSync(dirname(file), 0o700),
      ],
      [
        'a product directory that others may write to',
        false,
        () => chmodSync(dirname(dirname(file)), 0o777),
        () => chmodSync(dirname(dirname(file)), 0o700),
      ],
      ['a socket that others may connect to', false, () => chmodSync(socket, 0o666), () => chmodSync(socket, 0o600)],
      [
        "another user's endpoint file",
        true,
        () => chownSync(file, nobody.uid, nobody.gid),
        () => chownSync(file, 0, 0),
      ],
      [
        "another user's directory",
        true,
        () => chownSync(dirname(file), nobody.uid, nobody.gid),
        () => chownSync(dirname(file), 0, 0),
      ],
      ["another user's socket", true, () => chownSync(socket, nobody.uid, nobody.gid), () => chownSync(socket, 0, 0)],
      [
        'a link in the place of the endpoint file',
        false,
        () => {
          renameSync(file, moved());
          symlinkSync(moved(), file);
        },
        () => {
          rmSync(file);
          renameSync(moved(), file);
        },
      ],
      [
        'a named pipe in the place of the endpoint file',
        false,
        () => {
          // Made beside it: the agent puts a file that is missing back at once.
          execFileSync('mkfifo', ['-m', '600', `${file}.pipe`]);
          renameSync(file, moved());
          renameSync(`${file}.pipe`, file);
        },
        () => {
          rmSync(file);
          renameSync(moved(), file);
        },
      ],
      [
        'a directory in the place of the endpoint file',
        false,
        () => {
          renameSync(file, moved());
          mkdirSync(file, { mode: 0o700 });
        },
        () => {
          rmSync(file, { recursive: true });
          renameSync(moved(), file);
        },
      ],
      [
        'a file in the place of the socket',
        false,
        () => {
          renameSync(socket, moved());
          writeFileSync(socket, '', { mode: 0o600 });
        },
        () => {
          rmSync(socket);
          renameSync(moved(), socket);
        },
      ],
    ];
    for (const [what, needsRoot, set, undo] of traps) {
      (needsRoot ? itAsRoot : it)(
        `${what}: ERR_AGENT_ENDPOINT, and no agent is started${needsRoot ? asRoot : ''}`,
        async () => {
          const { processId } = target.agent;
          set();
          try {
            await withoutKeyUse(target, async () => {
              assert.deepEqual(await refusal(), ['ERR_AGENT_ENDPOINT', 'ERR_AGENT_ENDPOINT']);
            });
          } finally {
            undo();
          }
          assert.deepEqual(target.agent.processesNamed('agent'), [processId]);
          await honest();
        },
      );
    }
  });

  describe('a listener without the secret', () => {
    const liar = { nonce: randomBytes(32).toString('base64'), proof: randomBytes(32).toString('base64') };
    const squatters: readonly (readonly [string, (challenge: string) => Promise<Squatter>])[] = [
      ['who makes up a proof', () => squatWebSocket(socket, (_text, peer) => peer.send(JSON.stringify(liar)))],
      [
        'who repeats a challenge of the real agent',
        (challenge) => squatWebSocket(socket, (_text, peer) => peer.send(challenge)),
      ],
      [
        "who sends the host's own nonce back",
        () =>
          squatWebSocket(socket, (text, peer) => {
            const { nonce = '' } = JSON.parse(text) as { nonce?: string };
            peer.send(JSON.stringify({ nonce, proof: nonce }));
          }),
      ],
      ['who greets as if he were the host', () => squatWebSocket(socket, (text, peer) => peer.send(text))],
      [
        'who skips the proof and sends events',
        () => squatWebSocket(socket, (_text, peer) => peer.send('{"type":"agent","state":"connected"}')),
      ],
      ['who sends binary', () => squatWebSocket(socket, (_text, peer) => peer.send(Buffer.from(JSON.stringify(liar))))],
      [
        'who sends a megabyte',
        () => squatWebSocket(socket, (_text, peer) => peer.send(`{"nonce":"${'A'.repeat(1_000_000)}"}`)),
      ],
      ['who says nothing', () => squatBytes(socket, '')],
      ['who speaks no HTTP', () => squatBytes(socket, `\0${'x'.repeat(100_000)}`)],
      [
        'who redirects',
        () => squatBytes(socket, 'HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n'),
      ],
    ];
    let challenge: string;
    before(async () => {
      const peer = await new RawPeer(target.agent.endpoint).opened();
      peer.greet();
      challenge = await peer.heard(0);
      peer.close();
    });

    const lie = ['ERR_AGENT_PROOF', 'ERR_AGENT_PROOF'];
    const silence = ['ERR_AGENT_STOPPED', 'ERR_AGENT_NOT_RUNNING'];
    for (const [what, sit] of squatters) {
      // One that is silent may just as well be an agent that hangs.
      const expected = what === 'who says nothing' ? silence : lie;
      it(`${what} gets no proof of ours and no request: ${expected[0]}`, async () => {
        renameSync(socket, `${socket}.real`);
        const squatter = await sit(challenge);
        try {
          await withoutKeyUse(target, async () => {
            assert.deepEqual(await refusal(), expected);
          });
          const words = squatter.heard.join('\n');
          assert.ok(words.length > 0, 'nobody came');
          assert.ok(!/"proof"|authenticate|journal/.test(words), words);
          const { secret } = target.agent.endpoint;
          assert.ok(!words.includes(Buffer.from(secret).toString('base64')));
        } finally {
          await squatter.stop();
          renameSync(`${socket}.real`, socket);
        }
        await honest();
      });
    }
  });
});

// 15: two sessions of one user on one machine. An agent answers peers of its own session alone, and a native host that meets another
// session's agent tells it nothing, passes it over, and finds or starts its own. Wine knows one session: the other agent has the
// product's door, and takes another session for its own.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../../demo/demo-agent.ts';
import { windowsPath, type WineProcess } from '../lane/wine.ts';
import { attackDesk, type AttackDesk, describeAtDesk, profile } from './attack-desk.ts';

const here = (name: string): string => windowsPath(fileURLToPath(new URL(name, import.meta.url)));

describeAtDesk('15 other sessions on Windows', function () {
  this.timeout(60_000);
  let desk: AttackDesk;
  let other: WineProcess;
  let socket: string;
  let sessions: string;
  const secret = randomBytes(32).toString('base64');

  before(async () => {
    desk = await attackDesk();
    await desk.honest();
    sessions = desk.disk(`${profile}\\sessions`);
    other = desk.desk.wine.start(desk.node(here('other-session.ts')));
    await until(() => other.output().includes('socket'), 10_000, 'no agent of another session');
    ({ socket } = JSON.parse(other.output()) as { socket: string });
    assert.match(socket, /-2-[\da-f]{12}$/);
    // Written last: it is looked at before that of our own session.
    write('2', JSON.stringify({ protocol: 1, processId: 1, secret, socket }));
  });
  after(async () => {
    rmSync(join(sessions, '2'), { recursive: true });
    await other.kill();
  });
  afterEach(async () => {
    assert.equal(other.output().includes('came'), false, 'the other agent has let somebody in');
    await desk.honest();
  });

  function write(session: string, text: string): void {
    mkdirSync(join(sessions, session), { recursive: true });
    writeFileSync(join(sessions, session, 'endpoint.json'), text);
  }

  it('a peer of another session gets 403 and nothing else, whatever it says', async () => {
    const code = `const { connect } = require('node:net');
      const socket = connect(process.argv[1], () => socket.write(process.argv[2].replaceAll('|', '\\r\\n')));
      let heard = '';
      socket.on('data', (bytes) => (heard += bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => console.log(JSON.stringify(heard)));`;
    const upgrade = [
      ...['GET / HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade'],
      ...[`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Version: 13', '', ''],
    ];
    await desk.withoutKeyUse(async () => {
      for (const words of ['', 'x'.repeat(10_000), upgrade.join('|')]) {
        const { output } = await desk.run(desk.node('-e', code, socket, words));
        assert.equal(JSON.parse(output), 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      }
    });
  });

  it('a native host passes it over, and has its own agent', async () => {
    const agents = desk.ownProcesses('kortbro-agent.exe');
    await desk.withoutKeyUse(async () => {
      const host = await desk.host().ready();
      assert.ok(host.messages.every((message) => message.type !== 'agent' || message.state !== 'gone'));
      await host.end();
    });
    assert.deepEqual(desk.ownProcesses('kortbro-agent.exe'), agents);
  });

  it('a native host that has no agent of its own starts one', async () => {
    await desk.endAll();
    await desk.withoutKeyUse(async () => {
      const host = await desk.host().ready();
      await host.end();
    });
    assert.match(desk.endpoint().socket, /-1-[\da-f]{12}$/);
  });

  it('what else stands among the sessions leads nobody astray', async () => {
    const texts: Readonly<Record<string, string>> = {
      '3': 'no JSON',
      '4': JSON.stringify({ protocol: 9, processId: 1, secret, socket }),
      '5': JSON.stringify({ protocol: 1, processId: 1, secret, socket: socket.replace(/.{12}$/, '0'.repeat(12)) }),
      '99999999999': JSON.stringify({ protocol: 1, processId: 1, secret, socket }),
      '..x': JSON.stringify({ protocol: 1, processId: 1, secret, socket }),
    };
    for (const [name, text] of Object.entries(texts)) write(name, text);
    mkdirSync(join(sessions, '6/endpoint.json'), { recursive: true });
    writeFileSync(join(sessions, '7'), '');
    try {
      const agents = desk.ownProcesses('kortbro-agent.exe');
      await desk.withoutKeyUse(async () => {
        const host = await desk.host().ready();
        await host.end();
      });
      assert.deepEqual(desk.ownProcesses('kortbro-agent.exe'), agents);
    } finally {
      for (const name of [...Object.keys(texts), '6', '7']) rmSync(join(sessions, name), { recursive: true });
    }
  });

  it("the folders of a user's earlier sessions, numbered higher before the machine started anew, hide no agent", async () => {
    const names = Array.from({ length: 100 }, (_, index) => String(100 + index));
    for (const name of names) mkdirSync(join(sessions, name));
    try {
      const host = await desk.host().ready();
      await host.end();
    } finally {
      for (const name of names) rmSync(join(sessions, name), { recursive: true });
    }
  });
});

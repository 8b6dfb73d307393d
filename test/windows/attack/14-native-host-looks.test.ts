// 14: what the native host looks at before it believes an endpoint file: the kind of name in it, and who may have written it.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from '../../../demo/demo-agent.ts';
import { windowsPath, type WineProcess } from '../lane/wine.ts';
import { attackDesk, type AttackDesk, describeAtDesk, profile } from './attack-desk.ts';

const program = windowsPath(fileURLToPath(new URL('pipe-squatter.ts', import.meta.url)));

describeAtDesk('14 what a native host looks at on Windows', function () {
  this.timeout(60_000);
  let desk: AttackDesk;
  let squatter: WineProcess;
  let file: string;
  let honestText: string;
  const own = '\\\\.\\pipe\\kortbro-S-1-5-21-0-0-0-1001-1-00000000feed';

  before(async () => {
    desk = await attackDesk();
    file = desk.disk(`${profile}\\sessions\\1\\endpoint.json`);
    honestText = readFileSync(file, 'utf8');
    squatter = desk.desk.wine.start(
      desk.node(program, '', '\\\\.\\pipe\\somebody-else=made-up-proof', `${own}=made-up-proof`),
    );
    await until(() => squatter.output().split('listening').length === 3, 10_000, 'no pipes');
  });
  after(() => squatter.kill());

  async function codeWith(socket: string): Promise<string | undefined> {
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(honestText) as object), socket }));
    try {
      const host = desk.host();
      const gone = await host.until((message) => message.type === 'agent' && message.state === 'gone');
      await host.end();
      return gone.type === 'agent' ? gone.error?.code : undefined;
    } finally {
      writeFileSync(file, honestText);
    }
  }

  it('a name of Unix leads to no pipe: //./pipe/x is one on Windows, and //host/pipe/x one of another machine', async () => {
    assert.equal(await codeWith('//./pipe/somebody-else'), 'ERR_AGENT_ENDPOINT');
    assert.ok(!squatter.output().includes('connected'), squatter.output());
  });

  it('a directory that others may write to is not read, as on Linux', async () => {
    const folder = desk.disk(`${profile}\\sessions`);
    chmodSync(folder, 0o777);
    try {
      assert.equal(await codeWith(own), 'ERR_AGENT_ENDPOINT');
      assert.ok(!squatter.output().includes('0000feed","connected'), squatter.output());
    } finally {
      chmodSync(folder, 0o700);
    }
  });
});

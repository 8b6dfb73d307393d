// 21: drivers that nobody should load, and a session's environment that would put somebody between the card, the PIN and us.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../demo/demo-agent.ts';
import {
  attackDesk,
  type AttackDesk,
  codeOf,
  describeAtDesk,
  hostile,
  installed,
  journal,
  newNonce,
} from './attack-desk.ts';
import { layTraps, type Traps } from './traps.ts';

const key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro';

describeAtDesk('21 hostile modules and environment on Windows', function () {
  this.timeout(60_000);
  let desk: AttackDesk;
  let traps: Traps;

  before(async () => {
    desk = await attackDesk();
    traps = layTraps(desk);
  });
  beforeEach(async () => {
    await desk.endAll();
    traps.reset();
  });
  after(async () => {
    await desk.setRegistry(`[-${key}]`);
    await desk.endAll();
    await desk.honest();
  });

  it('a library on PATH or in the current directory is loaded by a program that asks for it by name', async () => {
    writeFileSync(desk.disk('C:\\load.cmd'), `cd /d ${hostile}\r\n"%1" load planted.dll\r\n`);
    assert.equal((await desk.run([desk.tool('intruder.exe'), 'load', 'planted.dll'], traps.environment)).status, 0);
    assert.equal(traps.sprung().length, 1);
    await desk.run(['cmd', '/c', 'C:\\load.cmd', desk.tool('intruder.exe')]);
    assert.equal(traps.sprung().length, 2);
  });

  it('in a hostile environment and directory a login is what it is anywhere: nothing planted is loaded, read or written', async () => {
    writeFileSync(desk.disk('C:\\agent.cmd'), `cd /d ${hostile}\r\n"${installed}\\kortbro-agent.exe"\r\n`);
    const environment = { DISPLAY: desk.display, ...traps.environment };
    const agent = desk.desk.wine.start(['cmd', '/c', 'C:\\agent.cmd'], { environment });
    await desk.moduleHostThere();
    const host = await desk.host(traps.environment).ready();
    // The card has been read.
    await desk.honest();
    await desk.honestLogin(host);
    assert.equal((await desk.kortbro(['forget-pin'], traps.environment)).status, 0);
    await host.end();
    await desk.endAll();
    await agent.ended;
    assert.deepEqual(traps.sprung(), []);
  });

  describe('a module', () => {
    /** The code of a login where policy names this one module, and what the agent says of it in its log. */
    async function tryModule(path: string): Promise<[string | undefined, unknown]> {
      const entry = JSON.stringify({ type: 'pkcs11', module: path }).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
      await desk.setRegistry(`[${key}\\tokens]\n"1"="${entry}"`);
      const before = desk.audit().length;
      const host = await desk.host().ready();
      const stopped = () =>
        desk
          .audit()
          .slice(before)
          .find(({ event }) => event === 'module-host-stopped');
      await until(() => stopped() !== undefined, 10_000, 'nothing is said of the module');
      const code = codeOf(await host.authenticate(journal, newNonce()).answer);
      await host.end();
      await desk.setRegistry(`[-${key}]`);
      return [code, stopped()?.['code']];
    }

    it('that is no driver, where administrators alone may write, is loaded: the trap works', async () => {
      copyFileSync(join(desk.desk.directory, 'planted.dll'), desk.disk('C:\\Deployed\\planted.dll'));
      await tryModule('C:\\Deployed\\planted.dll');
      assert.match(traps.sprung().join('\n'), /kortbro-agent\.exe C:\\Deployed\\planted\.dll/);
      rmSync(desk.disk('C:\\Deployed\\planted.dll'));
    });

    it('where everybody may write, or that everybody may write to, is not loaded', async () => {
      const open = 'C:\\Deployed\\open.dll';
      copyFileSync(join(desk.desk.directory, 'planted.dll'), desk.disk(open));
      chmodSync(desk.disk(open), 0o666);
      for (const path of [`${hostile}\\planted.dll`, open]) {
        await desk.withoutKeyUse(async () => {
          const [code, reason] = await tryModule(path);
          assert.equal(reason, 'ERR_AGENT_DRIVER_MISSING', path);
          assert.match(code ?? '', /^ERR_(AGENT_DRIVER_MISSING|CARD_UNSUPPORTED|CARD_SERVICE)$/, path);
        });
        assert.deepEqual(traps.sprung(), []);
        await desk.endAll();
      }
      rmSync(desk.disk(open));
      await desk.honest();
    });
  });

  it('a profile that leads to a folder of somebody else: no agent, and nothing is asked there', async () => {
    const place = `${hostile}\\Kortbro`;
    mkdirSync(desk.disk(place));
    chmodSync(desk.disk(place), 0o777);
    await desk.withoutKeyUse(async () => {
      // By a file, since Wine sets the variable itself.
      writeFileSync(
        desk.disk('C:\\elsewhere.cmd'),
        `set LOCALAPPDATA=${hostile}\r\n"${installed}\\kortbro.exe" status\r\n`,
      );
      const { status, output } = await desk.run(['cmd', '/c', 'C:\\elsewhere.cmd']);
      assert.equal(status, 3);
      assert.match(output, /ERR_AGENT_(NOT_RUNNING|ENDPOINT)/);
      assert.deepEqual(desk.ownProcesses('kortbro-agent.exe'), []);
      assert.equal(existsSync(desk.disk(`${place}\\sessions\\1\\endpoint.json`)), false);
    });
    await desk.honest();
  });

  it('a profile on another machine, or none: no agent, and no way there', async () => {
    for (const profile of ['\\\\evil.example\\share', '']) {
      await desk.withoutKeyUse(async () => {
        writeFileSync(
          desk.disk('C:\\elsewhere.cmd'),
          `set LOCALAPPDATA=${profile}\r\n"${installed}\\kortbro.exe" status\r\n`,
        );
        const { status } = await desk.run(['cmd', '/c', 'C:\\elsewhere.cmd']);
        assert.equal(status, 3, profile);
        assert.deepEqual(desk.ownProcesses('kortbro-agent.exe'), []);
      });
    }
    await desk.honest();
  });
});

// 21: what stands beside the executables and no signature covers: nothing of it is run, and where it steers what is run, it is ours.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../demo/demo-agent.ts';
import { SigningClient } from '../../support/signing-client.ts';
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

describeAtDesk('21 files beside the executables on Windows', function () {
  this.timeout(90_000);
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
  after(() => desk.honest());

  it('a program for the thread that makes signatures, where one used to stand, is not run; documents are signed', async () => {
    const planted = desk.disk(`${installed}\\signature-worker.mjs`);
    writeFileSync(
      planted,
      "import { appendFileSync } from 'node:fs';\nappendFileSync('C:/Hostile/loaded.txt', 'the thread');\n",
    );
    try {
      await desk.run(desk.node(`${installed}\\signature-worker.mjs`));
      assert.deepEqual(traps.sprung(), ['the thread'], 'the trap does not work');
      traps.reset();
      const host = await desk.host().ready();
      await desk.honest();
      const content = Buffer.from('<intyg>Anna Testsson</intyg>');
      const signing = new SigningClient(host, [{ name: 'intyg.xml', type: 'application/xml', content }]);
      const ending = signing.run(journal, { format: { type: 'xades', packaging: 'enveloped' } });
      await desk.desk.typePin(desk.cards.anna.pin);
      const { answer, signatures } = await ending;
      assert.ok('result' in answer, JSON.stringify(answer));
      assert.match(String(signatures[0]), /^<intyg>Anna Testsson<ds:Signature [^]*<ds:SignatureValue/);
      assert.deepEqual(traps.sprung(), []);
      await host.end();
    } finally {
      rmSync(planted);
    }
  });

  it('a changed opensc.conf, which could name a library for OpenSC to load: no driver, and no library', async () => {
    const configuration = desk.disk(`${installed}\\opensc.conf`);
    const library = 'C:\\Deployed\\driver.dll';
    const ours = readFileSync(configuration, 'utf8');
    copyFileSync(join(desk.desk.directory, 'planted.dll'), desk.disk(library));
    const named = `card_drivers = planted;\n\tcard_driver planted {\n\t\tmodule = "${library.replaceAll('\\', '\\\\')}";\n\t}\n`;
    const changes = [ours.replace('app default {\n', `$&\t${named}`), `${ours}\n`, ''];
    try {
      for (const changed of changes) {
        assert.notEqual(changed, ours);
        writeFileSync(configuration, changed);
        const before = desk.audit().length;
        await desk.withoutKeyUse(async () => {
          const host = await desk.host().ready();
          const stopped = () =>
            desk
              .audit()
              .slice(before)
              .find(({ event }) => event === 'module-host-stopped');
          await until(() => stopped() !== undefined, 10_000, 'nothing is said of the driver');
          assert.equal(stopped()?.['code'], 'ERR_AGENT_DRIVER_MISSING');
          const code = codeOf(await host.authenticate(journal, newNonce()).answer);
          assert.match(code ?? '', /^ERR_(AGENT_DRIVER_MISSING|CARD_UNSUPPORTED|CARD_SERVICE)$/);
          await host.end();
        });
        assert.deepEqual(traps.sprung(), [], `something of ${hostile} was run`);
        await desk.endAll();
      }
    } finally {
      writeFileSync(configuration, ours);
      rmSync(desk.disk(library));
    }
    await desk.honest();
  });
});

// How the agent's texts stand in the dialog: the site alone and whole, the warning apart, everything else as it was said; and
// nothing on the screen that was not in the description.
import assert from 'node:assert/strict';
import { escapeText } from '../../../agent/pin/assuan.ts';
import { askConfirmation, askPin } from '../../../agent/pin/pinentry.ts';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  choiceDialog,
  consentDialog,
  finalTryDialog,
  pinDialog,
  type DialogText,
} from '../../../agent/pin/prompt-texts.ts';
import { limits } from '../../../shared/limits.ts';
import { kortbroError } from '../../agent/fake-backend.ts';
import { anna, site } from './dialog-settings.ts';
import { programs, scriptedDialogs } from './pin-programs.ts';
import { scriptedRuns, type Shown } from './scripted-runs.ts';

const card =
  'Kort: Anna Testsson, Testkliniken (demo)\nId: SE0000000000-1ABC\nUtfärdare: TEST SITHS e-id Person HSA-id 3 CA v1';

describe('The parts of the PIN dialog', function () {
  this.timeout(120_000);
  const start = scriptedRuns();

  async function shown(text: DialogText, changes: Partial<Record<'site' | 'notice', string>> = {}): Promise<Shown> {
    const client = await start('/ok');
    const { site, notice } = { ...text, ...changes };
    if (site !== undefined) await client.ask(`OPTION kortbro-site=${site}`);
    if (notice !== undefined) await client.ask(`OPTION kortbro-notice=${escapeText(notice)}`);
    await client.ask(`SETDESC ${escapeText(text.description)}`);
    await client.ask('CONFIRM');
    const [dialog] = await client.shown();
    assert.ok(dialog);
    return dialog;
  }

  const parts = ({ site, lead, notice, rest }: Shown) => [site, lead, notice, rest];

  it('are, of the PIN dialog, site, request, warning and card', async () => {
    assert.deepEqual(parts(await shown(pinDialog('sv', site, anna, { state: 'low', triesLeft: 2 }, 'first'))), [
      ...[site, 'vill att du legitimerar dig.', '2\u00a0försök kvar.', card],
    ]);
    assert.deepEqual(parts(await shown(pinDialog('sv', site, anna, { state: 'ok' }, 'login-lost'))), [
      ...[site, 'vill att du legitimerar dig.', ''],
      `Ett annat program har använt kortet. Skriv din PIN-kod igen.\n\n${card}`,
    ]);
  });

  it('are, of the last warning, site, warning and card', async () => {
    const [heading, lead, notice, rest] = parts(await shown(finalTryDialog('sv', site, anna)));
    assert.deepEqual([heading, lead, rest], [site, '', card]);
    assert.match(notice ?? '', /^Bara ett försök är kvar\.\n.*låses upp\.$/);
  });

  it('are, of the questions, site, question and card', async () => {
    assert.deepEqual(parts(await shown(consentDialog('sv', site, anna))), [
      ...[site, 'vill logga in dig med ditt kort.', '', card],
    ]);
    const [heading, lead, , rest] = parts(await shown(choiceDialog('sv', site, anna, 2, 3)));
    assert.deepEqual([heading, rest], [site, card]);
    assert.match(lead ?? '', /^Flera e-legitimationer passar/);
  });

  it('are one text from an agent that names no parts', async () => {
    const { title, ok, cancel, description } = pinDialog('sv', site, anna, { state: 'final' }, 'first');
    assert.deepEqual(parts(await shown({ title, ok, cancel, description })), [
      ...['', `${site} vill att du legitimerar dig.`, ''],
      `OBS! Sista försöket: fel PIN-kod låser kortet.\n\n${card}`,
    ]);
  });

  const text = consentDialog('sv', site, anna);

  it('never name a site that the description does not', async () => {
    for (const other of [
      'https://journal.example.s',
      'https://journal.example.se',
      'https://other.example',
      'https://',
    ]) {
      const dialog = await shown(text, { site: other });
      assert.deepEqual([dialog.site, dialog.lead], ['', `${site} vill logga in dig med ditt kort.`], other);
    }
  });

  it('never warn of what the description does not', async () => {
    const whole = finalTryDialog('sv', site, anna);
    for (const notice of ['Bara ett försök', 'ett försök är kvar.', 'Allt är bra.', '\n']) {
      const dialog = await shown(whole, { notice });
      assert.equal(dialog.notice, '');
      assert.match(dialog.lead, /^Bara ett försök är kvar\./);
    }
  });

  it('are whole for the longest site that there can be', async () => {
    const longest = `https://${'a'.repeat(limits.originLength - 8)}`;
    assert.equal((await shown(consentDialog('sv', longest, anna))).site, longest);
  });

  it('have no marks that turn or hide text, no controls and no broken letters', async () => {
    const client = await start('/ok');
    const hostile = 'a\u202eb\u200bc\u2066d\ufeffe\u00adf\u2028g\u{e0041}h\ti%07j%00k%0Al';
    await client.ask(
      Buffer.concat([Buffer.from(`SETDESC ${hostile}`), Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf5])]),
    );
    await client.ask('SETTITLE one%0Atwo');
    await client.ask('CONFIRM');
    const [dialog] = await client.shown();
    assert.deepEqual([dialog?.lead, dialog?.title], ['abcdefghijk\nl\ufffd(\ufffd\ufffd', 'one two']);
  });

  it('show names in every script, and emoji', async () => {
    const holder = { ...anna, holder: 'Åsa Ökvist-Łukasiewicz 李 😀' };
    assert.ok((await shown(consentDialog('sv', site, holder))).rest.includes(holder.holder));
  });

  describe('as the agent itself sends them', () => {
    const asked = async (script: string) => {
      const program = join(programs, `agent-${script.replaceAll('/', '-')}`);
      writeFileSync(program, `#!/bin/sh\nexec '${await scriptedDialogs()}' '${script}' 2>'${program}.shown'\n`);
      chmodSync(program, 0o755);
      return { program, seconds: 5, signal: new AbortController().signal, environment: {} };
    };

    it('are understood, and the PIN comes back', async () => {
      const options = await asked('123456/ok');
      const pin = await askPin(options, pinDialog('en', site, anna, { state: 'low', triesLeft: 2 }, 'first'));
      assert.equal(pin.toString(), '123456');
      const dialog = JSON.parse(readFileSync(`${options.program}.shown`, 'utf8')) as Shown;
      assert.deepEqual([dialog.swedish, dialog.seconds, dialog.ok], [false, 5, 'Identify']);
      assert.deepEqual(parts(dialog).slice(0, 3), [site, 'asks you to identify yourself.', '2\u00a0tries left.']);
      assert.equal(await askConfirmation(await asked('/ok'), text), 'ok');
      assert.equal(await askConfirmation(await asked('/not-ok'), text), 'not-ok');
      await assert.rejects(askPin(await asked('/cancel'), text), kortbroError('ERR_USER_CANCELLED'));
      await assert.rejects(askPin(await asked('/timeout'), text), kortbroError('ERR_USER_TIMEOUT'));
    });
  });
});

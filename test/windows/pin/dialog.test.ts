// kortbro-pin.exe on a Windows desktop (Wine): what it shows, how it is answered, and when it goes.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askPin } from '../../../agent/pin/pinentry.ts';
import { consentDialog, pinDialog } from '../../../agent/pin/prompt-texts.ts';
import { pause, within } from '../../native-host/within.ts';
import { errors } from './assuan-client.ts';
import { answer, dialogFixture, field, firstMoment, pinText, says } from './dialog-fixture.ts';
import { anna, site } from './dialog-settings.ts';
import { key, type DialogSeen, type WindowSeen } from './witness.ts';

/** From winuser.h and oleacc.h. */
const roleText = 42;
const stateProtected = 0x20000000;
const passwordStyle = 0x20;

const focused = ({ children }: DialogSeen) => children.find((one) => one.focused)?.text;

describe('The PIN dialog for Windows', function () {
  this.timeout(180_000);
  const on = dialogFixture();

  it('shows site, request, warning, card and prompt in this order, above all windows and with the keyboard', async () => {
    await on.ask('GETPIN');
    await on.witness.dialog();
    // The first window of a desktop gets the keyboard a moment before it is told to be in front.
    const dialog = await on.witness.until(({ foreground }) => foreground, 'the foreground');
    assert.equal(dialog.window.text, 'Kortbro – legitimera dig');
    assert.ok(dialog.topmost);
    const texts = dialog.children.map(({ text }) => text);
    assert.deepEqual(texts.slice(0, 3), [site, 'vill att du legitimerar dig.', '2\u00a0försök kvar.']);
    for (const part of Object.values(anna)) assert.ok(texts[3]?.includes(part), part);
    assert.deepEqual(texts.slice(4), ['PIN-kod för legitimering:', '', '', 'Legitimera', 'Avbryt', '']);
  });

  it('has a field with a name, the role of a text and the mark of a password, and buttons with their names', async () => {
    await on.ask('GETPIN');
    const dialog = await on.witness.dialog();
    const { name, role, state, style, focused } = field(dialog);
    assert.deepEqual([name, role, focused], ['PIN-kod för legitimering:', roleText, true]);
    assert.ok((state & stateProtected) !== 0 && (style & passwordStyle) !== 0);
    const buttons = dialog.children.filter((one) => one.class === 'Button').map((one: WindowSeen) => one.name);
    assert.deepEqual(buttons, ['Legitimera', 'Avbryt']);
  });

  it('is called off by Escape at any time, and by its close button', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.pressEarly(key.escape);
    assert.deepEqual(await answer(client), { data: undefined, end: errors.cancelled });
    client.send('GETPIN');
    await on.witness.dialog();
    await on.witness.type('1234');
    await on.witness.press(key.alt, key.f4);
    assert.deepEqual(await answer(client), { data: undefined, end: errors.cancelled });
  });

  it('has the safe answer of a question as its default; the others by Tab', async () => {
    const consent = consentDialog('sv', 'https://remiss.example.se', anna);
    const answers: [number, string][] = [
      [0, errors.cancelled],
      [1, 'OK'],
      [2, errors.notConfirmed],
      [3, errors.cancelled],
    ];
    const client = await on.ask('NOP', consent);
    assert.equal((await answer(client))?.end, 'OK');
    for (const [tabs, end] of answers) {
      client.send('CONFIRM');
      assert.equal(focused(await on.witness.dialog()), 'Avbryt');
      for (let i = 0; i < tabs; i++) await on.witness.press(key.tab);
      await pause(firstMoment);
      await on.witness.press(tabs === 0 ? key.enter : key.space);
      assert.equal((await answer(client))?.end, end, `${tabs} times Tab`);
    }
  });

  it('shows a message with one button', async () => {
    const client = await on.ask('MESSAGE', { ...consentDialog('en', site, anna), ok: 'Close' });
    const buttons = (await on.witness.dialog()).children.filter((one) => one.class === 'Button');
    assert.deepEqual(
      buttons.map(({ text, focused }) => [text, focused]),
      [['Close', true]],
    );
    await pause(firstMoment);
    await on.witness.press(key.enter);
    assert.equal((await answer(client))?.end, 'OK');
  });

  it('shows what went wrong before, and tells a screen reader', async () => {
    const client = await on.ask('NOP');
    await answer(client);
    await client.ask('SETERROR Fel PIN-kod.');
    await on.witness.listen();
    client.send('GETPIN');
    assert.ok(says('Fel PIN-kod.')(await on.witness.dialog()));
    await on.witness.until(says('Fel PIN-kod.'), 'the words');
    assert.ok((await on.witness.heard()).includes('Fel PIN-kod.'));
  });

  it('ends when its time is over, and counts the last ten seconds', async () => {
    const client = await on.ask('GETPIN', pinText, 2);
    await on.witness.until(says('Stängs om 1\u00a0sekund.'), 'the last second');
    await on.witness.type('1234');
    assert.deepEqual(await answer(client), { data: undefined, end: errors.timeout });
    await client.ask('SETTIMEOUT 60');
    client.send('GETPIN');
    assert.ok(!(await on.witness.dialog()).children.some(({ text }) => text.startsWith('Stängs')));
  });

  it('has its own words in the language that it is told', async () => {
    await on.ask('GETPIN', pinDialog('en', site, anna, { state: 'ok' }, 'first'), 9);
    await on.witness.dialog();
    await on.witness.type('A');
    await on.witness.until(says('Digits only.'), 'English');
    await on.witness.until(
      ({ children }) => children.some(({ text }) => /^Closes in \d\u00a0seconds\.$/.test(text)),
      'English',
    );
  });

  it('goes at once when its starter does', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    await on.witness.type('1234');
    const before = performance.now();
    client.hangUp();
    assert.equal(await within(2_000, client.ended, 'the end'), 0);
    assert.ok(performance.now() - before < 1_000);
    assert.equal(await answer(client), undefined);
  });

  it('goes when its starter does not wait for the answer', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    client.send(Array.from({ length: 1_000 }, () => 'NOP').join('\n'));
    assert.equal(await within(5_000, client.ended, 'the end'), 0);
  });

  it('is asked by the agent’s own code', async () => {
    const program = join(on.desktop.directory, 'pinentry');
    const words = on.desktop.words(['wine64', 'kortbro-pin.exe']).map((word) => `'${word}'`);
    writeFileSync(program, `#!/bin/sh\nexec ${words.join(' ')}\n`);
    chmodSync(program, 0o755);
    const signal = new AbortController().signal;
    const asking = askPin({ program, seconds: 20, signal, environment: { PATH: process.env['PATH'] } }, pinText);
    const [, pin] = await Promise.all([
      (async () => {
        await on.witness.dialog();
        await on.witness.type('240816');
        await pause(firstMoment);
        await on.witness.press(key.enter);
      })(),
      asking,
    ]);
    assert.equal(pin.toString(), '240816');
  });
});

// kortbro-pin.exe on a Windows desktop (Wine): what is typed, pressed and pasted, and what comes out of the pipe.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askPin } from '../../../agent/pin/pinentry.ts';
import { consentDialog, finalTryDialog, pinDialog, type DialogText } from '../../../agent/pin/prompt-texts.ts';
import { pause, within } from '../../native-host/within.ts';
import { type AssuanClient, errors } from './assuan-client.ts';
import { anna, settingLines, site } from './dialog-settings.ts';
import { Desktop, desktopUnavailable } from './desktop.ts';
import { key, message, type DialogSeen, type Witness, type WindowSeen } from './witness.ts';

/** From winuser.h and oleacc.h. */
const roleText = 42;
const stateProtected = 0x20000000;
const passwordStyle = 0x20;

/** As long as Enter does nothing, and a little. */
const firstMoment = 600;

/** After which a key that is held down has repeated itself. */
const repetition = 700;

describe('The PIN dialog for Windows', function () {
  this.timeout(180_000);
  let desktop: Desktop;
  let witness: Witness;
  const open = new Set<AssuanClient>();
  before(async function () {
    const reason = desktopUnavailable();
    if (reason !== undefined) {
      if (process.env['CI'] !== undefined) throw new Error(reason);
      return this.skip();
    }
    desktop = await Desktop.start();
    ({ witness } = desktop);
  });
  after(async () => {
    await (desktop as Desktop | undefined)?.end();
  });
  afterEach(async () => {
    for (const client of open) {
      client.hangUp();
      await within(10_000, client.ended, 'the end');
    }
    open.clear();
  });

  const pinText = pinDialog('sv', site, anna, { state: 'low', triesLeft: 2 }, 'first');

  async function ask(command: string, text: DialogText = pinText, seconds = 60): Promise<AssuanClient> {
    const client = await desktop.startDialog();
    open.add(client);
    for (const line of settingLines(text, seconds)) assert.equal((await client.ask(line))?.end, 'OK', line);
    client.send(command);
    return client;
  }

  const answer = (client: AssuanClient) => within(10_000, client.reply(), 'an answer');
  const field = ({ children }: DialogSeen) => children.find((one) => one.class === 'Edit')!;
  const focused = ({ children }: DialogSeen) => children.find((one) => one.focused)?.text;
  const bullets = (count: number) => (dialog: DialogSeen) => field(dialog).text === '●'.repeat(count);
  const says = (text: string) => (dialog: DialogSeen) => dialog.children.some((one) => one.text === text);

  it('shows site, request, warning, card and prompt in this order, above all windows and with the keyboard', async () => {
    await ask('GETPIN');
    await witness.dialog();
    // The first window of a desktop gets the keyboard a moment before it is told to be in front.
    const dialog = await witness.until(({ foreground }) => foreground, 'the foreground');
    assert.equal(dialog.window.text, 'Kortbro – legitimera dig');
    assert.ok(dialog.topmost);
    const texts = dialog.children.map(({ text }) => text);
    assert.deepEqual(texts.slice(0, 3), [site, 'vill att du legitimerar dig.', '2\u00a0försök kvar.']);
    for (const part of Object.values(anna)) assert.ok(texts[3]?.includes(part), part);
    assert.deepEqual(texts.slice(4), ['PIN-kod för legitimering:', '', '', 'Legitimera', 'Avbryt', '']);
  });

  it('has a field with a name, the role of a text and the mark of a password, and buttons with their names', async () => {
    await ask('GETPIN');
    const dialog = await witness.dialog();
    const { name, role, state, style, focused } = field(dialog);
    assert.deepEqual([name, role, focused], ['PIN-kod för legitimering:', roleText, true]);
    assert.ok((state & stateProtected) !== 0 && (style & passwordStyle) !== 0);
    const buttons = dialog.children.filter((one) => one.class === 'Button').map((one: WindowSeen) => one.name);
    assert.deepEqual(buttons, ['Legitimera', 'Avbryt']);
  });

  it('gives the PIN that was typed, by Enter or by its button', async () => {
    for (const how of [[key.enter], [key.tab, key.space]]) {
      const client = await ask('GETPIN');
      await witness.dialog();
      await witness.type('12345678');
      await witness.until(bullets(8), 'eight bullets');
      await pause(firstMoment);
      for (const one of how) await witness.press(one);
      assert.deepEqual(await answer(client), { data: '12345678', end: 'OK' });
      assert.equal(await witness.look(), null);
      assert.equal((await client.ask('BYE'))?.end, 'OK closing connection');
      assert.equal(await client.ended, 0);
    }
  });

  it('takes digits away again', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    await witness.type('129');
    await witness.press(key.backspace);
    await witness.type('35');
    await witness.press(key.delete);
    await witness.type('456');
    await witness.until(bullets(6), 'six bullets');
    await pause(firstMoment);
    await witness.press(key.enter);
    assert.equal((await answer(client))?.data, '123456');
  });

  it('takes nothing but digits, and says so to the eye and to a screen reader', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    await witness.listen();
    await witness.type('12A');
    assert.ok(bullets(2)(await witness.until(says('Bara siffror.'), 'the words')));
    assert.deepEqual(await witness.heard(), ['Bara siffror.']);
    await witness.type('3');
    await witness.until((dialog) => bullets(3)(dialog) && !says('Bara siffror.')(dialog), 'the words gone');
    await witness.press(key.space);
    assert.ok(bullets(3)(await witness.until(says('Bara siffror.'), 'the words')));
    await witness.type('4');
    await witness.until((dialog) => bullets(4)(dialog) && !says('Bara siffror.')(dialog), 'the words gone');
    await pause(firstMoment);
    await witness.press(key.enter);
    assert.equal((await answer(client))?.data, '1234');
  });

  it('refuses a PIN that is too short, and a digit too many', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    await witness.type('123');
    await pause(firstMoment);
    await witness.press(key.enter);
    await witness.until(says('PIN-koden har minst 4\u00a0siffror.'), 'too short');
    assert.ok(!client.hasReply());
    await witness.type('4567890123');
    await witness.until(says('PIN-koden har högst 12\u00a0siffror.'), 'too long');
    await witness.press(key.enter);
    assert.equal((await answer(client))?.data, '123456789012');
  });

  it('lets nothing in that was not typed: clipboard, other programs, a mask that is taken off', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    await witness.putOnClipboard('987654');
    for (const how of [
      [key.control, key.v],
      [key.shift, key.insert],
    ]) {
      await witness.type('1');
      await witness.press(...how);
      await witness.until(says('PIN-koden kan inte klistras in. Skriv den.'), 'the words');
    }
    await witness.send(message.paste);
    await witness.send(message.setText, 0, '987654');
    await witness.send(message.replaceSelection, 0, '987654');
    await witness.send(message.setPasswordChar);
    assert.ok(bullets(2)((await witness.look())!));
    await witness.press(key.apps);
    await witness.press(key.shift, key.f10);
    await witness.type('34');
    await witness.until(bullets(4), 'four bullets, and no menu');
    await pause(firstMoment);
    await witness.press(key.enter);
    assert.equal((await answer(client))?.data, '1134');
  });

  it('does nothing on an Enter that comes with it, or is held down', async () => {
    const client = await ask('CONFIRM', finalTryDialog('sv', site, anna));
    assert.ok((await witness.pressEarly(key.enter)) < 450);
    await pause(firstMoment);
    assert.ok(!client.hasReply() && (await witness.look()) !== null);
    await witness.openWindow();
    desktop.screenKeys('keydown', 'Return');
    await witness.closeWindow();
    await witness.until(({ foreground }) => foreground, 'the foreground again');
    await pause(firstMoment + repetition);
    desktop.screenKeys('keyup', 'Return');
    assert.ok(!client.hasReply() && (await witness.look()) !== null);
    desktop.screenKeys('key', 'Return');
    assert.equal((await answer(client))?.end, errors.cancelled);
  });

  it('is called off by Escape at any time, and by its close button', async () => {
    const client = await ask('GETPIN');
    await witness.pressEarly(key.escape);
    assert.deepEqual(await answer(client), { data: undefined, end: errors.cancelled });
    client.send('GETPIN');
    await witness.dialog();
    await witness.type('1234');
    await witness.press(key.alt, key.f4);
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
    const client = await ask('NOP', consent);
    assert.equal((await answer(client))?.end, 'OK');
    for (const [tabs, end] of answers) {
      client.send('CONFIRM');
      assert.equal(focused(await witness.dialog()), 'Avbryt');
      for (let i = 0; i < tabs; i++) await witness.press(key.tab);
      await pause(firstMoment);
      await witness.press(tabs === 0 ? key.enter : key.space);
      assert.equal((await answer(client))?.end, end, `${tabs} times Tab`);
    }
  });

  it('shows a message with one button', async () => {
    const client = await ask('MESSAGE', { ...consentDialog('en', site, anna), ok: 'Close' });
    const buttons = (await witness.dialog()).children.filter((one) => one.class === 'Button');
    assert.deepEqual(
      buttons.map(({ text, focused }) => [text, focused]),
      [['Close', true]],
    );
    await pause(firstMoment);
    await witness.press(key.enter);
    assert.equal((await answer(client))?.end, 'OK');
  });

  it('shows what went wrong before, and tells a screen reader', async () => {
    const client = await ask('NOP');
    await answer(client);
    await client.ask('SETERROR Fel PIN-kod.');
    await witness.listen();
    client.send('GETPIN');
    assert.ok(says('Fel PIN-kod.')(await witness.dialog()));
    await witness.until(says('Fel PIN-kod.'), 'the words');
    assert.ok((await witness.heard()).includes('Fel PIN-kod.'));
  });

  it('ends when its time is over, and counts the last ten seconds', async () => {
    const client = await ask('GETPIN', pinText, 2);
    await witness.until(says('Stängs om 1\u00a0sekund.'), 'the last second');
    await witness.type('1234');
    assert.deepEqual(await answer(client), { data: undefined, end: errors.timeout });
    await client.ask('SETTIMEOUT 60');
    client.send('GETPIN');
    assert.ok(!(await witness.dialog()).children.some(({ text }) => text.startsWith('Stängs')));
  });

  it('has its own words in the language that it is told', async () => {
    await ask('GETPIN', pinDialog('en', site, anna, { state: 'ok' }, 'first'), 9);
    await witness.dialog();
    await witness.type('A');
    await witness.until(says('Digits only.'), 'English');
    await witness.until(
      ({ children }) => children.some(({ text }) => /^Closes in \d\u00a0seconds\.$/.test(text)),
      'English',
    );
  });

  it('says where to click as long as another window has the keyboard, and takes no key then', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    assert.ok(await witness.openWindow());
    const behind = await witness.until(says('Klicka här först, skriv sedan PIN-koden.'), 'the words');
    assert.deepEqual([behind.foreground, behind.topmost], [false, true]);
    await witness.type('99');
    await witness.closeWindow();
    const again = await witness.until(({ foreground }) => foreground, 'the foreground again');
    assert.ok(bullets(0)(again) && !says('Klicka här först, skriv sedan PIN-koden.')(again) && field(again).focused);
    await witness.type('1234');
    await pause(firstMoment);
    await witness.press(key.enter);
    assert.equal((await answer(client))?.data, '1234');
  });

  it('goes at once when its starter does', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    await witness.type('1234');
    const before = performance.now();
    client.hangUp();
    assert.equal(await within(2_000, client.ended, 'the end'), 0);
    assert.ok(performance.now() - before < 1_000);
    assert.equal(await answer(client), undefined);
  });

  it('goes when its starter does not wait for the answer', async () => {
    const client = await ask('GETPIN');
    await witness.dialog();
    client.send(Array.from({ length: 1_000 }, () => 'NOP').join('\n'));
    assert.equal(await within(5_000, client.ended, 'the end'), 0);
  });

  it('is asked by the agent’s own code', async () => {
    const program = join(desktop.directory, 'pinentry');
    const words = desktop.words(['wine64', 'kortbro-pin.exe']).map((word) => `'${word}'`);
    writeFileSync(program, `#!/bin/sh\nexec ${words.join(' ')}\n`);
    chmodSync(program, 0o755);
    const signal = new AbortController().signal;
    const asking = askPin({ program, seconds: 20, signal, environment: { PATH: process.env['PATH'] } }, pinText);
    const [, pin] = await Promise.all([
      (async () => {
        await witness.dialog();
        await witness.type('240816');
        await pause(firstMoment);
        await witness.press(key.enter);
      })(),
      asking,
    ]);
    assert.equal(pin.toString(), '240816');
  });
});

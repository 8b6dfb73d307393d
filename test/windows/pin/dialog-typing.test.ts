// kortbro-pin.exe on a Windows desktop (Wine): what is typed, pressed and pasted into it, and what comes out of the pipe.
import assert from 'node:assert/strict';
import { finalTryDialog } from '../../../agent/pin/prompt-texts.ts';
import { pause } from '../../native-host/within.ts';
import { errors } from './assuan-client.ts';
import { answer, bullets, dialogFixture, field, firstMoment, says } from './dialog-fixture.ts';
import { anna, site } from './dialog-settings.ts';
import { key, message } from './witness.ts';

/** After which a key that is held down has repeated itself. */
const repetition = 700;

describe('Typing into the PIN dialog for Windows', function () {
  this.timeout(180_000);
  const on = dialogFixture();

  it('gives the PIN that was typed, by Enter or by its button', async () => {
    for (const how of [[key.enter], [key.tab, key.space]]) {
      const client = await on.ask('GETPIN');
      await on.witness.dialog();
      await on.witness.type('12345678');
      await on.witness.until(bullets(8), 'eight bullets');
      await pause(firstMoment);
      for (const one of how) await on.witness.press(one);
      assert.deepEqual(await answer(client), { data: '12345678', end: 'OK' });
      assert.equal(await on.witness.look(), null);
      assert.equal((await client.ask('BYE'))?.end, 'OK closing connection');
      assert.equal(await client.ended, 0);
    }
  });

  it('takes digits away again', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    await on.witness.type('129');
    await on.witness.press(key.backspace);
    await on.witness.type('35');
    await on.witness.press(key.delete);
    await on.witness.type('456');
    await on.witness.until(bullets(6), 'six bullets');
    await pause(firstMoment);
    await on.witness.press(key.enter);
    assert.equal((await answer(client))?.data, '123456');
  });

  it('takes nothing but digits, and says so to the eye and to a screen reader', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    await on.witness.listen();
    await on.witness.type('12A');
    assert.ok(bullets(2)(await on.witness.until(says('Bara siffror.'), 'the words')));
    assert.deepEqual(await on.witness.heard(), ['Bara siffror.']);
    await on.witness.type('3');
    await on.witness.until((dialog) => bullets(3)(dialog) && !says('Bara siffror.')(dialog), 'the words gone');
    await on.witness.press(key.space);
    assert.ok(bullets(3)(await on.witness.until(says('Bara siffror.'), 'the words')));
    await on.witness.type('4');
    await on.witness.until((dialog) => bullets(4)(dialog) && !says('Bara siffror.')(dialog), 'the words gone');
    await pause(firstMoment);
    await on.witness.press(key.enter);
    assert.equal((await answer(client))?.data, '1234');
  });

  it('refuses a PIN that is too short, and a digit too many', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    await on.witness.type('123');
    await pause(firstMoment);
    await on.witness.press(key.enter);
    await on.witness.until(says('PIN-koden har minst 4\u00a0siffror.'), 'too short');
    assert.ok(!client.hasReply());
    await on.witness.type('4567890123');
    await on.witness.until(says('PIN-koden har högst 12\u00a0siffror.'), 'too long');
    await on.witness.press(key.enter);
    assert.equal((await answer(client))?.data, '123456789012');
  });

  it('lets nothing in that was not typed: clipboard, other programs, a mask that is taken off', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    await on.witness.putOnClipboard('987654');
    for (const how of [
      [key.control, key.v],
      [key.shift, key.insert],
    ]) {
      await on.witness.type('1');
      await on.witness.press(...how);
      await on.witness.until(says('PIN-koden kan inte klistras in. Skriv den.'), 'the words');
    }
    await on.witness.send(message.paste);
    await on.witness.send(message.setText, 0, '987654');
    await on.witness.send(message.replaceSelection, 0, '987654');
    await on.witness.send(message.setPasswordChar);
    assert.ok(bullets(2)((await on.witness.look())!));
    await on.witness.press(key.apps);
    await on.witness.press(key.shift, key.f10);
    await on.witness.type('34');
    await on.witness.until(bullets(4), 'four bullets, and no menu');
    await pause(firstMoment);
    await on.witness.press(key.enter);
    assert.equal((await answer(client))?.data, '1134');
  });

  it('does nothing on an Enter that comes with it, or is held down', async () => {
    const client = await on.ask('CONFIRM', finalTryDialog('sv', site, anna));
    assert.ok((await on.witness.pressEarly(key.enter)) < 450);
    await pause(firstMoment);
    assert.ok(!client.hasReply() && (await on.witness.look()) !== null);
    await on.witness.openWindow();
    on.desktop.screenKeys('keydown', 'Return');
    await on.witness.closeWindow();
    await on.witness.until(({ foreground }) => foreground, 'the foreground again');
    await pause(firstMoment + repetition);
    on.desktop.screenKeys('keyup', 'Return');
    assert.ok(!client.hasReply() && (await on.witness.look()) !== null);
    on.desktop.screenKeys('key', 'Return');
    assert.equal((await answer(client))?.end, errors.cancelled);
  });

  it('says where to click as long as another window has the keyboard, and takes no key then', async () => {
    const client = await on.ask('GETPIN');
    await on.witness.dialog();
    assert.ok(await on.witness.openWindow());
    const behind = await on.witness.until(says('Klicka här först, skriv sedan PIN-koden.'), 'the words');
    assert.deepEqual([behind.foreground, behind.topmost], [false, true]);
    await on.witness.type('99');
    await on.witness.closeWindow();
    const again = await on.witness.until(({ foreground }) => foreground, 'the foreground again');
    assert.ok(bullets(0)(again) && !says('Klicka här först, skriv sedan PIN-koden.')(again) && field(again).focused);
    await on.witness.type('1234');
    await pause(firstMoment);
    await on.witness.press(key.enter);
    assert.equal((await answer(client))?.data, '1234');
  });
});

// One run of a pinentry program, with real programs that behave, misbehave, crash and hang.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { askPin } from '../../../agent/pin/pinentry.ts';
import { kortbroError } from '../fake-backend.ts';
import { pinentryRuns, text } from './pinentry-runs.ts';
import { refusals, say, sayPin, type Replies, type ScriptedPinentry } from './scripted-pinentry.ts';

describe('A pinentry program', () => {
  let pinentry: ScriptedPinentry;
  const { options, ask, confirm, allGone } = pinentryRuns((next) => {
    pinentry = next;
  });

  it('gives the PIN in a Buffer of exactly its length, in memory that no other Buffer shares', async () => {
    const pin = await ask();
    assert.equal(pin.toString(), '123456');
    assert.deepEqual([pin.length, pin.byteOffset, pin.buffer.byteLength], [6, 0, 6]);
    await allGone();
  });

  it('is told title, text, prompt and buttons, each on a line of its own, and how long it may wait', async () => {
    await ask();
    const lines = pinentry.heard;
    for (const line of [
      'SETTITLE Kortbro',
      'SETDESC https://journal.example.se vill%0Aveta 100 %25',
      'SETPROMPT PIN:',
      'SETOK Legitimera',
      'SETCANCEL Avbryt',
      'SETTIMEOUT 10',
      'OPTION lc-ctype=C.UTF-8',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.equal(lines.filter((line) => line === 'GETPIN').length, 1);
    assert.ok(!lines.some((line) => line.startsWith('SETNOTOK')));
  });

  it('that knows none of the settings is asked all the same', async () => {
    assert.equal((await ask({ other: say('ERR 536871187 Unknown IPC command <Pinentry>') })).toString(), '123456');
  });

  it('may talk beside the point', async () => {
    const replies = {
      greeting: say('# hello', 'OK ready'),
      getPin: say('S PASSWORD_FROM_CACHE', '# x', 'D 123456', 'OK'),
    };
    assert.equal((await ask(replies)).toString(), '123456');
  });

  it('may say its lines in pieces', async () => {
    const getPin = `printf 'D 12'; printf '3456'; printf '\\nO'; printf 'K\\n'`;
    assert.equal((await ask({ getPin })).toString(), '123456');
  });

  it('may escape what it gives', async () => {
    assert.equal((await ask({ getPin: sayPin('%31%32%33%34%35%36') })).toString(), '123456');
  });

  for (const pin of ['1234', '123456789012']) {
    it(`gives a PIN of ${pin.length} digits`, async () => {
      assert.equal((await ask({ getPin: sayPin(pin) })).toString(), pin);
    });
  }

  const unfit: [string, string][] = [
    ['letters', sayPin('12345a')],
    ['a space', sayPin('123 456')],
    ['a PIN that is too short', sayPin('123')],
    ['a PIN that is too long', sayPin('1234567890123')],
    ['a PIN that is far too long', sayPin('1'.repeat(900))],
    ['full-width digits', sayPin('１２３４５６')],
    ['a zero byte', sayPin('1234%00')],
    ['a broken escape', sayPin('1234%3')],
    ['an empty line', say('D ', 'OK')],
    ['nothing', say('OK')],
  ];

  for (const [name, getPin] of unfit) {
    it(`that gives ${name} has given no PIN: ERR_PIN_FORMAT`, async () => {
      await assert.rejects(ask({ getPin }), kortbroError('ERR_PIN_FORMAT'));
      await allGone();
    });
  }

  const failures: [string, Replies, string][] = [
    ['is cancelled', { getPin: say(refusals.cancelled) }, 'ERR_USER_CANCELLED'],
    ['is not answered in time', { getPin: say(refusals.timeout) }, 'ERR_USER_TIMEOUT'],
    ['is cancelled after it gave a PIN', { getPin: say('D 123456', refusals.cancelled) }, 'ERR_USER_CANCELLED'],
    ['has another error', { getPin: say('ERR 83886340 No display <Pinentry>') }, 'ERR_PIN_PROMPT'],
    ['ends before it says anything', { start: 'exit 1' }, 'ERR_PIN_PROMPT'],
    ['greets with an error', { greeting: say('ERR 83886340 No display <Pinentry>') }, 'ERR_PIN_PROMPT'],
    ['crashes while it is asked', { getPin: 'kill -9 $$' }, 'ERR_PIN_PROMPT'],
    ['ends in the middle of the PIN', { getPin: `printf 'D 1234'; exit 0` }, 'ERR_PIN_PROMPT'],
    ['ends after the PIN, before its OK', { getPin: `${say('D 123456')}; exit 0` }, 'ERR_PIN_PROMPT'],
    ['crashes while it is told the text', { other: 'exit 1' }, 'ERR_PIN_PROMPT'],
    ['greets with something else', { greeting: say('HTTP/1.1 200 OK') }, 'ERR_PIN_PROMPT'],
    ['asks back', { getPin: say('INQUIRE QUALITY 123', 'OK') }, 'ERR_PIN_PROMPT'],
    ['says an empty line', { getPin: say('', 'OK') }, 'ERR_PIN_PROMPT'],
    ['gives two PINs', { getPin: say('D 123456', 'D 654321', 'OK') }, 'ERR_PIN_PROMPT'],
    ['gives a PIN before it is asked', { other: say('D 123456', 'OK') }, 'ERR_PIN_PROMPT'],
    ['answers more than it was asked', { greeting: `printf 'OK\\nOK\\nOK\\n'` }, 'ERR_PIN_PROMPT'],
    ['writes without end and without a line', { start: `${say('OK')}; exec cat /dev/zero` }, 'ERR_PIN_PROMPT'],
    ['writes bytes at random', { start: 'exec cat /dev/urandom' }, 'ERR_PIN_PROMPT'],
    ['writes a line that is too long', { getPin: sayPin('1'.repeat(5_000)) }, 'ERR_PIN_PROMPT'],
    ['writes lines without end', { start: 'exec yes OK' }, 'ERR_PIN_PROMPT'],
    ['does not listen', { start: `exec 0<&-; ${say('OK')}; exit 0` }, 'ERR_PIN_PROMPT'],
  ];

  for (const [name, replies, code] of failures) {
    it(`that ${name}: ${code}`, async () => {
      await assert.rejects(ask(replies), kortbroError(code));
      await allGone();
    });
  }

  it('that is missing, no program, or a directory: ERR_PIN_PROMPT', async () => {
    chmodSync(pinentry.program, 0o600);
    await assert.rejects(askPin(options(), text), kortbroError('ERR_PIN_PROMPT'));
    rmSync(pinentry.program);
    await assert.rejects(askPin(options(), text), kortbroError('ERR_PIN_PROMPT'));
    mkdirSync(pinentry.program);
    await assert.rejects(askPin(options(), text), kortbroError('ERR_PIN_PROMPT'));
    await assert.rejects(askPin(options({ program: 'a\0b' }), text), kortbroError('ERR_PIN_PROMPT'));
  });

  it('asks a question: yes, no, cancel, timeout', async () => {
    assert.equal(await confirm(say('OK')), 'ok');
    assert.equal(await confirm(say(refusals.notConfirmed)), 'not-ok');
    await assert.rejects(confirm(say(refusals.cancelled)), kortbroError('ERR_USER_CANCELLED'));
    await assert.rejects(confirm(say(refusals.timeout)), kortbroError('ERR_USER_TIMEOUT'));
    await assert.rejects(confirm(say('ERR 1')), kortbroError('ERR_PIN_PROMPT'));
    await assert.rejects(confirm('exit 0'), kortbroError('ERR_PIN_PROMPT'));
    assert.ok(!pinentry.heard.includes('GETPIN'));
  });
});

// The scripted pinentry speaks as a pinentry does, shows what it was told, and takes one answer a dialog. It is driven here by
// the agent's own side of the protocol.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askConfirmation, askPin, type DialogOptions } from '../../agent/pin/pinentry.ts';
import { isAlive, until } from '../../demo/demo-agent.ts';
import { PinentryScript } from '../../demo/pinentry-script.ts';
import { KortbroError } from '../../shared/errors.ts';

const text = {
  title: 'Kortbro – prov',
  description: '100 % säker?\nAnna Testsson',
  prompt: 'PIN:',
  ok: 'Ja',
  cancel: 'Nej',
};

describe('the scripted pinentry', () => {
  let directory = '';
  let script: PinentryScript;
  let cancel: AbortController;
  let options: DialogOptions;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-pinentry-'));
    script = new PinentryScript(directory);
    cancel = new AbortController();
    options = {
      program: fileURLToPath(new URL('../../demo/scripted-pinentry', import.meta.url)),
      seconds: 30,
      signal: cancel.signal,
      environment: { ...process.env, ...script.environment },
    };
  });
  afterEach(() => {
    script.close();
    rmSync(directory, { recursive: true });
  });

  const code = (wanted: string) => (error: unknown) => error instanceof KortbroError && error.code === wanted;

  it('gives the PIN that was queued and shows what it was told', async () => {
    const before = Date.now();
    script.answer('pin 123456');
    assert.equal((await askPin(options, text)).toString(), '123456');
    const [dialog, ...others] = script.shown();
    assert.deepEqual(others, []);
    assert.ok(dialog);
    assert.equal(dialog.kind, 'pin');
    assert.equal(dialog.title, text.title);
    assert.equal(dialog.description, text.description);
    assert.equal(dialog.timeoutSeconds, 30);
    assert.equal(dialog.answer, 'pin');
    assert.ok(dialog.startedAt >= before - 1 && dialog.openedAt >= dialog.startedAt);
  });

  it('writes no PIN down', async () => {
    script.answer('pin 918273');
    await askPin(options, text);
    assert.ok(!readFileSync(join(directory, 'shown.log'), 'latin1').includes('918273'));
  });

  it('stays open until there is an answer', async () => {
    const pin = askPin(options, text);
    const dialog = await script.waitForDialog();
    assert.equal(dialog.answer, undefined);
    assert.ok(isAlive(dialog.processId));
    script.answer('pin 1234');
    assert.equal((await pin).toString(), '1234');
  });

  it('takes one answer a dialog, in order', async () => {
    script.answer('ok', 'not-ok', 'pin 4711');
    assert.equal(await askConfirmation(options, text), 'ok');
    assert.equal(await askConfirmation(options, { ...text, notOk: 'Inte' }), 'not-ok');
    assert.equal((await askPin(options, text)).toString(), '4711');
    assert.deepEqual(
      script.shown().map(({ kind }) => kind),
      ['confirmation', 'confirmation', 'pin'],
    );
  });

  for (const [answer, expected] of [
    ['cancel', 'ERR_USER_CANCELLED'],
    ['timeout', 'ERR_USER_TIMEOUT'],
    ['crash', 'ERR_PIN_PROMPT'],
    ['garbage', 'ERR_PIN_PROMPT'],
  ] as const) {
    it(`is ${expected} after ${answer}`, async () => {
      script.answer(answer);
      await assert.rejects(askPin(options, text), code(expected));
    });
  }

  it('is gone when its dialog is called off', async () => {
    const pin = askPin(options, text);
    const dialog = await script.waitForDialog();
    cancel.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    await assert.rejects(pin, code('ERR_REQUEST_CANCELLED'));
    await until(() => !isAlive(dialog.processId), 2_000, 'the program stays');
  });

  it('forgets answers that nobody took', async () => {
    script.answer('pin 1111', 'cancel');
    script.reset();
    script.answer('pin 2222');
    assert.equal((await askPin(options, text)).toString(), '2222');
  });
});

// What a key does to a PIN that is being typed, and what comes out of it: digits and nothing else, four to twelve of them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limits } from '../../../shared/limits.ts';
import { effects, scriptedRuns } from './scripted-runs.ts';

const { nothing, changed, notADigit, tooLong, pasteRefused } = effects;
const backspace = '\b';
const controlBackspace = '\x7f';
const digits = (count: number) => '123456789012345'.slice(0, count);

describe('A key in the field for the PIN', function () {
  this.timeout(120_000);
  const start = scriptedRuns();

  async function typed(keys: string): Promise<{ pin: string | undefined; effects: number[] }> {
    const client = await start(`${keys}/ok`);
    const reply = await client.ask('GETPIN');
    const [dialog] = await client.shown();
    return { pin: reply?.data, effects: dialog?.effects ?? [] };
  }

  it('adds its digit', async () => {
    assert.deepEqual(await typed('0918'), { pin: '0918', effects: [changed, changed, changed, changed] });
  });

  it('takes the last digit away again (Backspace), or all of them (Ctrl+Backspace)', async () => {
    assert.equal((await typed(`1239${backspace}4`)).pin, '1234');
    assert.equal((await typed(`987654${controlBackspace}1234`)).pin, '1234');
    assert.deepEqual((await typed(`${backspace}1234`)).effects[0], nothing);
  });

  it('that is no digit is refused and changes nothing: letters, signs, a space, other bytes', async () => {
    const { pin, effects } = await typed('1a2 3-4\xe5.');
    assert.equal(pin, '1234');
    assert.equal(effects.filter((one) => one === notADigit).length, effects.length - 4);
  });

  it('that pastes is answered, and other controls do nothing', async () => {
    assert.deepEqual((await typed('12\x1634\x01\x03\x18\x1a\x1b\r')).effects, [
      ...[changed, changed, pasteRefused, changed, changed],
      ...[nothing, nothing, nothing, nothing, nothing, nothing],
    ]);
  });

  it('is refused when there are as many digits as a PIN can have', async () => {
    const { pin, effects } = await typed(digits(limits.pinMaximum + 1));
    assert.equal(pin, digits(limits.pinMaximum));
    assert.equal(effects.at(-1), tooLong);
  });

  it('makes no PIN of fewer digits than one must have', async () => {
    assert.equal((await typed(digits(limits.pinMinimum))).pin, digits(limits.pinMinimum));
    const client = await start(`${digits(limits.pinMinimum - 1)}/ok`);
    const reply = await client.ask('GETPIN');
    assert.equal(reply?.data, undefined);
    assert.match(reply?.end ?? '', /^ERR 83886179 /);
  });

  it('leaves nothing for the next dialog', async () => {
    const client = await start('123456/cancel', '99/ok', '12345678/ok', '4321/ok');
    assert.equal((await client.ask('GETPIN'))?.data, undefined);
    assert.equal((await client.ask('GETPIN'))?.data, undefined);
    assert.equal((await client.ask('GETPIN'))?.data, '12345678');
    assert.equal((await client.ask('GETPIN'))?.data, '4321');
    await client.shown();
  });

  it('gives what a person would have typed, whatever the keys', async () => {
    const key = fc.constantFrom(...Array.from('0123456789'), backspace, controlBackspace, 'x', ' ', '\x16', '\r');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: key, maxLength: 40 }), async (keys) => {
        let expected = '';
        for (const one of keys) {
          if (/\d/.test(one) && expected.length < limits.pinMaximum) expected += one;
          if (one === backspace) expected = expected.slice(0, -1);
          if (one === controlBackspace) expected = '';
        }
        assert.equal((await typed(keys)).pin, expected.length >= limits.pinMinimum ? expected : undefined);
      }),
      { numRuns: 100 },
    );
  });
});

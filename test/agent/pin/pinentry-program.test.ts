// Which pinentry program is run: the one that policy names and no other, else the first of the list.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { findPinentry, knownPrograms } from '../../../agent/pin/pinentry-program.ts';
import { kortbroError } from '../fake-backend.ts';
import { ScriptedPinentry } from './scripted-pinentry.ts';

describe('The pinentry program', () => {
  it('is the one that policy names', () => {
    const pinentry = new ScriptedPinentry();
    assert.equal(findPinentry(pinentry.program), pinentry.program);
    pinentry.remove();
    assert.throws(() => findPinentry(pinentry.program), kortbroError('ERR_PIN_PROMPT'));
  });

  it('is not looked for elsewhere when the one that policy names is no file', () => {
    assert.throws(() => findPinentry(tmpdir()), kortbroError('ERR_PIN_PROMPT'));
    assert.throws(() => findPinentry('/dev/null'), kortbroError('ERR_PIN_PROMPT'));
    assert.throws(() => findPinentry('/etc/hostname/pinentry'), kortbroError('ERR_PIN_PROMPT'));
  });

  it('is else the first that is there of a list of absolute paths that needs no terminal', () => {
    const first = knownPrograms.find((path) => existsSync(path));
    if (first === undefined) assert.throws(() => findPinentry(undefined), kortbroError('ERR_PIN_PROMPT'));
    else assert.equal(findPinentry(undefined), first);
    assert.ok(knownPrograms.every((path) => path.startsWith('/usr/bin/') && !/curses|tty/.test(path)));
  });
});

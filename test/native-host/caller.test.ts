import assert from 'node:assert/strict';
import { roleOfCaller } from '../../native-host/caller.ts';
import { extensionId } from '../../shared/names.ts';

describe('the caller', () => {
  it('is the extension or the command', () => {
    assert.equal(roleOfCaller(`chrome-extension://${extensionId}/`), 'native-host');
    assert.equal(roleOfCaller('--command'), 'command');
  });

  for (const argument of [
    undefined,
    '',
    `chrome-extension://${extensionId}`,
    `chrome-extension://${extensionId}//`,
    `chrome-extension://${extensionId}.evil/`,
    `chrome-extension://${'a'.repeat(32)}/`,
    `CHROME-EXTENSION://${extensionId}/`,
    `moz-extension://${extensionId}/`,
    '--Command',
    '--command ',
  ]) {
    it(`is nobody else: ${JSON.stringify(argument)}`, () => assert.equal(roleOfCaller(argument), undefined));
  }
});

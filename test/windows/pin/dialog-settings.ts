// The lines by which the agent sets up the dialogs that the tests look at, from its own texts.
import { escapeText } from '../../../agent/pin/assuan.ts';
import { type DialogText } from '../../../agent/pin/prompt-texts.ts';

/** The demo's site and card holder. */
export const site = 'https://journal.example.se:8443';
export const anna = {
  holder: 'Anna Testsson',
  organisation: 'Testkliniken (demo)',
  holderId: 'SE0000000000-1ABC',
  issuer: 'TEST SITHS e-id Person HSA-id 3 CA v1',
};

/** Everything but the command that opens the dialog. */
export function settingLines(text: DialogText, seconds = 60): string[] {
  const lines = [
    ['OPTION lc-messages=', text.language],
    ['OPTION kortbro-site=', text.site],
    ['OPTION kortbro-notice=', text.notice],
    ['SETTIMEOUT ', String(seconds)],
    ['SETTITLE ', text.title],
    ['SETDESC ', text.description],
    ['SETPROMPT ', text.prompt],
    ['SETOK ', text.ok],
    ['SETNOTOK ', text.notOk],
    ['SETCANCEL ', text.cancel],
  ] as const;
  return lines.flatMap(([word, value]) => (value === undefined ? [] : [word + escapeText(value)]));
}

// Takes the pictures of the PIN dialog for the docs: node --import tsx test/windows/pin/pictures.ts [DIRECTORY [marlett.ttf]]
// Run by hand when the dialog changes. Wine draws the mark of the close button with Marlett (Debian: fonts-wine).
import { join } from 'node:path';
import { consentDialog, finalTryDialog, pinDialog, type DialogText } from '../../../agent/pin/prompt-texts.ts';
import { pause, within } from '../../native-host/within.ts';
import { anna, settingLines, site } from './dialog-settings.ts';
import { Desktop, type DesktopSettings } from './desktop.ts';
import { key } from './witness.ts';

const [directory = 'docs/images', font] = process.argv.slice(2);

const tries = { state: 'low', triesLeft: 3 } as const;
const longSite = 'https://a-very-long-name-of-a-journal-system.internal-medicine.hospital.region.example.se:8443';

const pictures: [string, DesktopSettings, string, DialogText][] = [
  ['pin-sv', {}, 'GETPIN', pinDialog('sv', site, anna, tries, 'first')],
  ['pin-en', {}, 'GETPIN', pinDialog('en', site, anna, tries, 'first')],
  ['pin-sv-high-contrast', { look: 'high-contrast' }, 'GETPIN', pinDialog('sv', site, anna, tries, 'first')],
  ['pin-en-high-contrast', { look: 'high-contrast' }, 'GETPIN', pinDialog('en', site, anna, tries, 'first')],
  ['pin-sv-dark', { look: 'dark' }, 'GETPIN', pinDialog('sv', site, anna, { state: 'ok' }, 'login-lost')],
  ['pin-sv-150', { dpi: 144 }, 'GETPIN', pinDialog('sv', site, anna, { state: 'final' }, 'first')],
  ['pin-en-long', {}, 'GETPIN', pinDialog('en', longSite, anna, { state: 'final' }, 'first')],
  ['pin-sv-last-try', {}, 'CONFIRM', finalTryDialog('sv', site, anna)],
  ['pin-sv-consent', {}, 'CONFIRM', consentDialog('sv', 'https://remiss.example.se', anna)],
];

const desktop = await Desktop.start(font);
try {
  for (const [name, settings, command, text] of pictures) {
    await desktop.set(settings);
    const client = await desktop.startDialog();
    for (const line of settingLines(text)) await client.ask(line);
    client.send(command);
    await desktop.witness.dialog();
    if (command === 'GETPIN') {
      await desktop.witness.type('123');
      if (name === 'pin-sv') await desktop.witness.press(key.a);
    }
    await pause(500);
    const { window } = await desktop.witness.dialog();
    desktop.picture(join(directory, `${name}.png`), window.box);
    client.hangUp();
    await within(10_000, client.ended, 'the end');
  }
} finally {
  await desktop.end();
}

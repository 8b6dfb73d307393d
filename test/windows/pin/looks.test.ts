// How the PIN dialog stands on the screen: everything of it can be seen, in both languages, in every look, at every scale, with
// long names; nothing lies over something else.
import assert from 'node:assert/strict';
import {
  choiceDialog,
  consentDialog,
  finalTryDialog,
  pinDialog,
  type DialogText,
} from '../../../agent/pin/prompt-texts.ts';
import { limits } from '../../../shared/limits.ts';
import { within } from '../../native-host/within.ts';
import { anna, settingLines, site } from './dialog-settings.ts';
import { screenSize } from '../lane/screen.ts';
import { Desktop, desktopUnavailable, type DesktopSettings } from './desktop.ts';
import { type DialogSeen, type WindowSeen } from './witness.ts';

type Box = WindowSeen['box'];

const longSite = `https://${'a-very-long-name.'.repeat(20)}`.slice(0, limits.originLength - 11) + '.example.se';
const longHolder = {
  holder: 'Anna-Karin Margareta Testsson-Exempelström av Provlandet',
  organisation: 'Kliniken för test och prov vid Exempelregionens universitetssjukhus (demo)',
  holderId: 'SE0000000000-1ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  issuer: 'TEST SITHS e-id Person HSA-id 3 CA v1 with a name that is longer than any real one',
};

describe('The PIN dialog on the screen', function () {
  this.timeout(180_000);
  let desktop: Desktop;
  before(async function () {
    const reason = desktopUnavailable();
    if (reason !== undefined) {
      if (process.env['CI'] !== undefined) throw new Error(reason);
      return this.skip();
    }
    desktop = await Desktop.start();
  });
  after(async () => {
    await (desktop as Desktop | undefined)?.end();
  });

  async function shown(settings: DesktopSettings, command: string, text: DialogText): Promise<DialogSeen> {
    await desktop.set(settings);
    const client = await desktop.startDialog();
    for (const line of settingLines(text)) await client.ask(line);
    client.send(command);
    const dialog = await desktop.witness.dialog();
    client.hangUp();
    await within(10_000, client.ended, 'the end');
    return dialog;
  }

  function assertWhole({ window, children }: DialogSeen): void {
    assert.ok(isInside(window.box, [0, 0, ...screenSize]), `the dialog: ${window.box.join(' ')}`);
    const visible = children.filter(({ box }) => box[2] > box[0] && box[3] > box[1]);
    for (const one of visible) {
      assert.ok(isInside(one.box, window.box), `${one.text}: ${one.box.join(' ')} in ${window.box.join(' ')}`);
    }
    for (const [i, one] of visible.entries()) {
      for (const other of visible.slice(i + 1)) {
        assert.ok(!overlap(one.box, other.box), `${one.text} and ${other.text}`);
      }
    }
  }

  const dialogs: [string, string, (language: 'sv' | 'en') => DialogText][] = [
    [
      'the PIN dialog',
      'GETPIN',
      (language) => pinDialog(language, site, anna, { state: 'low', triesLeft: 3 }, 'first'),
    ],
    ['the last try', 'GETPIN', (language) => pinDialog(language, site, anna, { state: 'final' }, 'login-lost')],
    ['the last warning', 'CONFIRM', (language) => finalTryDialog(language, site, anna)],
    ['the question of consent', 'CONFIRM', (language) => consentDialog(language, site, anna)],
    ['the choice', 'CONFIRM', (language) => choiceDialog(language, site, anna, 2, 3)],
  ];
  for (const [name, command, text] of dialogs) {
    for (const language of ['sv', 'en'] as const) {
      it(`is whole: ${name} (${language})`, async () => {
        assertWhole(await shown({}, command, text(language)));
      });
    }
  }

  const settings: DesktopSettings[] = [
    { look: 'dark' },
    { look: 'high-contrast' },
    { dpi: 120 },
    { dpi: 144 },
    { dpi: 192 },
  ];
  for (const setting of settings) {
    const name = setting.look ?? `${((setting.dpi ?? 96) * 100) / 96} %`;
    it(`is whole with the longest names: ${name}`, async () => {
      const text = pinDialog('sv', longSite, longHolder, { state: 'final' }, 'login-lost');
      const dialog = await shown(setting, 'GETPIN', text);
      assertWhole(dialog);
      assert.ok(dialog.children.some((one) => one.text === longSite));
    });
  }

  it('grows with the scale', async () => {
    const text = consentDialog('sv', site, anna);
    const width = ({ window: { box } }: DialogSeen) => box[2] - box[0];
    const [normal, large] = [await shown({ dpi: 96 }, 'CONFIRM', text), await shown({ dpi: 144 }, 'CONFIRM', text)];
    assert.deepEqual([normal.dpi, large.dpi], [96, 144]);
    const growth = width(large) / width(normal);
    assert.ok(growth > 1.35 && growth < 1.65, String(growth));
  });

  it('shows its buttons even where there is hardly room for anything', async () => {
    const text = pinDialog('en', longSite, longHolder, { state: 'final' }, 'login-lost');
    assertWhole(await shown({ dpi: 288 }, 'GETPIN', text));
  });
});

function isInside(inner: Box, outer: Box): boolean {
  return inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}

function overlap(one: Box, other: Box): boolean {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

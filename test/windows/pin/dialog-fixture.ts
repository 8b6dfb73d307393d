// A desktop for the tests of one file, dialogs on it, and the questions that those tests put to what is seen.
import assert from 'node:assert/strict';
import { pinDialog, type DialogText } from '../../../agent/pin/prompt-texts.ts';
import { within } from '../../native-host/within.ts';
import { type AssuanClient } from './assuan-client.ts';
import { anna, settingLines, site } from './dialog-settings.ts';
import { Desktop, desktopUnavailable } from './desktop.ts';
import { type DialogSeen, type Witness, type WindowSeen } from './witness.ts';

/** As long as Enter does nothing, and a little. */
export const firstMoment = 600;

export const pinText = pinDialog('sv', site, anna, { state: 'low', triesLeft: 2 }, 'first');

export interface DialogFixture {
  readonly desktop: Desktop;
  readonly witness: Witness;
  /** Starts a program, tells it the text and gives it a command that it has not answered yet. It is ended after the test. */
  readonly ask: (command: string, text?: DialogText, seconds?: number) => Promise<AssuanClient>;
}

/** To be called in a `describe`. */
export function dialogFixture(): DialogFixture {
  let desktop: Desktop | undefined;
  const open = new Set<AssuanClient>();
  before(async function () {
    const reason = desktopUnavailable();
    if (reason !== undefined) {
      if (process.env['CI'] !== undefined) throw new Error(reason);
      return this.skip();
    }
    desktop = await Desktop.start();
  });
  after(async () => {
    await desktop?.end();
  });
  afterEach(async () => {
    for (const client of open) {
      client.hangUp();
      await within(10_000, client.ended, 'the end');
    }
    open.clear();
  });
  const there = (): Desktop => {
    assert.ok(desktop !== undefined, 'there is a desktop in tests only');
    return desktop;
  };
  return {
    get desktop() {
      return there();
    },
    get witness() {
      return there().witness;
    },
    ask: async (command, text = pinText, seconds = 60) => {
      const client = await there().startDialog();
      open.add(client);
      for (const line of settingLines(text, seconds)) assert.equal((await client.ask(line))?.end, 'OK', line);
      client.send(command);
      return client;
    },
  };
}

export const answer = (client: AssuanClient) => within(10_000, client.reply(), 'an answer');

export const field = ({ children }: DialogSeen): WindowSeen => children.find((one) => one.class === 'Edit')!;

export const bullets = (count: number) => (dialog: DialogSeen) => field(dialog).text === '●'.repeat(count);

export const says = (text: string) => (dialog: DialogSeen) => dialog.children.some((one) => one.text === text);

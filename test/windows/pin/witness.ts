// Speaks with pin-witness.exe: what another program on the desktop sees of the PIN dialog, and keys that are pressed on it.
import { type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { within } from '../../native-host/within.ts';

/** A window as Windows and MSAA tell of it. */
export interface WindowSeen {
  class: string;
  text: string;
  style: number;
  /** Left, top, right, bottom on the screen. */
  box: [number, number, number, number];
  focused: boolean;
  name: string;
  value: string;
  /** ROLE_SYSTEM_... and STATE_SYSTEM_... of MSAA. */
  role: number;
  state: number;
}

export interface DialogSeen {
  window: WindowSeen;
  foreground: boolean;
  topmost: boolean;
  dpi: number;
  children: WindowSeen[];
}

/** Virtual-key codes. */
export const key = {
  ...{ backspace: 8, tab: 9, enter: 13, shift: 16, control: 17, escape: 27, space: 32, insert: 45, delete: 46 },
  ...{ a: 65, c: 67, v: 86, f10: 121, apps: 93, alt: 18, f4: 115 },
} as const;

/** Messages that one program can send to another's edit control. */
export const message = {
  setText: 12,
  getText: 13,
  paste: 0x302,
  setPasswordChar: 0xcc,
  replaceSelection: 0xc2,
} as const;

export class Witness {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(process: ChildProcess) {
    this.#process = process;
    if (process.stdout === null) throw new Error('the witness needs a pipe');
    this.#reader = createInterface({ input: process.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** The dialog, once it is there, filled, and has given the keyboard to one of its controls. */
  async dialog(): Promise<DialogSeen> {
    let seen = (await this.#ask('wait')) as DialogSeen | null;
    for (let i = 0; i < 200 && seen !== null && !seen.children.some(({ focused }) => focused); i++) {
      seen = (await this.#ask('dialog')) as DialogSeen | null;
    }
    if (seen === null) throw new Error('there is no dialog');
    return seen;
  }

  /** The dialog as it is now. */
  async look(): Promise<DialogSeen | null> {
    return (await this.#ask('dialog')) as DialogSeen | null;
  }

  /** Looks until it is as it should be. */
  async until(isSo: (dialog: DialogSeen) => boolean, what: string): Promise<DialogSeen> {
    const deadline = performance.now() + 8_000;
    for (;;) {
      const seen = await this.look();
      if (seen !== null && isSo(seen)) return seen;
      if (performance.now() > deadline) throw new Error(`${what}: not within 8 s`);
    }
  }

  /** Presses keys together and lets go of them. */
  async press(...keys: number[]): Promise<void> {
    await this.#ask(`press ${keys.join(' ')}`);
  }

  /** Types capital letters and digits. */
  async type(text: string): Promise<void> {
    await this.#ask(`type ${text}`);
  }

  /** Presses a key in the first moment of the next dialog; how many milliseconds after it came up. */
  async pressEarly(one: number): Promise<number> {
    return (await this.#ask(`early ${one}`)) as number;
  }

  /** Sends a message to the first edit control of the dialog. */
  async send(what: number, first = 0, text = ''): Promise<void> {
    await this.#ask(`field ${what} ${first} ${text}`);
  }

  async putOnClipboard(text: string): Promise<void> {
    await this.#ask(`clipboard ${text}`);
  }

  /** Another program's window comes to the front; `closeWindow` takes it away again. */
  async openWindow(): Promise<boolean> {
    return (await this.#ask('window')) as boolean;
  }

  async closeWindow(): Promise<void> {
    await this.#ask('no-window');
  }

  /** From now on live regions are listened to, as a screen reader does. */
  async listen(): Promise<void> {
    await this.#ask('listen');
  }

  /** What has been spoken since it was asked last; waits for something. */
  async heard(): Promise<string[]> {
    const deadline = performance.now() + 8_000;
    for (;;) {
      const heard = (await this.#ask('heard')) as string[];
      if (heard.length > 0) return heard;
      if (performance.now() > deadline) throw new Error('nothing is spoken');
    }
  }

  end(): void {
    this.#process.stdin?.end();
    this.#reader.close();
  }

  async #ask(command: string): Promise<unknown> {
    this.#process.stdin?.write(`${command}\n`);
    const line = await within(20_000, this.#lines.next(), `an answer to ${command}`);
    if (line.done === true) throw new Error('the witness has ended');
    return JSON.parse(line.value) as unknown;
  }
}

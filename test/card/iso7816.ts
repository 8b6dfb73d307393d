// The part of a card that ISO 7816-4 describes and every profile shares: chaining, GET RESPONSE, files, PINs, power.
// A profile adds its files and its own instructions. It is a card for tests: no secure messaging, no logical channels.
import { randomBytes } from 'node:crypto';
import { type CommandApdu, parseCommandApdu } from './command-apdu.ts';
import { type PinObject } from './pin-object.ts';
import { SW } from './status-words.ts';

export interface Reply {
  readonly sw: number;
  readonly body?: Uint8Array;
}

/** What one instruction does. May throw: the card then answers 6F00. */
export type Instruction = (command: CommandApdu) => Reply;

/** What makes one kind of card different from another. */
export interface CardProfile {
  readonly atr: Uint8Array;
  /** Application identifiers, in hex, that SELECT by name accepts. */
  readonly applications: readonly string[];
  /** Contents by file identifier, four hex digits, lower case. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** By reference, the P2 of VERIFY. */
  readonly pins: ReadonlyMap<number, PinObject>;
  /** By INS; one that the core has as well takes its place. */
  readonly instructions: ReadonlyMap<number, Instruction>;
  /** Signatures made since the card was made, by key, in the order of its definition. */
  readonly signatures: readonly number[];
  /** File control information that SELECT answers. */
  readonly describeFile: (fileId: string, content: Uint8Array) => Uint8Array;
  /** Forgets what the profile keeps while powered, such as a security environment. */
  readonly onPowerChange: () => void;
}

const MAX_CHAINED_BYTES = 8192;
const CHAINING_BIT = 0x10;
const GET_RESPONSE = 0xc0;

export class IsoCard {
  readonly profile: CardProfile;
  readonly #instructions: ReadonlyMap<number, Instruction>;
  #currentFile: Uint8Array | undefined;
  #chain: { header: string; data: Buffer } | undefined;
  #pending: Buffer | undefined;

  constructor(profile: CardProfile) {
    this.profile = profile;
    this.#instructions = new Map<number, Instruction>([
      [0xa4, (command) => this.#select(command)],
      [0xb0, (command) => this.#readBinary(command)],
      [0x20, (command) => this.#withPin(command, (pin, data) => (data.length === 0 ? pin.status() : pin.verify(data)))],
      [0x24, (command) => this.#withPin(command, (pin, data) => pin.change(data))],
      [0x2c, (command) => this.#withPin(command, (pin, data) => pin.unblock(data))],
      [0x84, (command) => ({ sw: SW.ok, body: randomBytes(Math.min(command.le ?? 8, 256)) })],
      ...profile.instructions,
    ]);
  }

  get atr(): Uint8Array {
    return this.profile.atr;
  }

  /** Cold or warm reset, power on or off: all that a card keeps only while it runs is gone, PIN verification first of all. */
  powerCycle(): void {
    this.#currentFile = undefined;
    this.#chain = undefined;
    this.#pending = undefined;
    for (const pin of this.profile.pins.values()) pin.forget();
    this.profile.onPowerChange();
  }

  /** Answers any bytes whatever: never throws, never fewer than the two bytes of a status word. */
  transmit(bytes: Uint8Array): Buffer {
    const command = parseCommandApdu(bytes);
    if (command === undefined) return statusWord(SW.wrongLength);
    if (command.ins === GET_RESPONSE) return this.#getResponse(command);
    this.#pending = undefined;
    if ((command.cla & ~CHAINING_BIT) !== 0) return statusWord(SW.unknownClass);
    const whole = this.#unchain(command);
    if (typeof whole === 'number') return statusWord(whole);
    const reply = this.#execute(whole);
    return this.#send(Buffer.from(reply.body ?? []), reply.sw, whole.le ?? 256);
  }

  #execute(command: CommandApdu): Reply {
    const instruction = this.#instructions.get(command.ins);
    if (instruction === undefined) return { sw: SW.unknownInstruction };
    try {
      return instruction(command);
    } catch {
      return { sw: SW.cardFault };
    }
  }

  /** ISO 7816-4 5.3.3: parts of one command repeat its INS, P1 and P2. */
  #unchain(command: CommandApdu): CommandApdu | number {
    const header = [command.ins, command.p1, command.p2].join();
    const chain = this.#chain;
    this.#chain = undefined;
    if (chain !== undefined && chain.header !== header) return SW.chainingExpected;
    const data = chain === undefined ? command.data : Buffer.concat([chain.data, command.data]);
    if (data.length > MAX_CHAINED_BYTES) return SW.wrongLength;
    if ((command.cla & CHAINING_BIT) === 0) return { ...command, data };
    this.#chain = { header, data };
    return SW.ok;
  }

  #getResponse(command: CommandApdu): Buffer {
    if (this.#pending === undefined) return statusWord(SW.conditionsNotSatisfied);
    return this.#send(this.#pending, SW.ok, command.le ?? 256);
  }

  /**
   * T=0 would answer every command with data by 61XX first; a reader that exchanges whole APDUs hides that, and so does
   * this card. Only what is longer than asked for waits.
   */
  #send(body: Buffer, sw: number, le: number): Buffer {
    if (body.length <= le) {
      this.#pending = undefined;
      return Buffer.concat([body, statusWord(sw)]);
    }
    this.#pending = body.subarray(le);
    return Buffer.concat([body.subarray(0, le), statusWord(SW.moreBytes(this.#pending.length))]);
  }

  #select({ p1, p2, data }: CommandApdu): Reply {
    const wantsNothing = (p2 & 0x0c) === 0x0c;
    if (p1 === 0x04) {
      const name = data.toString('hex');
      const known = name.length >= 10 && this.profile.applications.some((aid) => aid.startsWith(name));
      if (!known) return { sw: SW.fileNotFound };
      this.#currentFile = undefined;
      return { sw: SW.ok };
    }
    // By identifier, by path from the root or from here: identifiers are unique on these cards, so the last one decides.
    if (p1 !== 0x00 && p1 !== 0x02 && p1 !== 0x08 && p1 !== 0x09) return { sw: SW.wrongP1P2 };
    const fileId = data.length === 0 ? '3f00' : data.subarray(-2).toString('hex');
    const content = this.profile.files.get(fileId);
    if (content === undefined) return { sw: SW.fileNotFound };
    this.#currentFile = content;
    return wantsNothing ? { sw: SW.ok } : { sw: SW.ok, body: this.profile.describeFile(fileId, content) };
  }

  #readBinary({ p1, p2, le }: CommandApdu): Reply {
    if ((p1 & 0x80) !== 0) return { sw: SW.wrongP1P2 };
    const file = this.#currentFile;
    if (file === undefined) return { sw: SW.noCurrentFile };
    const offset = (p1 << 8) | p2;
    if (offset > file.length) return { sw: SW.wrongOffset };
    const wanted = le ?? 256;
    const body = file.subarray(offset, offset + wanted);
    // "256" and "65536" are written 00 and mean "all there is".
    const openEnded = wanted === 256 || wanted === 65_536;
    return { sw: body.length < wanted && !openEnded ? SW.endOfFile : SW.ok, body };
  }

  #withPin({ p1, p2, data }: CommandApdu, act: (pin: PinObject, data: Buffer) => number): Reply {
    if (p1 !== 0) return { sw: SW.wrongP1P2 };
    const pin = this.profile.pins.get(p2);
    return { sw: pin === undefined ? SW.referenceNotFound : act(pin, data) };
  }
}

function statusWord(sw: number): Buffer {
  return Buffer.from([sw >> 8, sw & 0xff]);
}

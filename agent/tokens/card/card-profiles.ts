// What a card can be asked by APDU, beside its driver: who it is and how its PIN stands. By ATR, because an APDU that one card
// answers may cost another a PIN try. Pure.
import { type PinStatus } from '../../../shared/messages.ts';

/** The questions of one kind of card. Left out: this kind is not asked. */
export interface CardProfile {
  name: string;
  /** Whether this kind was recognised by its ATR. */
  known: boolean;
  /** Answers with bytes that no other card answers with. */
  identity: Uint8Array;
  /** How many bytes of the answer stay the same whatever is written to the card; default: all. */
  identityLength?: number;
  /** VERIFY without data (ISO 7816-4 11.6.6): tells the state and spends no try. */
  pinStatus?: Uint8Array;
  /** Has an index of its files that names its certificates (certificate-index.ts). */
  certificateIndex?: true;
}

const profiles: readonly { name: string; atr: string; mask: string; profile: Omit<CardProfile, 'name' | 'known'> }[] = [
  {
    // Thales IDPrime 840, 940, 940C: three bytes of the ATR tell them apart. CPLC: chip, its serial number and batch.
    name: 'IDPrime',
    atr: '3b7f96000080318065b085000000120ffe829000',
    mask: 'ffffffffffffffffffffff000000ffffffffffff',
    profile: {
      identity: Buffer.from('00ca9f7f00', 'hex'),
      pinStatus: Buffer.from('00200011', 'hex'),
      certificateIndex: true,
    },
  },
  {
    // Aventra MyEID with contacts, by its historical bytes. The applet's own data: its serial number is among them. Which reference the
    // PIN of a token has is the personaliser's choice: it is not asked. The last two bytes count the changes of the card.
    name: 'MyEID',
    atr: '3bf50000000031fe454d7945494400',
    mask: 'ffff00000000ffffffffffffffff00',
    profile: { identity: Buffer.from('00ca01a000', 'hex'), identityLength: 18 },
  },
];

/** Every other card is asked for its CPLC alone, once when it comes in: reading harms no card, and many answer. */
const unknown: CardProfile = { name: 'unknown', known: false, identity: Buffer.from('00ca9f7f00', 'hex') };

/** The profile of the card with this answer to reset. */
export function cardProfile(atr: Uint8Array): CardProfile {
  for (const { name, atr: pattern, mask, profile } of profiles) {
    if (matches(atr, Buffer.from(pattern, 'hex'), Buffer.from(mask, 'hex'))) return { name, known: true, ...profile };
  }
  return unknown;
}

/** Several tokens have a PIN each; the profile's question is about one of them, so that the flags of C_GetTokenInfo are used instead. */
export function profileFor(tokens: number, profile: CardProfile): CardProfile {
  const fitting = { ...profile };
  if (tokens > 1) delete fitting.pinStatus;
  return fitting;
}

function matches(atr: Uint8Array, pattern: Uint8Array, mask: Uint8Array): boolean {
  return (
    atr.length === pattern.length &&
    pattern.every((byte, at) => ((atr[at] ?? 0) & (mask[at] ?? 0)) === (byte & (mask[at] ?? 0)))
  );
}

/** The identity in an answer as hex, or '' when the card gave none. Cards with an empty or blank answer have none either. */
export function identityOf(
  answer: Uint8Array,
  { identityLength = 100 }: Pick<CardProfile, 'identityLength'> = {},
): string {
  const told = answer.subarray(0, -2);
  if (statusWord(answer) !== 0x9000 || told.every((byte) => byte === 0)) return '';
  return Buffer.from(told.subarray(0, identityLength)).toString('hex');
}

/** The state of the PIN in an answer to VERIFY without data. 9000 is a PIN that is verified now: the card tells no number then. */
export function pinStatusOf(answer: Uint8Array): PinStatus {
  const word = statusWord(answer);
  if (word === 0x9000) return { state: 'ok' };
  if (word === 0x6983 || word === 0x6984) return { state: 'locked', triesLeft: 0 };
  if ((word & 0xfff0) !== 0x63c0) return { state: 'unknown' };
  const triesLeft = word & 0x0f;
  const state = triesLeft === 0 ? 'locked' : triesLeft === 1 ? 'final' : triesLeft === 2 ? 'low' : 'ok';
  return { state, triesLeft };
}

function statusWord(answer: Uint8Array): number {
  return ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0);
}

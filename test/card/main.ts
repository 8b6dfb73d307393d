// The virtual reader by hand: two invented persons' cards and one with two PINs ("signer"), commands on stdin, one a line. Ends with "quit" or the end of stdin.
import { createInterface } from 'node:readline';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from './card-stack.ts';
import { ANNA, BERTIL, inventedCard, inventedTwoPinCard, SIGNATURE_PIN } from './invented-persons.ts';

const HELP = `insert anna|bertil|signer [slot]   remove [slot]   swap NAME [slot]   unseen NAME [slot] (swapped behind pcscd's back)
mute MS [slot]   reset [slot]   delay MS [slot]   stall INS MS [slot]   pull INS [slot] (INS in hex, such as 2A)
tries NAME N   pins   operations   counts [slot]   transcript [slot]   clear [slot]   reader [slot]   service stop|start   quit`;

type Command = (stack: CardStack, words: readonly string[]) => Promise<unknown>;

const COMMANDS: Readonly<Record<string, Command>> = {
  insert: (stack, [name, slot]) => stack.insert(card(name), slotOf(slot)),
  remove: (stack, [slot]) => stack.remove(slotOf(slot)),
  swap: (stack, [name, slot]) => stack.swap(card(name), slotOf(slot)),
  unseen: (stack, [name, slot]) => stack.swapUnseen(card(name), slotOf(slot)),
  mute: (stack, [ms, slot]) => stack.mute(count(ms), slotOf(slot)),
  reset: (stack, [slot]) => stack.resetByOther(slotOf(slot)),
  delay: (stack, [ms, slot]) => stack.setDelay(count(ms), slotOf(slot)),
  stall: (stack, [ins, ms, slot]) => stack.stallOn(instruction(ins), count(ms), slotOf(slot)),
  pull: (stack, [ins, slot]) => stack.removeOn(instruction(ins), slotOf(slot)),
  tries: (stack, [name, tries]) => stack.setTriesLeft(card(name), count(tries)),
  pins: async (stack) => ({
    anna: await stack.pinState('anna'),
    bertil: await stack.pinState('bertil'),
    signer: [await stack.pinState('signer'), await stack.pinState('signer', 'signature')],
  }),
  operations: async (stack, [slot]) => stack.operations(slotOf(slot)),
  counts: (stack, [slot]) => stack.counts(slotOf(slot)),
  transcript: async (stack, [slot]) => (await stack.transcript(slotOf(slot))).join('\n'),
  clear: (stack, [slot]) => stack.resetCounts(slotOf(slot)),
  reader: async (stack, [slot]) => ({
    card: await stack.cardIn(slotOf(slot)),
    ...(await stack.readerState(slotOf(slot))),
  }),
  service: (stack, [what]) => (what === 'stop' ? stack.stopService() : stack.startService()),
};

function card(name: string | undefined): string {
  if (name === undefined) throw new Error('which card? anna, bertil or signer');
  return name;
}

function slotOf(word: string | undefined): number {
  return word === undefined ? 0 : count(word);
}

function count(word: string | undefined): number {
  if (word === undefined || !/^\d{1,6}$/.test(word)) throw new Error('a number is missing');
  return Number(word);
}

function instruction(word: string | undefined): number {
  if (word === undefined || !/^[\da-f]{2}$/i.test(word)) throw new Error('an INS of two hex digits is missing');
  return Number.parseInt(word, 16);
}

function say(words: string): void {
  process.stdout.write(`${words}\n`);
}

async function obey(stack: CardStack, line: string): Promise<void> {
  const [name = '', ...words] = line.trim().split(/\s+/);
  if (name === '') return;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    say(HELP);
    return;
  }
  try {
    const result = await command(stack, words);
    say(result === undefined ? 'ok' : typeof result === 'string' ? result : JSON.stringify(result));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

const reason = cardStackUnavailable();
if (reason !== undefined) {
  process.stderr.write(`The virtual reader cannot run: ${reason}.\n`);
  process.exit(1);
}
const [anna, bertil, signer] = await Promise.all([inventedCard(ANNA), inventedCard(BERTIL), inventedTwoPinCard(ANNA)]);
const stack = await startCardStack({ cards: { anna, bertil, signer } });
say(`PINs: anna ${ANNA.pin}, bertil ${BERTIL.pin}, signer ${ANNA.pin} and ${SIGNATURE_PIN}. In the shell of a client:`);
for (const [name, value] of Object.entries(stack.environment)) say(`export ${name}=${value}`);
say(`pkcs11-tool --module ${findOpenscModule() ?? 'opensc-pkcs11.so'} -L`);
say(HELP);
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break;
  await obey(stack, line);
}
await stack.stop();
process.exit(0);

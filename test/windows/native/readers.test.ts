// PC/SC from Windows: our addon, Wine's winscard, the lane's pcscd and a virtual card. Wine 10's SCardGetStatusChange forgets what
// its caller knows and returns at once; that a wait blocks and can be cancelled is shown by winscard.windows.ts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readerStateBits } from '../../../agent/native/pcsc.ts';
import { type SeenPicture, type SeenReader } from '../../agent/native/pcsc-child.ts';
import { type CardStack, cardStackUnavailable } from '../../card/card-stack.ts';
import { ANNA, BERTIL, inventedCard } from '../../card/invented-persons.ts';
import { wineUnavailable } from '../lane/wine.ts';
import { startLaneCards } from './lane-cards.ts';
import { PcscUnderWine } from './pcsc-under-wine.ts';
import { startWindowsProgram, type WindowsProgram } from './windows-program.ts';

const ATR = '3b7f96000080318065b0855956fb120ffe829000';
const SELECT = '00a4040c0ba000000018800000000662';
const PIN_STATUS = '00200011';
const { present, empty, mute } = readerStateBits;
const NO_SMARTCARD = 0x8010000c;
const UNKNOWN_READER = 0x80100009;
const REMOVED_CARD = 0x80100069;

const reason = wineUnavailable() ?? cardStackUnavailable();
describe(`Readers and cards on Windows${reason === undefined ? '' : ` (not run: ${reason})`}`, function () {
  this.timeout(300_000);
  let stack: CardStack;
  let windows: WindowsProgram | undefined;
  let program: PcscUnderWine;
  let reader: string;

  before(async function () {
    if (reason !== undefined) this.skip();
    stack = await startLaneCards({ anna: await inventedCard(ANNA), bertil: await inventedCard(BERTIL) });
    // The whole of it: a service that starts again makes the folder of its socket anew.
    const share = [join(stack.environment.PCSCLITE_CSOCK_NAME, '../../..')];
    windows = await startWindowsProgram({ share, environment: stack.environment });
    [reader] = stack.readers;
  });

  after(async () => {
    await windows?.wine.end();
    await (stack as CardStack | undefined)?.stop();
  });

  beforeEach(async () => {
    program = await PcscUnderWine.start(windows!);
  });

  afterEach(async () => {
    await program.kill();
    if ((await stack.cardIn()) !== undefined) await stack.remove();
    // The next test begins with a reader that pcscd knows to be empty.
    while (!(await stack.readerState()).empty) await wait(50);
  });

  const stateOf = (picture: SeenPicture): SeenReader | undefined => picture.readers.find((one) => one.name === reader);
  /** Waits for the reader to have the bit. */
  const until = async (bit: number): Promise<SeenReader> => {
    const fits = (picture: SeenPicture): boolean => ((stateOf(picture)?.eventState ?? 0) & bit) !== 0;
    return stateOf(await program.pictures.next(`the reader has state bit ${bit}`, fits))!;
  };
  const counter = (seen: SeenReader): number => seen.eventState >>> 16;

  it('are told: both readers, a card that comes, its ATR, and that it goes', async () => {
    const before = await until(empty);
    assert.equal(before.atr, '');
    await stack.insert('anna');
    const inserted = await until(present);
    assert.equal(inserted.atr, ATR);
    assert.equal(counter(inserted), counter(before) + 1);
    await stack.remove();
    const removed = await until(empty);
    assert.deepEqual([removed.atr, counter(removed)], ['', counter(inserted) + 1]);
    assert.deepEqual(
      program.pictures.all.at(-1)?.readers.map(({ name }) => name),
      stack.readers,
    );
  });

  it('cost the card nothing: no APDU is sent by watching', async () => {
    await until(empty);
    await stack.resetCounts();
    await stack.insert('anna');
    await until(present);
    assert.equal((await stack.counts()).apdus, 0);
  });

  it('take APDUs in one transaction, and answer with their status words', async () => {
    await stack.insert('anna');
    await until(present);
    const answers = await program.transmit(reader, [SELECT, PIN_STATUS]);
    assert.equal(answers.length, 2);
    assert.equal(answers[0]?.slice(-4), '9000');
    assert.match(answers[1] ?? '', /63c3$|9000$/);
  });

  it('forget a verified PIN by a reset', async () => {
    await stack.insert('anna');
    await until(present);
    const verify = `0020001106${Buffer.from(ANNA.pin).toString('hex')}`;
    const padded = `0020001110${Buffer.from(ANNA.pin).toString('hex').padEnd(32, '0')}`;
    const [, answer] = await program.transmit(reader, [SELECT, verify]);
    if (answer !== '9000') await program.transmit(reader, [SELECT, padded]);
    assert.equal((await stack.pinState()).verified, true);
    await program.reset(reader);
    assert.equal((await stack.pinState()).verified, false);
  });

  it('refuse a call without a card, or for a reader that is not there', async () => {
    await until(empty);
    await assert.rejects(program.transmit(reader, [SELECT]), ({ code }: { code: number }) =>
      [NO_SMARTCARD, REMOVED_CARD].includes(code),
    );
    await assert.rejects(program.reset('Läsare som inte finns'), { code: UNKNOWN_READER });
  });

  it('tell a card that is mute, and that it is well again', async () => {
    await stack.insert('anna');
    await until(present);
    await stack.setMute(true);
    await until(mute);
    await stack.setMute(false);
    const again = await until(present);
    assert.equal(again.eventState & mute, 0);
  });

  it('are away while the service is stopped, and back when it has started', async () => {
    await until(empty);
    await stack.stopService();
    const stopped = await program.pictures.next('it stopped', ({ service }) => service === 'stopped');
    assert.deepEqual([stopped.connection, stopped.readers], [1, []]);
    await stack.startService();
    const running = await program.pictures.next(
      'it runs',
      ({ service, readers }) => service === 'running' && readers.length === 2,
    );
    assert.equal(running.connection, 2);
  });

  it('let their program end when the watch is stopped', async () => {
    await until(empty);
    assert.equal(await program.stop(), 0);
  });
});

// PC/SC with the real pcscd and a virtual card: every change that a reader can go through, APDUs, and the reset.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { readerStateBits } from '../../../agent/native/pcsc.ts';
import { type CardStack, cardStackUnavailable, startCardStack } from '../../card/card-stack.ts';
import { ANNA, BERTIL, inventedCard } from '../../card/invented-persons.ts';
import { PcscChild, type SeenPicture, type SeenReader } from './pcsc-child.ts';

const ATR = '3b7f96000080318065b0855956fb120ffe829000';
const SELECT = '00a4040c0ba000000018800000000662';
const PIN_STATUS = '00200011';
const verify = (pin: string): string =>
  `00200011${Buffer.of(pin.length).toString('hex')}${Buffer.from(pin).toString('hex')}`;
const { present, empty, mute } = readerStateBits;

describe('PC/SC with a virtual card', function () {
  this.timeout(60_000);
  let stack: CardStack;
  let child: PcscChild;
  let reader: string;
  let other: string;

  before(async function () {
    const reason = cardStackUnavailable();
    if (reason !== undefined) {
      process.stdout.write(`    not run: ${reason}\n`);
      this.skip();
    }
    stack = await startCardStack({ cards: { anna: await inventedCard(ANNA), bertil: await inventedCard(BERTIL) } });
    [reader, other] = stack.readers;
  });

  after(async () => {
    await (stack as CardStack | undefined)?.stop();
  });

  beforeEach(() => {
    child = new PcscChild(stack.environment);
  });

  afterEach(async () => {
    await child.kill();
    for (const slot of [0, 1]) {
      if ((await stack.cardIn(slot)) !== undefined) await stack.remove(slot);
      // The next test begins with readers that pcscd knows to be empty.
      while (!(await stack.readerState(slot)).empty) await wait(50);
    }
  });

  const stateOf = (picture: SeenPicture, name = reader): SeenReader =>
    picture.readers.find((one) => one.name === name)!;
  const counter = (seen: SeenReader): number => seen.eventState >>> 16;
  /** Waits for the reader to have the bit. */
  const until = async (bit: number, name = reader): Promise<SeenReader> => {
    const fits = (picture: SeenPicture): boolean =>
      picture.service === 'running' && picture.readers.length === 2 && (stateOf(picture, name).eventState & bit) !== 0;
    return stateOf(await child.pictures.next(`${name} has state bit ${bit}`, fits), name);
  };

  it('tells insertion and removal, with the ATR and a counter that grows, and touches no card', async () => {
    const before = await until(empty);
    assert.equal(before.atr, '');
    await stack.resetCounts();
    await stack.insert('anna');
    const inserted = await until(present);
    assert.equal(inserted.atr, ATR);
    assert.equal(counter(inserted), counter(before) + 1);
    await stack.remove();
    const removed = await until(empty);
    assert.deepEqual([removed.atr, counter(removed)], ['', counter(inserted) + 1]);
    assert.equal((await stack.counts()).apdus, 0);
  });

  it('tells a card that was in before it started', async () => {
    await stack.insert('anna');
    await child.kill();
    child = new PcscChild(stack.environment);
    const [first] = [await child.pictures.next('it started', () => true)];
    assert.equal(stateOf(first).atr, ATR);
    assert.equal(first.connection, 1);
  });

  it('tells of each reader apart', async () => {
    const before = stateOf(await child.pictures.next('it started', ({ readers }) => readers.length === 2));
    await stack.insert('bertil', 1);
    await until(present, other);
    await stack.remove(1);
    await until(empty, other);
    assert.deepEqual(stateOf(child.pictures.all.at(-1)!), before);
  });

  it('tells a swap for a card of the same model as a removal and an insertion', async () => {
    await stack.insert('anna');
    const anna = await until(present);
    await stack.swap('bertil');
    await until(empty);
    const bertil = await until(present);
    assert.equal(bertil.atr, anna.atr);
    assert.equal(counter(bertil), counter(anna) + 2);
  });

  it('tells a mute card apart from an empty reader', async () => {
    await stack.insert('anna');
    await stack.setMute(true);
    // pcscd signals no event for a card that turns mute at a reset, so a watch that runs already may hear of it late.
    await child.kill();
    child = new PcscChild(stack.environment);
    const silent = await until(mute);
    assert.equal(silent.eventState & empty, 0);
    assert.equal(silent.eventState & present, present);
    await stack.setMute(false);
  });

  it('says that the service stopped, and comes back with a connection of a new number', async () => {
    await stack.insert('anna');
    await until(present);
    await stack.stopService();
    const stopped = await child.pictures.next('the service is stopped', ({ service }) => service === 'stopped');
    assert.deepEqual([stopped.connection, stopped.readers], [1, []]);
    assert.notEqual(stopped.code, undefined);
    await stack.startService();
    const back = await child.pictures.next('the service is back', ({ service }) => service === 'running');
    assert.equal(back.connection, 2);
    await child.stopWatch();
    assert.deepEqual(await child.ended(), { code: 0, signal: null });
  });

  it('stops while it waits for a card, and gives its context back', async () => {
    await until(empty);
    await child.stopWatch();
    assert.deepEqual(await child.ended(), { code: 0, signal: null });
  });

  it('brings APDUs to the card in one go and all the answers back, refusals among them', async () => {
    await stack.insert('anna');
    assert.deepEqual(await child.transmit(reader, [SELECT, '00ff0000', PIN_STATUS]), ['9000', '6d00', '63c3']);
    assert.deepEqual(await child.transmit(reader, [SELECT, PIN_STATUS], 'T=0'), ['9000', '63c3']);
    const [random] = await child.transmit(reader, ['0084000010']);
    assert.match(random ?? '', /^[0-9a-f]{32}9000$/);
  });

  it('leaves the card as it is after an APDU, and resets it when asked', async () => {
    await stack.insert('anna');
    assert.deepEqual(await child.transmit(reader, [SELECT, verify(ANNA.pin)]), ['9000', '9000']);
    assert.equal((await stack.pinState()).verified, true);
    await child.reset(reader);
    assert.equal((await stack.pinState()).verified, false);
    assert.deepEqual(await child.transmit(reader, [PIN_STATUS]), ['63c3']);
  });

  it('does not count a reset as a removal', async () => {
    await stack.insert('anna');
    const inserted = await until(present);
    await child.reset(reader);
    await stack.remove();
    assert.equal(counter(await until(empty)), counter(inserted) + 1);
  });

  it('answers with the code of PC/SC when there is no card, no such reader, or the card goes meanwhile', async () => {
    await assert.rejects(child.transmit(reader, [PIN_STATUS]), { code: 0x8010000c });
    await assert.rejects(child.reset(reader), { code: 0x8010000c });
    await assert.rejects(child.transmit('No such reader', [PIN_STATUS]), { code: 0x80100009 });
    await stack.insert('anna');
    await stack.removeOn(0x20);
    await assert.rejects(child.transmit(reader, [SELECT, PIN_STATUS]), { code: 0x8010002f });
    await stack.insert('anna');
    assert.deepEqual(await child.transmit(reader, [SELECT]), ['9000']);
  });
});

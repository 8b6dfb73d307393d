// The reader watch beside a stand-in for winscard.dll that waits as Windows's own does.
import assert from 'node:assert/strict';
import {
  type ReaderPicture,
  readerStateBits,
  type ReaderWatch,
  startReaderWatch,
  transmit,
} from '../../../agent/native/pcsc.ts';
import { EventLog } from '../../agent/native/event-log.ts';
import { FakeDll } from './fakes/fake-dll.ts';

const NO_SERVICE = 0x8010001d;
const SERVICE_STOPPED = 0x8010001e;
const NO_READERS = 0x8010002e;
const reader = 'Läsare Ω 0';
const { present, empty } = readerStateBits;

interface Counts {
  establishes: number;
  releases: number;
  waits: number;
  lists: number;
  cancels: number;
}

describe('the reader watch on Windows', () => {
  let service: FakeDll;
  let pictures: EventLog<ReaderPicture>;
  let watch: ReaderWatch;

  before(async () => {
    // The first use loads the stand-in.
    await transmit(reader, [Buffer.alloc(4)]).catch(() => undefined);
    service = await FakeDll.find('winscard');
  });
  after(() => service.close());

  const counts = async (): Promise<Counts> => JSON.parse(await service.obey('counts')) as Counts;
  const running = ({ service: state, readers }: ReaderPicture): boolean => state === 'running' && readers.length > 0;

  beforeEach(async () => {
    await service.obey('start');
    await service.obey('readers 1');
    await service.obey('remove 0');
    pictures = new EventLog();
    watch = startReaderWatch(pictures.add);
    await pictures.next('it began', () => true);
  });
  afterEach(async () => {
    watch.stop();
    for (let now = await counts(); now.establishes > now.releases + failures; now = await counts()) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  /** Contexts that were refused, which nobody releases; also the one of the first use. */
  let failures = 0;

  it('tells names beyond ASCII, states and ATRs', async () => {
    const first = pictures.all[0];
    assert.deepEqual(
      first?.readers.map(({ name }) => name),
      [reader],
    );
    assert.ok((first.readers[0]!.eventState & empty) !== 0);
    await service.obey('insert 0');
    const seen = await pictures.next('the card is in', ({ readers }) => (readers[0]!.eventState & present) !== 0);
    assert.deepEqual([...seen.readers[0]!.atr], [0x3b, 0]);
    await service.obey('remove 0');
    await pictures.next('the card is out', ({ readers }) => (readers[0]!.eventState & empty) !== 0);
  });

  it('connects to a reader by such a name, with its own protocol', async () => {
    await service.obey('insert 0');
    const [answer] = await transmit(reader, [Buffer.alloc(7)]);
    assert.equal(Buffer.from(answer!).toString('hex'), '0200079000');
    await assert.rejects(transmit('Läsare Ω 3', [Buffer.alloc(4)]), { name: 'SCARD_E_UNKNOWN_READER' });
    const [other] = await transmit(reader, [Buffer.alloc(4)], { protocol: 'T=0' });
    assert.equal(other?.[0], 1);
  });

  it('waits without a word while nothing happens', async () => {
    await service.obey('insert 0');
    await pictures.next('the card is in', ({ readers }) => (readers[0]!.eventState & present) !== 0);
    // Past the one look that follows a new list of readers.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const before = await counts();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(await counts(), before);
  });

  it('sees the last reader go and a new one come', async () => {
    await service.obey('readers 0');
    await pictures.next('there is none', ({ service: state, readers }) => state === 'running' && readers.length === 0);
    await service.obey('readers 2');
    const two = await pictures.next('there are two', ({ readers }) => readers.length === 2);
    assert.equal(two.readers[1]?.name, 'Läsare Ω 1');
    assert.equal(two.connection, pictures.all[0]?.connection);
  });

  it('makes a new context when the service has stopped with its last reader, as soon as it starts again', async () => {
    const before = await counts();
    await service.obey(`stop ${SERVICE_STOPPED.toString(16)}`);
    const stopped = await pictures.next('it stopped', ({ service: state }) => state === 'stopped');
    assert.deepEqual([stopped.code, stopped.readers], [SERVICE_STOPPED, []]);
    // Attempts after 250, 500 and 1000 ms; the next would come 2 s after the third.
    while ((await counts()).establishes < before.establishes + 3)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const begin = performance.now();
    await service.obey('start');
    const again = await pictures.next('it runs', running);
    assert.ok(performance.now() - begin < 1500, `${performance.now() - begin} ms`);
    assert.equal(again.connection, stopped.connection + 1);
    failures += 3;
  });

  it('makes a new context after each other word of a lost service', async () => {
    for (const code of [NO_SERVICE, NO_READERS]) {
      await service.obey(`fail-wait ${code.toString(16)}`);
      const lost = await pictures.next('it is lost', ({ service: state }) => state === 'stopped');
      assert.equal(lost.code, code);
      const again = await pictures.next('it is back', running);
      assert.equal(again.connection, lost.connection + 1);
    }
  });

  it('ends a wait by cancelling it', async () => {
    const before = await counts();
    const begin = performance.now();
    watch.stop();
    while ((await counts()).releases === before.releases) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(performance.now() - begin < 1000);
    assert.ok((await counts()).cancels > before.cancels);
  });
});

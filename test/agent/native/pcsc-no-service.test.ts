// PC/SC without a smart card service, or with one that refuses or hangs: no hardware, no pcscd, no root.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PCSC_LIBRARY_MISSING, PcscError, pcscCodeName, transmit, transmitLimits } from '../../../agent/native/pcsc.ts';
import { PcscChild } from './pcsc-child.ts';

const NO_SERVICE = 0x8010001d;

describe('PC/SC without a service', () => {
  let directory: string;
  let socket: string;
  let child: PcscChild | undefined;
  let server: Server | undefined;
  const connections: Socket[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kortbro-pcsc-'));
    socket = join(directory, 'pcscd.comm');
  });

  afterEach(async () => {
    await child?.kill();
    child = undefined;
    for (const connection of connections.splice(0)) connection.destroy();
    server?.close();
    server = undefined;
    await rm(directory, { recursive: true, force: true });
  });

  /** A service that takes connections and does with them what it is told. */
  const serve = async (take: (connection: Socket) => void): Promise<void> => {
    server = createServer((connection) => {
      connections.push(connection);
      connection.on('error', () => connection.destroy());
      take(connection);
    });
    server.listen(socket);
    await once(server, 'listening');
  };

  it('tells that the service is stopped, once, and why', async () => {
    child = new PcscChild({ PCSCLITE_CSOCK_NAME: socket });
    const picture = await child.pictures.next('something is told', () => true);
    assert.deepEqual(picture, { service: 'stopped', code: NO_SERVICE, connection: 0, readers: [] });
    await child.stopWatch();
    assert.deepEqual(await child.ended(), { code: 0, signal: null });
    assert.equal(child.pictures.all.length, 1);
  });

  it('answers a card call with SCARD_E_NO_SERVICE', async () => {
    child = new PcscChild({ PCSCLITE_CSOCK_NAME: socket });
    await assert.rejects(child.transmit('A reader', ['00200011']), { code: NO_SERVICE });
    await assert.rejects(child.reset('A reader'), { code: NO_SERVICE });
  });

  it('tries again after 250 ms, then 500 ms, then 1 s, and no more often', async () => {
    const times: number[] = [];
    await serve((connection) => {
      times.push(performance.now());
      connection.destroy();
    });
    child = new PcscChild({ PCSCLITE_CSOCK_NAME: socket });
    while (times.length < 4) await once(server!, 'connection');
    const gaps = times.slice(1, 4).map((time, index) => time - times[index]!);
    for (const [index, least] of [250, 500, 1000].entries()) {
      assert.ok(gaps[index]! >= least - 20, `attempt ${index + 2} came after ${gaps[index]} ms`);
    }
    assert.ok(gaps.reduce((sum, gap) => sum + gap, 0) < 4000, 'and it goes on trying');
  });

  it('stops at once, and lets its process end, while a service hangs that has taken the connection', async () => {
    await serve(() => undefined);
    const connected = once(server!, 'connection');
    child = new PcscChild({ PCSCLITE_CSOCK_NAME: socket });
    await connected;
    const from = performance.now();
    await child.stopWatch();
    assert.deepEqual(await child.ended(), { code: 0, signal: null });
    assert.ok(performance.now() - from < 3000, 'the process ended soon');
  });

  it('says so when libpcsclite is not on the machine or cannot be loaded', async () => {
    await writeFile(join(directory, 'libpcsclite.so.1'), 'no library');
    child = new PcscChild({ LD_LIBRARY_PATH: directory });
    const picture = await child.pictures.next('something is told', () => true);
    assert.deepEqual(picture, { service: 'stopped', code: PCSC_LIBRARY_MISSING, connection: 0, readers: [] });
    await assert.rejects(child.transmit('A reader', ['00200011']), { code: PCSC_LIBRARY_MISSING });
  });

  it('leaves exit codes alone when the process exits with the watch running', async () => {
    child = new PcscChild({ PCSCLITE_CSOCK_NAME: socket });
    await child.pictures.next('the watch runs', () => true);
    child.exit(7);
    assert.deepEqual(await child.ended(), { code: 7, signal: null });
  });
});

describe('the face of PC/SC', () => {
  it('names the codes of PC/SC and says an unknown one in hex', () => {
    assert.equal(pcscCodeName(0x80100069), 'SCARD_W_REMOVED_CARD');
    assert.equal(pcscCodeName(0x801000ab), 'SCARD_0x801000AB');
    const error = new PcscError(NO_SERVICE);
    assert.deepEqual(
      [error.name, error.code, error.message],
      ['SCARD_E_NO_SERVICE', NO_SERVICE, 'SCARD_E_NO_SERVICE (0x8010001D)'],
    );
  });

  it('refuses APDUs that are too many, too short or too long before it calls anything', async () => {
    const apdu = Buffer.alloc(4);
    const refused = [
      [],
      Array.from({ length: transmitLimits.apdus + 1 }, () => apdu),
      [Buffer.alloc(3)],
      [apdu, Buffer.alloc(transmitLimits.apduBytes + 1)],
    ];
    for (const apdus of refused) await assert.rejects(transmit('A reader', apdus), RangeError);
  });
});

// What keeps the endpoint findable when the machine is short of something: a watch, room on the disk, the directory itself.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchEndpoint } from '../../../agent/endpoint/endpoint-watch.ts';
import { parseEndpoint, type Endpoint } from '../../../shared/endpoint.ts';
import { waitUntil } from '../../native-host/within.ts';
import { FakeClock } from '../fake-clock.ts';

describe('The watch over the endpoint', () => {
  const clock = new FakeClock();
  let scratch: string;
  let directory: string;
  let file: string;
  let endpoint: Endpoint;
  let lost: number;
  let watch: { stop(): void };

  const begin = () =>
    (watch = watchEndpoint(directory, endpoint, { isThere: () => existsSync(endpoint.socket) }, clock, () => lost++));
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kortbro-endpoint-'));
    directory = join(scratch, 'session');
    file = join(directory, 'endpoint.json');
    // Outside the directory, so that it stays when that goes.
    endpoint = { socket: join(scratch, 'agent.sock'), secret: new Uint8Array(32).fill(7), processId: 42 };
    writeFileSync(endpoint.socket, '');
    lost = 0;
  });
  afterEach(() => {
    watch.stop();
    rmSync(scratch, { recursive: true });
    assert.equal(clock.pending, 0);
  });

  it('is no condition: where there is none to be had, the agent is not kept from running', () => {
    // As on a machine without an inotify instance to spare: to watch what is not there fails alike.
    begin();
    clock.advance(5_000);
    assert.equal(lost, 0);
  });

  it('looks once where there is none to be had: a socket that went meanwhile is a lost endpoint', () => {
    rmSync(endpoint.socket);
    begin();
    clock.advance(5_000);
    assert.equal(lost, 1);
  });

  it('goes on trying while the file cannot be written, and leaves off when it could', async () => {
    mkdirSync(directory);
    writeFileSync(file, '');
    // In the place of the unfinished file, as a full disk would be: nothing can be written.
    const obstacle = join(directory, 'endpoint.json.42');
    mkdirSync(obstacle);
    begin();
    rmSync(file);
    await waitUntil(() => clock.pending > 0, 'the change');
    clock.advance(5_000);
    assert.ok(!existsSync(file) && lost === 0);
    rmdirSync(obstacle);
    clock.advance(5_000);
    assert.deepEqual(parseEndpoint(readFileSync(file, 'utf8')), endpoint);
  });
});

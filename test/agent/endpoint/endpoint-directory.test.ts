// The directory of the endpoint: made for its user alone, and refused, never repaired, when somebody else could be in it.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  prepareEndpointDirectory,
  removeStaleEndpoints,
  writeEndpointFile,
} from '../../../agent/endpoint/endpoint-directory.ts';
import { parseEndpoint, type EndpointPlace } from '../../../shared/endpoint.ts';
import { kortbroError } from '../fake-backend.ts';

const userId = process.getuid?.() ?? 0;
const mode = (path: string) => statSync(path).mode & 0o777;

describe('The directory of the endpoint', () => {
  let scratch: string;
  let place: EndpointPlace;
  let parts: string[];
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kortbro-endpoint-'));
    place = { environment: { XDG_RUNTIME_DIR: scratch, DISPLAY: ':7' }, userId, temporaryDirectory: '/nonexistent' };
    parts = [join(scratch, 'kortbro'), join(scratch, 'kortbro', '_7')];
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));
  const refused = () => assert.throws(() => prepareEndpointDirectory(place), kortbroError('ERR_AGENT_ENDPOINT'));

  it('is made below the runtime directory, one for each session, for the user alone', () => {
    const umask = process.umask(0);
    try {
      assert.equal(prepareEndpointDirectory(place), parts[1]);
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(parts.map(mode), [0o700, 0o700]);
    assert.equal(prepareEndpointDirectory(place), parts[1]);
    const other = { ...place, environment: { ...place.environment, DISPLAY: ':8' } };
    assert.notEqual(prepareEndpointDirectory(other), parts[1]);
  });

  for (const runtime of [undefined, '', 'relative/path']) {
    it(`is made below the temporary folder when the runtime directory is ${JSON.stringify(runtime)}`, () => {
      place = {
        environment: runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime },
        userId,
        temporaryDirectory: scratch,
      };
      const made = prepareEndpointDirectory(place);
      assert.equal(made, join(scratch, `kortbro-${userId}`, 'kortbro', 'default'));
      assert.deepEqual([mode(made), mode(join(scratch, `kortbro-${userId}`))], [0o700, 0o700]);
    });
  }

  for (const number of [0, 1]) {
    const what = number === 0 ? 'the outer' : 'the inner';
    const prepared = () => {
      prepareEndpointDirectory(place);
      return parts[number] ?? '';
    };

    for (const lax of [0o750, 0o705, 0o777, 0o710, 0o1700 | 0o007]) {
      it(`is refused when ${what} one has mode ${lax.toString(8)}`, () => {
        const directory = prepared();
        chmodSync(directory, lax);
        refused();
        assert.equal(statSync(directory).mode & 0o7777, lax, 'it was not repaired');
      });
    }

    it(`is refused when ${what} one belongs to somebody else`, function () {
      if (userId !== 0) this.skip();
      chownSync(prepared(), 65534, 65534);
      refused();
    });

    it(`is refused when ${what} one is a link, also to a good directory`, () => {
      const directory = prepared();
      rmSync(directory, { recursive: true });
      mkdirSync(join(scratch, 'elsewhere'), { mode: 0o700 });
      symlinkSync(join(scratch, 'elsewhere'), directory);
      refused();
      assert.ok(lstatSync(directory).isSymbolicLink());
    });

    it(`is refused when ${what} one is a file, or a link to nowhere`, () => {
      const directory = prepared();
      rmSync(directory, { recursive: true });
      writeFileSync(directory, '', { mode: 0o600 });
      refused();
      rmSync(directory);
      symlinkSync(join(scratch, 'nowhere'), directory);
      refused();
    });
  }

  it('is refused when it cannot be made', () => {
    place = { ...place, environment: { XDG_RUNTIME_DIR: join(scratch, 'missing') } };
    refused();
    writeFileSync(join(scratch, 'file'), '');
    place = { ...place, environment: { XDG_RUNTIME_DIR: join(scratch, 'file') } };
    refused();
  });

  it('stays within the runtime directory whatever a session is called', () => {
    for (const name of ['../../etc', '/etc', '..', '.', '', 'a/b', 'x'.repeat(500), 'ö\0']) {
      place = { environment: { XDG_RUNTIME_DIR: scratch, XDG_SESSION_ID: name }, userId, temporaryDirectory: scratch };
      const made = prepareEndpointDirectory(place);
      assert.match(made.slice(scratch.length), /^(\/kortbro-\d+)?\/kortbro\/[\w-]+$/);
    }
  });
});

describe('The endpoint file', () => {
  let directory: string;
  const secret = new Uint8Array(32).fill(7);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-endpoint-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('can be read by its user alone, and says what the other side reads', () => {
    const umask = process.umask(0);
    try {
      writeEndpointFile(directory, { socket: '/run/x.sock', secret, processId: 42 });
    } finally {
      process.umask(umask);
    }
    const path = join(directory, 'endpoint.json');
    assert.equal(mode(path), 0o600);
    assert.deepEqual(parseEndpoint(readFileSync(path, 'utf8')), { socket: '/run/x.sock', secret, processId: 42 });
    assert.deepEqual(readdirSync(directory), ['endpoint.json']);
  });

  it('takes the place of an older one, and of a link without following it', () => {
    const bait = join(directory, 'bait');
    writeFileSync(bait, 'bait');
    symlinkSync(bait, join(directory, 'endpoint.json'));
    symlinkSync(bait, join(directory, 'endpoint.json.42'));
    writeEndpointFile(directory, { socket: '/run/x.sock', secret, processId: 42 });
    assert.equal(readFileSync(bait, 'utf8'), 'bait');
    assert.ok(lstatSync(join(directory, 'endpoint.json')).isFile());
  });

  it('and sockets of an agent that died are removed, and nothing else', () => {
    for (const name of [
      'agent-1.sock',
      'agent-2.sock',
      'endpoint.json',
      'endpoint.json.42',
      'instance.lock',
      'other',
    ]) {
      writeFileSync(join(directory, name), '');
    }
    mkdirSync(join(directory, 'agent-3.sock'));
    writeFileSync(join(directory, 'agent-3.sock', 'x'), '');
    symlinkSync(join(directory, 'other'), join(directory, 'agent-4.sock'));
    removeStaleEndpoints(directory);
    assert.deepEqual(readdirSync(directory).sort(), ['instance.lock', 'other']);
  });
});

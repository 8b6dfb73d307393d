// What is looked for on Windows, on this machine's file system: the names are the same, and access lists are played.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { discoverOnWindows } from '../../native-host/discovery-windows.ts';
import { parseEndpoint, windowsSessionsDirectory } from '../../shared/endpoint.ts';
import { kortbroError } from '../agent/fake-backend.ts';

const user = 'S-1-5-21-1004336348-1177238915-682003330-512';
const pipe = (session: number) => String.raw`\\.\pipe\kortbro-${user}-${session}-00112233aabb`;
const fields = (session: number, changes: object = {}) =>
  JSON.stringify({
    protocol: 1,
    processId: 7,
    secret: Buffer.alloc(32, 7).toString('base64'),
    socket: pipe(session),
    ...changes,
  });

describe('discovery on Windows', () => {
  let sessions: string;
  /** What the system tells of a path that is there; the others are the user's own. */
  let told: Record<string, { owner: string; writers: string[] } | Error>;
  beforeEach(() => {
    told = {};
    sessions = mkdtempSync(join(tmpdir(), 'kortbro-sessions-'));
  });
  afterEach(() => rmSync(sessions, { recursive: true, force: true }));

  let minute = 0;
  /** Each file is a minute younger than the one before. */
  const write = (session: string, text: string) => {
    const file = join(sessions, session, 'endpoint.json');
    mkdirSync(join(sessions, session), { recursive: true });
    writeFileSync(file, text);
    minute += 60;
    utimesSync(file, minute, minute);
  };
  const native = {
    ownIdentity: () => ({ user }),
    fileAccess: (path: string) => {
      statSync(path);
      const access = told[relative(sessions, path)] ?? { owner: user, writers: [user, 'S-1-5-18'] };
      if (access instanceof Error) throw access;
      return access;
    },
  };
  const outcome = (...passed: string[]) => {
    const found = discoverOnWindows({}, new Set(passed), sessions, () => native);
    return found.kind === 'endpoint' ? found.endpoint.socket : `${found.kind} ${found.error.code}`;
  };

  it('finds the newest endpoint first, and the others when that was another agent', () => {
    for (const session of [2, 10, 3]) write(String(session), fields(session));
    assert.equal(outcome(), pipe(3));
    assert.equal(outcome(pipe(3)), pipe(10));
    assert.equal(outcome(pipe(10), pipe(3)), pipe(2));
    assert.equal(outcome(pipe(10), pipe(3), pipe(2)), 'absent ERR_AGENT_NOT_RUNNING');
  });

  it('finds it among any number of folders that earlier sessions have left', () => {
    write('1', fields(1));
    for (let session = 100; session < 300; session++) mkdirSync(join(sessions, String(session)));
    assert.equal(outcome(), pipe(1));
  });

  it('finds nothing where there is no directory, no session, and no file', () => {
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
    mkdirSync(join(sessions, '1'));
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
    rmSync(sessions, { recursive: true });
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
  });

  it('looks at nothing that is no session', () => {
    for (const name of ['x', '1.old', '-1', '12345678901']) write(name, fields(1));
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
  });

  it("takes no Unix socket: that would be anybody's pipe, or another machine's", () => {
    for (const socket of ['//./pipe/x', '//server/pipe/x', '/tmp/agent.sock']) {
      write('1', fields(1, { socket }));
      assert.equal(outcome(), 'outdated ERR_AGENT_ENDPOINT', socket);
    }
  });

  it('says what is of another version only when nothing else is there', () => {
    write('4', fields(4, { protocol: 2 }));
    assert.equal(outcome(), 'outdated ERR_AGENT_VERSION');
    write('3', fields(3));
    assert.equal(outcome(), pipe(3));
    rmSync(join(sessions, '4'), { recursive: true });
    write('5', 'x'.repeat(10_000));
    assert.equal(outcome(pipe(3)), 'outdated ERR_AGENT_ENDPOINT');
  });

  it('refuses what others own or may change: the profile folder, the sessions, one of them, its file', () => {
    write('1', fields(1));
    write('2', fields(2));
    const stranger = 'S-1-5-21-1-2-3-1002';
    for (const path of ['..', '', '1', '1/endpoint.json', '2/endpoint.json']) {
      for (const access of [
        { owner: stranger, writers: [user] },
        { owner: user, writers: [user, stranger] },
        { owner: user, writers: ['S-1-1-0'] },
        { owner: '', writers: [] },
        Object.assign(new Error('a link'), { code: 'ELOOP' }),
        Object.assign(new Error('not to be looked at'), { code: 'EACCES' }),
      ]) {
        told = { [path]: access };
        assert.equal(outcome(), 'unsafe ERR_AGENT_ENDPOINT', path);
      }
    }
    told = { '': { owner: 'S-1-5-32-544', writers: ['S-1-5-32-544', user] } };
    assert.equal(outcome(), pipe(2));
  });

  it('takes one that goes while it is looked at for none, and believes nothing when nobody can look', () => {
    write('1', fields(1));
    told = { '1/endpoint.json': Object.assign(new Error('gone'), { code: 'ENOENT' }) };
    assert.equal(outcome(), 'absent ERR_AGENT_NOT_RUNNING');
    const missing = (): never => {
      throw new Error('no addon');
    };
    const found = discoverOnWindows({}, new Set(), sessions, missing);
    assert.equal(found.kind, 'unsafe');
  });

  it("takes no pipe that is not named as ours are, and nobody's profile but one on a drive", () => {
    const names = [
      String.raw`\\.\pipe\kortbro-${user}-1-00112233AABB`,
      String.raw`\\.\pipe\other-${user}-1-00112233aabb`,
      String.raw`\\server\pipe\kortbro-${user}-1-00112233aabb`,
      String.raw`\\.\pipe\kortbro-${user}-1-00112233aabb\x`,
      'agent.sock',
      '',
    ];
    for (const socket of names)
      assert.throws(() => parseEndpoint(fields(1, { socket })), kortbroError('ERR_AGENT_ENDPOINT'), socket);
    assert.equal(
      windowsSessionsDirectory({ LOCALAPPDATA: 'C:\\Users\\anna\\AppData\\Local' }).slice(-16),
      'Kortbro\\sessions',
    );
    for (const LOCALAPPDATA of [undefined, '', '\\\\server\\share', 'relative', '/tmp'])
      assert.throws(() => windowsSessionsDirectory({ LOCALAPPDATA }), kortbroError('ERR_AGENT_ENDPOINT'));
  });
});

// Owners and writers as the access lists have them: those of the system's folders, and lists that icacls writes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileAccess } from '../../../agent/native/file-access.ts';
import { ownIdentity } from '../../../agent/native/own-identity.ts';

describe('the access to a file', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-access-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('tells the owner and the writers of a file of our own', () => {
    const path = join(directory, 'ägd fil.json');
    writeFileSync(path, '{}');
    const { owner, writers } = fileAccess(path);
    assert.match(owner, /^S-1-5-/);
    assert.ok(writers.includes(ownIdentity().user) || writers.includes('S-1-5-32-544'));
    assert.ok(!writers.includes(''));
  });

  it('looks at folders too', () => {
    assert.match(fileAccess(directory).owner, /^S-1-5-/);
    assert.match(fileAccess('C:\\').owner, /^S-1-/);
  });

  it('tells everybody among the writers of a file that everybody may write', () => {
    const path = join(directory, 'open.json');
    writeFileSync(path, '{}');
    const protect = (list: string): void => {
      execFileSync(join(dirname(process.execPath), 'access-tool.exe'), ['protect', path, list]);
    };
    const { user } = ownIdentity();
    protect(`D:P(A;;FA;;;${user})(A;;FR;;;WD)`);
    assert.ok(!fileAccess(path).writers.includes('S-1-1-0'));
    protect(`D:P(A;;FA;;;${user})(A;;FRFW;;;WD)`);
    assert.ok(fileAccess(path).writers.includes('S-1-1-0'));
    protect(`D:P(A;;FA;;;${user})`);
    // Wine adds the system to every list.
    assert.deepEqual(
      fileAccess(path).writers.filter((writer) => writer !== 'S-1-5-18'),
      [user],
    );
  });

  it('says that a file or a folder on the way is missing', () => {
    assert.throws(() => fileAccess(join(directory, 'none')), { code: 'ENOENT' });
    assert.throws(() => fileAccess(join(directory, 'none', 'none')), { code: 'ENOENT' });
  });
});

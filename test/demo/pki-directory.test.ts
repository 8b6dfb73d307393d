import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anna } from '../../demo/pki/persons.ts';
import { loadPki, openPkiDirectory, type PkiDirectory } from '../../demo/pki/pki-directory.ts';
import { type Issued, type PkiOptions } from '../../demo/pki/pki.ts';

describe('the directory that keeps a test PKI', () => {
  const YEAR_MS = 365 * 86_400_000;
  const start = new Date('2026-03-01T12:00:00Z');
  const options: PkiOptions = { keyKind: 'ec-p256', now: () => start };
  const later = (years: number): PkiOptions => ({ ...options, now: () => new Date(start.getTime() + years * YEAR_MS) });
  const issueAnna = (kept: PkiDirectory) => (): Promise<Issued> =>
    kept.pki.issuePerson({ person: anna, kind: 'authentication', identity: 'hsa-id' });
  let parent: string;
  let directory: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'kortbro-pki-test-'));
    directory = join(parent, 'pki');
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it('is open to its owner alone', async () => {
    const kept = await openPkiDirectory(directory, options);
    await kept.issued('anna', issueAnna(kept));
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    const files = await readdir(directory);
    assert.equal(files.length, 7);
    for (const file of files) assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600, file);
    assert.deepEqual(await readdir(parent), ['pki']);
  });

  it('gives the same PKI back, with keys that still issue', async () => {
    const first = await openPkiDirectory(directory, options);
    const second = await openPkiDirectory(directory, options);
    assert.deepEqual(second.pki.root, first.pki.root);
    assert.deepEqual(second.pki.issuers, first.pki.issuers);
    assert.deepEqual(second.pki.tlsRoot, first.pki.tlsRoot);
    const issued = await issueAnna(second)();
    assert.deepEqual(issued.chain, [first.pki.issuers.hsaId3]);
  });

  it('gives a kept certificate back, and issues it anew when it is about to expire', async () => {
    const kept = await openPkiDirectory(directory, options);
    const first = await kept.issued('anna', issueAnna(kept));
    const never = (): Promise<Issued> => Promise.reject(new Error('asked to issue'));
    const second = await kept.issued('anna', never);
    assert.deepEqual(second.certificate, first.certificate);
    assert.deepEqual(second.chain, first.chain);
    assert.ok(second.privateKey.equals(first.privateKey));
    const aged = await openPkiDirectory(directory, later(3));
    assert.deepEqual(aged.pki.root, kept.pki.root);
    await assert.rejects(aged.issued('anna', never), /asked to issue/);
  });

  it('makes a new PKI when the old one is about to expire, and forgets what that one issued', async () => {
    const old = await openPkiDirectory(directory, options);
    await old.issued('anna', issueAnna(old));
    const fresh = await openPkiDirectory(directory, later(10));
    assert.notDeepEqual(fresh.pki.root, old.pki.root);
    assert.equal((await readdir(directory)).includes('issued-anna.pem'), false);
  });

  it('finds nothing where nothing is', async () => {
    assert.equal(await loadPki(directory), undefined);
  });

  it('refuses a directory that is open to others', async () => {
    await openPkiDirectory(directory, options);
    await chmod(directory, 0o750);
    await assert.rejects(openPkiDirectory(directory, options), /open to others/);
  });

  it('refuses a link in the place of the directory', async () => {
    await openPkiDirectory(join(parent, 'other'), options);
    await symlink(join(parent, 'other'), directory);
    await assert.rejects(openPkiDirectory(directory, options), /not a directory/);
  });

  it('says which file is missing or spoilt', async () => {
    await openPkiDirectory(directory, options);
    await unlink(join(directory, 'person-id-2.pem'));
    await assert.rejects(openPkiDirectory(directory, options), /person-id-2\.pem is missing/);
    await writeFile(join(directory, 'root.pem'), 'spoilt');
    await assert.rejects(openPkiDirectory(directory, options), /root\.pem holds no key and certificate/);
  });

  it('takes no name that could leave the directory', async () => {
    const kept = await openPkiDirectory(directory, options);
    await assert.rejects(kept.issued('../anna', issueAnna(kept)), TypeError);
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import {
  TrustStore,
  authoritiesIn,
  bundledAuthorities,
  type TrustStoreOptions,
} from '../../../agent/network/trust-store.ts';
import { callSite } from '../../../agent/logout/site-call.ts';
import { CallWorld, answering, logoutBody, pem, type Running } from '../logout/call-world.ts';

describe('The authorities that the agent trusts', () => {
  let world: CallWorld;
  let site: Running;
  let told: number;
  beforeEach(async () => {
    world = await CallWorld.create();
    site = await world.site(answering(200));
    told = 0;
  });
  afterEach(() => world.end());

  const store = (bundles?: string[], options: Partial<TrustStoreOptions> = {}): TrustStore =>
    new TrustStore({
      system: bundledAuthorities(bundles ?? [world.system]),
      unreadable: () => (told += 1),
      ...options,
    });
  const ofThisMachine = () => new TrustStore({ system: bundledAuthorities(), unreadable: () => (told += 1) });
  /** The outcome of a call to the site, whose certificate only the test's authority vouches for. */
  const outcome = async (trust: TrustStore): Promise<string> => {
    const signal = new AbortController().signal;
    const call = { url: `https://journal.localhost:${site.port}/`, body: logoutBody };
    return (await callSite(call, { ...world.surroundings(), trust }, signal)).outcome;
  };

  it("are the system's and those of policy", async () => {
    assert.equal(await outcome(ofThisMachine()), 'done');
    world.policy = {};
    assert.equal(await outcome(ofThisMachine()), 'failed');
    assert.equal(await outcome(store(['/nonexistent', world.authorities])), 'done');
    assert.equal(await outcome(store(['/nonexistent'])), 'failed');
    assert.equal(told, 0);
  });

  it("are Node's own where the system has none that can be read, and policy's beside them", async () => {
    assert.deepEqual(authoritiesIn(undefined), [...rootCertificates]);
    assert.deepEqual(authoritiesIn(world.directory), [...rootCertificates]);
    assert.deepEqual(authoritiesIn(world.authorities), [pem(world.pki.tlsRoot)]);
    assert.equal(await outcome(store([])), 'done');
  });

  it('are read once, and again when the file changes', async () => {
    const trust = store();
    const first = trust.context(world.authorities);
    assert.equal(trust.context(world.authorities), first);
    writeFileSync(world.authorities, pem(world.pki.root));
    assert.notEqual(trust.context(world.authorities), first);
    assert.equal(await outcome(trust), 'failed');
    writeFileSync(world.authorities, pem(world.pki.root) + pem(world.pki.tlsRoot));
    assert.equal(await outcome(trust), 'done');
    assert.equal(told, 0);
  });

  const hostile: [what: string, make: (path: string) => void][] = [
    ['is missing', () => undefined],
    ['is empty', (path) => writeFileSync(path, '')],
    ['is no PEM', (path) => writeFileSync(path, Buffer.alloc(1_000, 0xff))],
    ['holds a broken certificate', (path) => writeFileSync(path, pem(Buffer.from('no certificate')))],
    ['holds a good certificate and a broken one', (path) => writeFileSync(path, goodPem() + pem(Buffer.alloc(200)))],
    [
      'holds something else beside',
      (path) => writeFileSync(path, `${goodPem()}-----BEGIN X-----\nAA==\n-----END X-----\n`),
    ],
    ['is too long', (path) => writeFileSync(path, goodPem() + '\n'.repeat(300_000))],
    ['is a directory', (path) => mkdirSync(path)],
    ['is a pipe', (path) => execFileSync('mkfifo', [path])],
    ['is a device', (path) => symlinkSync('/dev/zero', path)],
    ['leads to itself', (path) => symlinkSync(path, path)],
  ];
  const goodPem = (): string => pem(world.pki.tlsRoot);

  for (const [what, make] of hostile) {
    it(`are the system's alone when policy's file ${what}, which is told once`, async () => {
      rmSync(world.authorities);
      make(world.authorities);
      const trust = store();
      for (let count = 0; count < 3; count++) assert.equal(await outcome(trust), 'failed');
      assert.equal(told, 1);
      writeFileSync(world.system, goodPem());
      assert.equal(await outcome(trust), 'done');
      assert.equal(told, 1);
    });
  }

  it('are told to be unreadable once, however often the file changes until it is good', async () => {
    const trust = store();
    for (const text of ['broken', 'broken in another way', '']) {
      writeFileSync(world.authorities, text);
      assert.equal(await outcome(trust), 'failed');
    }
    assert.equal(told, 1);
  });

  it('are told to be unreadable anew when they had been mended', async () => {
    const trust = store();
    writeFileSync(world.authorities, 'broken');
    assert.equal(await outcome(trust), 'failed');
    writeFileSync(world.authorities, goodPem());
    assert.equal(await outcome(trust), 'done');
    writeFileSync(world.authorities, 'broken again');
    assert.equal(await outcome(trust), 'failed');
    assert.equal(told, 2);
  });

  it('are not those that somebody else could have put there', async () => {
    const trust = 'administrators-and-user';
    assert.equal(await outcome(store(undefined, { trust })), 'done');
    chmodSync(world.authorities, 0o666);
    assert.equal(await outcome(store(undefined, { trust })), 'failed');
    assert.equal(told, 1);
    chmodSync(world.authorities, 0o644);
    assert.equal(await outcome(store(undefined, { trust: 'administrators' })), 'failed');
  });
});

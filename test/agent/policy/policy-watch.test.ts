// The watch over the policy file: it is seen to come, change and go, wherever it was at first.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchPolicyFile } from '../../../agent/policy/policy-file.ts';
import { waitUntil, within } from '../../native-host/within.ts';

describe('The watch over the policy file', () => {
  let directory: string;
  let path: string;
  let seen: number;
  let watch: { stop: () => void } | undefined;
  const begin = () => {
    watch = watchPolicyFile(path, () => seen++);
  };
  const noticed = async (change: () => void) => {
    const before = seen;
    change();
    await within(
      2_000,
      waitUntil(() => seen > before, 'a notice', 2_000),
      'a notice',
    );
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-policy-'));
    path = join(directory, 'kortbro', 'policy.json');
    seen = 0;
  });
  afterEach(() => {
    watch?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('sees it come, change, be replaced, and go', async () => {
    mkdirSync(join(directory, 'kortbro'));
    begin();
    await noticed(() => writeFileSync(path, '{}'));
    await noticed(() => writeFileSync(path, '{ }'));
    await noticed(() => {
      writeFileSync(`${path}.new`, '{}');
      renameSync(`${path}.new`, path);
    });
    await noticed(() => rmSync(path));
  });

  it('says nothing of other files', async () => {
    mkdirSync(join(directory, 'kortbro'));
    begin();
    writeFileSync(join(directory, 'kortbro', 'other.json'), '{}');
    writeFileSync(join(directory, 'policy.json'), '{}');
    await noticed(() => writeFileSync(path, '{}'));
    assert.ok(seen <= 2, String(seen));
  });

  it('sees it come where not even its directory was', async () => {
    path = join(directory, 'etc', 'kortbro', 'policy.json');
    begin();
    await noticed(() => mkdirSync(join(directory, 'etc', 'kortbro'), { recursive: true }));
    await noticed(() => writeFileSync(path, '{}'));
    await noticed(() => writeFileSync(path, '{ }'));
  });

  it('sees it again when its directory was replaced', async () => {
    mkdirSync(join(directory, 'kortbro'));
    writeFileSync(path, '{}');
    begin();
    await noticed(() => rmSync(join(directory, 'kortbro'), { recursive: true }));
    await noticed(() => mkdirSync(join(directory, 'kortbro')));
    await noticed(() => writeFileSync(path, '{}'));
  });

  it('says nothing when it has been stopped', async () => {
    mkdirSync(join(directory, 'kortbro'));
    begin();
    watch?.stop();
    let others = 0;
    const other = watchPolicyFile(path, () => others++);
    writeFileSync(path, '{}');
    await waitUntil(() => others > 0, 'the other one');
    other.stop();
    assert.equal(seen, 0);
  });
});

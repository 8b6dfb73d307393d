// Group policy over the file that the installation names: which counts, and what refuses everything.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadWindowsPolicy, type WindowsPolicyPlaces } from '../../../agent/policy/windows-policy.ts';
import { defaultPolicy } from '../../../shared/policy.ts';
import { refusal } from './policy-samples.ts';
import { registryOf } from './registry-samples.ts';

const pin = (settings: object) => registryOf({ pin: settings });

describe('The policy on Windows', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-policy-'));
    path = join(directory, 'policy.json');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const load = (places: Partial<WindowsPolicyPlaces>) =>
    loadWindowsPolicy({ registry: () => undefined, file: () => undefined, fileProblem: () => undefined, ...places });
  const inFile = (policy: unknown) => {
    writeFileSync(path, JSON.stringify(policy));
    return { file: () => path };
  };

  it('is the defaults where nobody has set anything', () => {
    assert.deepEqual(load({}), { ok: true, policy: defaultPolicy, source: 'defaults' });
    assert.deepEqual(load({ registry: () => pin({}) }), { ok: true, policy: defaultPolicy, source: 'defaults' });
  });

  it("is group policy's, value by value, over the file's, over the defaults", () => {
    const outcome = load({
      ...inFile({ pin: { idleMinutes: 10, dialogSeconds: 30 } }),
      registry: () => pin({ IdleMinutes: 5 }),
    });
    assert.ok(outcome.ok && outcome.source === 'registry');
    assert.deepEqual(outcome.policy.pin, { ...defaultPolicy.pin, idleMinutes: 5, dialogSeconds: 30 });
  });

  it('refuses everything for one value that is wrong, and names it', () => {
    const outcome = load({ ...inFile({}), registry: () => pin({ idleMinutes: 0 }) });
    assert.ok(!outcome.ok);
    assert.equal(outcome.path, 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Kortbro\\pin\\idleMinutes');
    assert.match(refusal(load({ registry: () => pin({ remember: 1 }) })), /unknown value/);
  });

  it('refuses everything when the registry, or a file that is named, cannot be read or is not to be trusted', () => {
    const denied = () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' });
    };
    assert.match(refusal(load({ registry: denied })), /cannot be read \(EACCES\)/);
    assert.match(refusal(load({ file: () => join(directory, 'absent') })), /named and is not there/);
    writeFileSync(path, '{');
    assert.match(refusal(load({ file: () => path })), /not JSON/);
    const writable = { reason: 'writable-by-others', at: directory } as const;
    assert.match(refusal(load({ ...inFile({}), fileProblem: () => writable })), /administrators.*writable-by-others/);
  });
});

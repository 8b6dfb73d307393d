import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openscConfigurationProblem } from '../../../agent/tokens/pkcs11/opensc-configuration.ts';

const ours = readFileSync(new URL('../../../agent/tokens/pkcs11/opensc.conf', import.meta.url));

describe("OpenSC's configuration", () => {
  let path: string;
  before(() => {
    path = join(mkdtempSync(join(tmpdir(), 'kortbro-opensc-')), 'opensc.conf');
  });
  beforeEach(() => writeFileSync(path, ours));
  after(() => rmSync(join(path, '..'), { recursive: true }));

  it('is taken as it was built', () => {
    assert.equal(openscConfigurationProblem(path, ours), undefined);
  });

  it('must be there', () => {
    for (const missing of [undefined, '', `${path}.not`, join(path, '..')])
      assert.equal(openscConfigurationProblem(missing), 'opensc.conf is missing', missing);
  });

  it('is refused when a byte was changed, put in or taken away', () => {
    const changed = Buffer.from(ours);
    changed[40] = changed[40]! ^ 1;
    for (const content of [changed, Buffer.concat([ours, Buffer.from('\n')]), ours.subarray(1), Buffer.alloc(0)]) {
      writeFileSync(path, content);
      assert.equal(openscConfigurationProblem(path, ours), 'opensc.conf has been changed');
    }
  });

  it('is not compared where program and file stand side by side', () => {
    writeFileSync(path, 'app default {}\n');
    assert.equal(openscConfigurationProblem(path), undefined);
  });
});

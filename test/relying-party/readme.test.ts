import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN_ERROR_TEXT } from '../../relying-party/src/index.ts';

describe('the README of the relying party', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../relying-party/README.md'), 'utf8');

  it('has every error code with its sentence, and no other', () => {
    const rows = [...readme.matchAll(/^\| `(ERR_[A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, text]) => [code, text]);
    assert.deepEqual(rows, Object.entries(TOKEN_ERROR_TEXT));
  });
});

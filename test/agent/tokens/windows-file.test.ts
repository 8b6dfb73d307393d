// The judgement over owners and access lists, by a table of folders as Windows has them; the looking itself is the addon's.
import assert from 'node:assert/strict';
import { windowsFileProblem, type FileAccess } from '../../../agent/tokens/windows-file.ts';
import { administrators } from '../../../shared/windows-administrators.ts';

const [system = '', admins = '', installer = ''] = administrators;
const user = 'S-1-5-21-1004336348-1177238915-682003330-1001';
const module = 'C:\\Program Files\\OpenSC\\opensc-pkcs11.dll';

/** The way to the module, as a new Windows has it. */
const good: Record<string, FileAccess> = {
  'C:\\': { owner: installer, writers: [system, admins] },
  'C:\\Program Files': { owner: installer, writers: [installer, system, admins] },
  'C:\\Program Files\\OpenSC': { owner: system, writers: [system, admins] },
  [module]: { owner: admins, writers: [admins] },
};

const problem = (places: Record<string, FileAccess>, path = module) =>
  windowsFileProblem(path, (place) => {
    const found = places[place];
    if (found === undefined)
      throw Object.assign(new Error(place), { code: place.includes('link') ? 'ELOOP' : 'ENOENT' });
    return found;
  });

describe('A file on Windows that sees the PIN', () => {
  it('may be used when it, and every folder above it, is the system’s or its administrators’', () => {
    assert.equal(problem(good), undefined);
  });

  for (const place of Object.keys(good)) {
    it(`is refused when ${place} belongs to a user, or a user can change it`, () => {
      const { owner, writers } = good[place] ?? { owner: '', writers: [] };
      assert.deepEqual(problem({ ...good, [place]: { owner: user, writers } }), {
        reason: 'not-owned-by-root',
        at: place,
      });
      assert.deepEqual(problem({ ...good, [place]: { owner, writers: [...writers, user] } }), {
        reason: 'writable-by-others',
        at: place,
      });
    });
  }

  it('is refused when everyone, or every user, may change it', () => {
    for (const group of ['S-1-1-0', 'S-1-5-11', 'S-1-5-32-545', 'S-1-3-0'])
      assert.equal(problem({ ...good, [module]: { owner: admins, writers: [group] } })?.reason, 'writable-by-others');
  });

  it('is missing where a folder on the way is, and never reached through a link', () => {
    assert.deepEqual(problem(good, 'C:\\Program Files\\Else\\x.dll'), {
      reason: 'missing',
      at: 'C:\\Program Files\\Else',
    });
    assert.deepEqual(problem(good, 'C:\\link\\x.dll'), { reason: 'too-many-links', at: 'C:\\link' });
  });

  it('has an absolute path on a drive', () => {
    for (const path of [
      '',
      'x.dll',
      'C:x.dll',
      '\\x.dll',
      '\\\\server\\share\\x.dll',
      '\\\\?\\C:\\x.dll',
      'C:/x.dll',
      'C:\\x.dll:s',
      '/x',
    ])
      assert.equal(problem(good, path)?.reason, 'not-absolute', path);
  });
});

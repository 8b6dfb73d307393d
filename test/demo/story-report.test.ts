// How a walk through a story is written down: which steps were ok, and that a failed one ends the walk.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pictureKeeper, walkStory } from '../../demo/story-report.ts';

describe('the report of a story', () => {
  it('tells of each step in turn', async () => {
    const walked: string[] = [];
    const step = (name: string) => ({ name, run: async () => Promise.resolve(void walked.push(name)) });
    const { steps } = await walkStory([step('a'), step('b')]);
    assert.deepEqual(walked, ['a', 'b']);
    assert.deepEqual(
      steps.map(({ name, ok }) => ({ name, ok })),
      [
        { name: 'a', ok: true },
        { name: 'b', ok: true },
      ],
    );
  });

  it('takes no step after one that failed, and calls none of them ok', async () => {
    const bad = { name: 'bad', run: () => Promise.reject(new Error('the server has verified nobody')) };
    const never = { name: 'never', run: () => assert.fail('taken') };
    const { steps } = await walkStory([bad, never]);
    assert.deepEqual(
      steps.map(({ ok }) => ok),
      [false, false],
    );
    assert.match(steps[0]?.reason ?? '', /verified nobody/);
  });

  it('has its pictures beside it, in order', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kortbro-report-'));
    try {
      const keep = pictureKeeper(join(directory, 'r.json'));
      keep('first', Buffer.from('png'));
      keep('second', Buffer.from('png'));
      assert.ok(existsSync(join(directory, 'r-pictures/01-first.png')));
      assert.ok(existsSync(join(directory, 'r-pictures/02-second.png')));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

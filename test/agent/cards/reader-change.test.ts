// What two looks at the readers tell: a table, for the causes must never be mixed up.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readerChanges, readerConditions } from '../../../agent/cards/reader-change.ts';
import { type ReaderPicture } from '../../../agent/native/reader-picture.ts';
import { noService, picture } from '../reader-pictures.ts';

function between(before: ReaderPicture | undefined, after: ReaderPicture): string[] {
  const first = before === undefined ? new Map() : readerConditions(before);
  return readerChanges(first, readerConditions(after), after.service === 'running').map((change) =>
    change.kind === 'left' ? `left ${change.reader} ${change.cause}` : `came ${change.reader}`,
  );
}

const cases: [string, ReaderPicture | undefined, ReaderPicture, string[]][] = [
  ['a reader without a card is nothing', undefined, picture({ A: ['empty', 0] }), []],
  ['a card that is in at the first look came', undefined, picture({ A: ['present', 1] }), ['came A']],
  ['an insertion', picture({ A: ['empty', 0] }), picture({ A: ['present', 1] }), ['came A']],
  ['a removal', picture({ A: ['present', 1] }), picture({ A: ['empty', 2] }), ['left A card']],
  ['nothing', picture({ A: ['present', 1] }), picture({ A: ['present', 1] }), []],
  [
    'a removal and an insertion in one look are seen by the counter',
    picture({ A: ['present', 1] }),
    picture({ A: ['present', 3] }),
    ['left A replaced', 'came A'],
  ],
  [
    'the counter wraps at 16 bits',
    picture({ A: ['present', 0xffff] }),
    picture({ A: ['present', 0x0001] }),
    ['left A replaced', 'came A'],
  ],
  [
    'an empty reader in which a card was put in and pulled',
    picture({ A: ['empty', 2] }),
    picture({ A: ['empty', 4] }),
    [],
  ],
  ['a card that falls silent', picture({ A: ['present', 1] }), picture({ A: ['mute', 1] }), ['left A mute']],
  ['a silent card that answers again', picture({ A: ['mute', 1] }), picture({ A: ['present', 1] }), ['came A']],
  ['a silent card at the first look is nothing', undefined, picture({ A: ['mute', 1] }), []],
  [
    'a silent card that is pulled leaves at once',
    picture({ A: ['mute', 1] }),
    picture({ A: ['empty', 2] }),
    ['left A card'],
  ],
  ['a silent card whose reader goes', picture({ A: ['mute', 1] }), picture({}), ['left A reader']],
  ['a silent card when the service goes', picture({ A: ['mute', 1] }), noService(), ['left A service']],
  ['a card that stays silent', picture({ A: ['mute', 1] }), picture({ A: ['mute', 3] }), []],
  ['a reader that goes with its card', picture({ A: ['present', 1] }), picture({}), ['left A reader']],
  ['an empty reader that goes', picture({ A: ['empty', 1] }), picture({}), []],
  ['the service stops', picture({ A: ['present', 1], B: ['empty', 0] }), noService(), ['left A service']],
  ['the service is back with the card', noService(), picture({ A: ['present', 1] }, 2), ['came A']],
  [
    'the service was gone between two looks: the same counter means nothing',
    picture({ A: ['present', 1] }, 1),
    picture({ A: ['present', 1] }, 2),
    ['left A service', 'came A'],
  ],
  [
    'two readers: each its own',
    picture({ A: ['present', 1], B: ['empty', 0] }),
    picture({ A: ['present', 1], B: ['present', 1] }),
    ['came B'],
  ],
  [
    'a card that moves from one reader to the other leaves before it comes',
    picture({ B: ['empty', 0], A: ['present', 1] }),
    picture({ B: ['present', 1], A: ['empty', 2] }),
    ['left A card', 'came B'],
  ],
  [
    'two readers with the same counter are two generations',
    picture({ A: ['present', 1] }),
    picture({ B: ['present', 1] }),
    ['left A reader', 'came B'],
  ],
];

describe('A change between two looks at the readers', () => {
  for (const [name, before, after, changes] of cases) {
    it(`${name}: ${changes.join(', ') || 'no change'}`, () => assert.deepEqual(between(before, after), changes));
  }

  it('tells every `left` before every `came`, and each reader once each way', () => {
    const condition = fc.tuple(fc.constantFrom('empty', 'present', 'mute'), fc.integer({ min: 0, max: 3 }));
    const anyPicture = fc
      .record({ A: condition, B: condition, C: condition }, { requiredKeys: [] })
      .chain((readers) => fc.integer({ min: 1, max: 2 }).map((connection) => picture(readers as never, connection)));
    fc.assert(
      fc.property(anyPicture, anyPicture, (before, after) => {
        const changes = between(before, after);
        const kinds = changes.map((change) => change.slice(0, 4));
        assert.deepEqual(kinds, [...kinds].sort().reverse());
        assert.equal(new Set(changes.map((change) => change.slice(0, 6))).size, changes.length);
        assert.deepEqual(between(after, after), []);
      }),
    );
  });

  it('gives a generation to a card that answers, and to nothing else', () => {
    const conditions = readerConditions(picture({ A: ['present', 0xfffe], B: ['empty', 1], C: ['mute', 1] }, 7));
    assert.equal(conditions.get('A')?.generation, '7/A/65534');
    assert.equal(conditions.get('B')?.generation, undefined);
    assert.equal(conditions.get('C')?.generation, undefined);
  });

  it('sees no reader of a service that has stopped, whatever else the picture holds', () => {
    const { readers } = picture({ A: ['present', 1] });
    assert.equal(readerConditions({ service: 'stopped', connection: 1, readers }).size, 0);
  });

  it('takes a reader whose name is hostile like any other', () => {
    for (const name of ['__proto__', 'constructor', '', '\u202eA', '<b>', '../../x', 'A/1', 'x'.repeat(5000)]) {
      assert.deepEqual(between(picture({}), picture(Object.fromEntries([[name, ['present', 1]]]))), [`came ${name}`]);
    }
  });
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { hasHidden, visibleLine, visibleParts } from '../../../extension/consent/visible-text.ts';

const shown = (text: string): string =>
  visibleParts(text)
    .map(({ text: part }) => part)
    .join('');

describe('text in the consent window', () => {
  it('is as it is where every character can be seen', () => {
    for (const text of ['', 'Åsa Öst, 50 % – “citat”\n\tindraget', 'שלום مرحبا 漢字 👍', 'a\u0301']) {
      assert.deepEqual(visibleParts(text), text === '' ? [] : [{ text, isMark: false }]);
      assert.ok(!hasHidden(text));
    }
    assert.equal(shown('one\r\ntwo'), 'one\ntwo');
    assert.ok(!hasHidden('one\r\ntwo'));
  });

  for (const [words, character] of [
    ['turns the order round', '\u202e'],
    ['isolates a direction', '\u2067'],
    ['marks a direction', '\u200f'],
    ['has no width', '\u200b'],
    ['joins', '\u200d'],
    ['is a byte order mark', '\ufeff'],
    ['is a soft hyphen', '\u00ad'],
    ['is a control', '\u0008'],
    ['is a lone carriage return', '\r'],
    ['ends the terminal', '\u001b'],
    ['is a control of Latin 1', '\u0085'],
    ['separates lines', '\u2028'],
    ['is a filler that looks like nothing', '\u3164'],
    ['is a tag', '\u{e0041}'],
    ['is half of a pair', '\ud800'],
  ] as const) {
    it(`names a character that ${words}`, () => {
      const mark = `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;
      assert.deepEqual(visibleParts(`a${character}b`), [
        { text: 'a', isMark: false },
        { text: mark, isMark: true },
        { text: 'b', isMark: false },
      ]);
      assert.ok(hasHidden(`a${character}b`));
    });
  }

  it('keeps everything else in its order, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const kept = visibleParts(text)
          .filter(({ isMark }) => !isMark)
          .map((part) => part.text)
          .join('');
        assert.ok(!hasHidden(kept));
        assert.equal(
          hasHidden(text),
          visibleParts(text).some(({ isMark }) => isMark),
        );
      }),
    );
  });

  it('is one line where it is a name', () => {
    assert.equal(visibleLine('a\nb\tc'), 'a[U+000A]b[U+0009]c');
  });
});

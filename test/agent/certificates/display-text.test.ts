// Text from a card can neither hide, reorder nor break what stands around it, whatever it holds.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { displayText } from '../../../agent/certificates/display-text.ts';

describe('Text to be shown', () => {
  const cases: [string, string, string][] = [
    ['stays as it is', 'Åsa Öberg-Test, läkare (ST) & Co', 'Åsa Öberg-Test, läkare (ST) & Co'],
    ['has single spaces', '  Anna \t\n  Testsson\u00a0 ', 'Anna Testsson'],
    ['is one line', 'Anna\r\nBertil\u2028Cecilia\u2029\u0085', 'Anna Bertil Cecilia'],
    ['has no bidirectional marks', '\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061cx', 'x'],
    ['has nothing of zero width', 'a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg', 'abcd efg'],
    ['has nothing invisible', 'a\u3164b\u115fc\ufe0fd\u2800e\u{e0041}f', 'abcdef'],
    ['has no escape sequence', 'a\u001b[31mb\u009b2J', 'a[31mb2J'],
    ['has no markup', '<a href="x">y</a>', 'a href="x"y/a'],
    ['has no lone surrogates', 'a\ud800b\udfff', 'ab'],
    ['has no private or unassigned characters', 'a\ue000b\u0378c', 'abc'],
    ['keeps what letters need', 'e\u0301 नमस्ते 😀', 'e\u0301 नमस्ते 😀'],
    ['has no towers of marks', `Z${'\u0310'.repeat(40)}x`, `Z${'\u0310'.repeat(3)}x`],
  ];
  for (const [name, text, expected] of cases) it(name, () => assert.equal(displayText(text, 100), expected));

  it('is cut between characters', () => {
    assert.equal(displayText('abcdef', 6), 'abcdef');
    assert.equal(displayText('abcdefg', 6), 'abcde…');
    assert.equal(displayText('abcd😀xyz', 6), 'abcd…');
    assert.equal(displayText('abc😀xyz', 6), 'abc😀…');
  });

  it('is bounded, well-formed, and the same when it is cleaned again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (text, maximum) => {
        const shown = displayText(text, maximum);
        assert.ok(shown.length <= maximum);
        assert.ok(shown.isWellFormed());
        assert.ok(!/[\p{C}\p{Zl}\p{Zp}<>]|\s\s|^\s|\s$/u.test(shown.replace(/ …$/, '…')), JSON.stringify(shown));
        assert.equal(displayText(displayText(text, 1000), 1000), displayText(text, 1000));
      }),
    );
  });
});

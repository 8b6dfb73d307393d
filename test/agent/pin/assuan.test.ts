// Assuan lines: what is escaped comes back as it was, and whatever a program says is read or refused, never believed by half.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeText, gpgError, maximumLine, parseAssuanLine, unescapeInto } from '../../../agent/pin/assuan.ts';

const parse = (line: string) => parseAssuanLine(Buffer.from(line, 'latin1'));
const unescape = (text: string, room = 2_000): Buffer | undefined => {
  const target = Buffer.alloc(room);
  const length = unescapeInto(Buffer.from(text), target);
  return length < 0 ? undefined : target.subarray(0, length);
};

describe('An Assuan line', () => {
  const lines: [string, unknown][] = [
    ['OK', { kind: 'ok' }],
    ['OK Pleased to meet you', { kind: 'ok' }],
    ['ERR 83886179 Operation cancelled <Pinentry>', { kind: 'error', code: gpgError.cancelled }],
    ['ERR 83886194 Not confirmed <Pinentry>', { kind: 'error', code: gpgError.notConfirmed }],
    ['ERR 83886142 Timeout <Pinentry>', { kind: 'error', code: gpgError.timeout }],
    ['ERR 1', { kind: 'error', code: 1 }],
    ['S BUTTON_INFO close', { kind: 'ignored' }],
    ['# a comment', { kind: 'ignored' }],
    ['#', { kind: 'ignored' }],
    ['', undefined],
    ['OKAY', undefined],
    ['ok', undefined],
    [' OK', undefined],
    ['ERR', undefined],
    ['ERR ', undefined],
    ['ERR x', undefined],
    ['ERR 12x', undefined],
    ['ERR -1', undefined],
    ['ERR 123456789012345', undefined],
    ['INQUIRE QUALITY 123', undefined],
    ['BYE', undefined],
    ['D', undefined],
    ['D123456', undefined],
    ['<html>', undefined],
    ['{"pin":"1"}', undefined],
  ];
  for (const [line, expected] of lines) {
    it(`"${line}" is ${expected === undefined ? 'none' : JSON.stringify(expected)}`, () =>
      assert.deepEqual(parse(line), expected));
  }

  it('with a secret is a view into the bytes that were read, so that one zeroing reaches it', () => {
    const line = Buffer.from('D 123456');
    const parsed = parseAssuanLine(line);
    assert.ok(parsed?.kind === 'secret');
    assert.equal(Buffer.from(parsed.escaped).toString(), '123456');
    line.fill(0);
    assert.deepEqual([...parsed.escaped], [0, 0, 0, 0, 0, 0]);
  });

  it('of any bytes is read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
        const parsed = parseAssuanLine(bytes);
        assert.ok(parsed === undefined || ['ok', 'error', 'secret', 'ignored'].includes(parsed.kind));
        const target = Buffer.alloc(12);
        const length = unescapeInto(bytes, target);
        assert.ok(length >= -1 && length <= 12);
      }),
    );
  });
});

describe('Text in Assuan', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        const escaped = escapeText(text);
        assert.ok(!/[\r\n\0]/.test(escaped));
        assert.equal(unescape(escaped)?.toString(), text);
      }),
    );
  });

  it('that holds commands stays one argument', () => {
    assert.equal(escapeText('a\nGETPIN\r\n100% D 1'), 'a%0AGETPIN%0D%0A100%25 D 1');
  });

  it('is cut to one line, between characters and never within an escape', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('%', '\n', 'a', 'å', '😀'), maxLength: 60 }),
        fc.integer({ min: 0, max: 60 }),
        (text, maximum) => {
          const escaped = escapeText(text, maximum);
          assert.ok(Buffer.byteLength(escaped) <= maximum);
          const back = unescape(escaped)?.toString();
          assert.ok(back !== undefined && text.startsWith(back) && back.isWellFormed());
        },
      ),
    );
    const longest = `SETDESC ${escapeText('å\n%'.repeat(1000))}`;
    assert.ok(Buffer.byteLength(longest) <= maximumLine);
  });

  const broken = ['%', '%2', 'a%', '%zz', '%2g', '%g2', '%%25'];
  for (const text of broken) it(`"${text}" is refused`, () => assert.equal(unescape(text), undefined));

  it('is refused where it does not fit, and nothing is written behind the end', () => {
    const target = Buffer.alloc(8, 0xee);
    assert.equal(unescapeInto(Buffer.from('12345'), target.subarray(0, 4)), -1);
    assert.deepEqual([...target.subarray(4)], [0xee, 0xee, 0xee, 0xee]);
    assert.equal(unescapeInto(Buffer.from('1234'), target.subarray(0, 4)), 4);
  });

  it('is read with small and large hex digits', () => {
    assert.deepEqual(unescape('%0a%0A%c3%A5'), Buffer.from('\n\nå'));
  });
});

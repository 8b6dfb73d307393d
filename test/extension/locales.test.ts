// The two languages hold the same keys, all used, and what they repeat from shared/error-texts.ts is word for word.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorTexts } from '../../shared/error-texts.ts';
import { isErrorCode } from '../../shared/errors.ts';

interface Message {
  message: string;
  placeholders?: Record<string, { content: string }>;
}

const folder = fileURLToPath(new URL('../../extension/', import.meta.url));
const read = (language: string) =>
  JSON.parse(readFileSync(`${folder}_locales/${language}/messages.json`, 'utf8')) as Record<string, Message>;
const [swedish, english] = [read('sv'), read('en')];

function sources(): string {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(folder + path, 'utf8'))
    .join('\n');
}

describe("the extension's texts", () => {
  it('have the same keys and placeholders in both languages', () => {
    assert.deepEqual(Object.keys(english), Object.keys(swedish));
    for (const [key, { placeholders }] of Object.entries(swedish)) {
      assert.deepEqual(english[key]?.placeholders, placeholders, key);
    }
  });

  it('are all used, and none is missing', () => {
    const text = sources();
    const unused = Object.keys(swedish).filter(
      (key) => !isErrorCode(key) && !text.includes(`'${key}'`) && !text.includes(`__MSG_${key}__`),
    );
    assert.deepEqual(unused, []);
  });

  it('say the errors of the content script as shared/error-texts.ts does', () => {
    const codes = Object.keys(swedish).filter(isErrorCode);
    for (const code of codes) {
      assert.equal(swedish[code]?.message, errorTexts[code].sv);
      assert.equal(english[code]?.message, errorTexts[code].en);
    }
    const bridge =
      readFileSync(`${folder}content/page-bridge.ts`, 'utf8') +
      readFileSync(`${folder}page-api/page-messages.ts`, 'utf8');
    const used = new Set([...bridge.matchAll(/'(ERR_\w+)'/g)].map(([, code = '']) => code));
    assert.deepEqual([...used].sort(), codes.sort());
  });

  it('hold no jargon where a card holder reads, and nobody shouts', () => {
    for (const language of [swedish, english]) {
      for (const [key, { message }] of Object.entries(language)) {
        assert.doesNotMatch(message, /\b(slot|token|CKR|APDU|PKCS|native|host|agent)\b|!/i, key);
      }
    }
  });

  it('name their language, so that every part speaks the same one', () => {
    assert.deepEqual([swedish['language']?.message, english['language']?.message], ['sv', 'en']);
  });
});

// The words of the dialogs: who asks, what for, with which card, and of the tries left what is known and no more.
import assert from 'node:assert/strict';
import { escapeText } from '../../../agent/pin/assuan.ts';
import {
  choiceDialog,
  consentDialog,
  finalTryDialog,
  pinDialog,
  type DialogText,
  type HolderText,
} from '../../../agent/pin/prompt-texts.ts';
import { type Language } from '../../../shared/error-texts.ts';
import { limits } from '../../../shared/limits.ts';
import { type PinStatus } from '../../../shared/messages.ts';

const site = 'https://journal.example.se:8443';
const anna: HolderText = {
  holder: 'Anna Testsson',
  organisation: 'Testkliniken (demo)',
  holderId: 'SE0000000000-1ABC',
  issuer: 'TEST SITHS e-id Person HSA-id 3 CA v1',
};
const fine: PinStatus = { state: 'ok' };
const languages: readonly Language[] = ['sv', 'en'];

const dialogs: Record<string, (language: Language, at?: string, holder?: HolderText) => DialogText> = {
  'the PIN dialog': (language, at = site, holder = anna) => pinDialog(language, at, holder, fine, 'first'),
  'the PIN dialog with everything': (language, at = site, holder = anna) =>
    pinDialog(language, at, holder, { state: 'final', triesLeft: 1 }, 'login-lost'),
  'the last warning': (language, at = site, holder = anna) => finalTryDialog(language, at, holder),
  'the question of consent': (language, at = site, holder = anna) => consentDialog(language, at, holder),
  'the choice': (language, at = site, holder = anna) => choiceDialog(language, at, holder, 2, 3),
};

/** As the program shows it: a line of Assuan holds no more. */
const shown = ({ description }: DialogText) => decodeURIComponent(escapeText(description));

describe('The words of a dialog', () => {
  for (const [name, dialog] of Object.entries(dialogs)) {
    for (const language of languages) {
      it(`${name} (${language}) says who asks, in full, and with whose card`, () => {
        const { description, ok, cancel, title } = dialog(language);
        for (const part of [site, anna.holder, anna.organisation, anna.holderId, anna.issuer]) {
          assert.ok(description.includes(part), part);
        }
        assert.ok(title.startsWith('Kortbro') && ok.length > 0 && cancel.length > 0 && ok !== cancel);
      });

      it(`${name} (${language}) says it to the end with the longest names that there can be`, () => {
        const longest = `https://${'a'.repeat(limits.originLength - 8)}`;
        const name = '😀'.repeat(49);
        const holder = { holder: name, organisation: name, holderId: '%'.repeat(64), issuer: '😀'.repeat(99) };
        const text = shown(dialog(language, longest, holder));
        const ends = shown(dialog(language, longest, { ...holder, holder: 'x' }));
        assert.ok(text.includes(longest) && text.includes(name));
        const told = /sista försöket|last try|ett försök|one try/i.exec(ends)?.[0];
        assert.ok(told === undefined || text.includes(told));
      });
    }

    it(`${name} is another text in each language, without jargon`, () => {
      const [swedish, english] = [dialog('sv'), dialog('en')];
      for (const key of ['title', 'description', 'ok', 'cancel'] as const) assert.notEqual(swedish[key], english[key]);
      for (const text of [swedish, english])
        assert.doesNotMatch(JSON.stringify(text), /\b(slot|token|CKR|PKCS|SSO|origin)\b/i);
    });
  }

  const described = (language: Language, pin: PinStatus, reason: 'first' | 'login-lost' = 'first') =>
    pinDialog(language, site, anna, pin, reason).description;
  /** The lines that a dialog has more than one in which nothing is known of the tries. */
  const warning = (language: Language, pin: PinStatus) => {
    const plain = described(language, fine).split('\n');
    return described(language, pin)
      .split('\n')
      .filter((line) => !plain.includes(line))
      .join('\n');
  };
  const last = { sv: /sista försöket/i, en: /last try/i } as const;
  const tries: [string, PinStatus, 'nothing' | 'words' | 'last' | RegExp][] = [
    ['nothing of a PIN that is fine', { state: 'ok' }, 'nothing'],
    ['nothing of a PIN that is fine, also when the card counts', { state: 'ok', triesLeft: 3 }, 'nothing'],
    ['nothing when nothing is known', { state: 'unknown' }, 'nothing'],
    ['the number when the card tells it', { state: 'low', triesLeft: 2 }, /(?<!\d)2\u00a0(försök|tries)/],
    ['words and no number when it does not', { state: 'low' }, 'words'],
    ['that it is the last', { state: 'final' }, 'last'],
    ['that it is the last, by number', { state: 'final', triesLeft: 1 }, 'last'],
    ['that it is the last, by number alone', { state: 'low', triesLeft: 1 }, 'last'],
  ];
  for (const [name, pin, expected] of tries) {
    for (const language of languages) {
      it(`tells of the tries left (${language}): ${name}`, () => {
        const text = warning(language, pin);
        if (expected === 'nothing') assert.equal(text, '');
        else if (expected === 'words') assert.match(text, /PIN/);
        else assert.match(text, expected === 'last' ? last[language] : expected);
        if (pin.triesLeft === undefined) assert.doesNotMatch(text, /\d/);
      });
    }
  }

  it('says why it is asked again', () => {
    for (const language of languages) {
      const again = described(language, fine, 'login-lost');
      assert.ok(again.length > described(language, fine).length && again !== described(language, { state: 'low' }));
    }
    assert.match(described('sv', fine, 'login-lost'), /annat program/);
    assert.match(described('en', fine, 'login-lost'), /[Aa]nother program/);
  });

  it('has a No of its own where No is not Cancel', () => {
    assert.ok(consentDialog('sv', site, anna).notOk !== undefined);
    assert.match(choiceDialog('sv', site, anna, 2, 3).description, /2\u00a0av\u00a03/);
    assert.equal(finalTryDialog('sv', site, anna).notOk, undefined);
  });

  it('leaves out an organisation that is not there', () => {
    assert.match(pinDialog('sv', site, { ...anna, organisation: '' }, fine, 'first').description, /Anna Testsson\n/);
  });
});

// The demonstration's command line: what is taken, and what is refused with a sentence.
import assert from 'node:assert/strict';
import { parseDemoArguments } from '../../demo/demo-arguments.ts';

describe("the demonstration's command line", () => {
  it('needs nothing', () => {
    const { headless, card, language, report } = parseDemoArguments([]);
    assert.deepEqual(
      { headless, card, language, report },
      { headless: false, card: { kind: 'simulated' }, language: 'sv', report: 'demo-report.json' },
    );
  });

  it('takes a real card with its module', () => {
    assert.deepEqual(parseDemoArguments(['--card', 'pkcs11', '--module', '/usr/lib/x.so']).card, {
      kind: 'pkcs11',
      module: '/usr/lib/x.so',
    });
  });

  for (const [words, complaint] of [
    [['--card', 'pkcs11'], /needs --module/],
    [['--card', 'other'], /simulated or pkcs11/],
    [['--module', '/x.so'], /go with --card pkcs11/],
    [['--language', 'de'], /sv or en/],
    [['--headless', '--card', 'pkcs11', '--module', '/x.so'], /needs --control/],
    [['--unknown'], /--unknown/],
  ] as const) {
    it(`refuses ${words.join(' ')}`, () => assert.throws(() => parseDemoArguments(words), complaint));
  }
});

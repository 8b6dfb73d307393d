import assert from 'node:assert/strict';
import { certificatesText, forgetPinText, statusText } from '../../../agent/commands/answers.ts';
import { columns } from '../../../agent/commands/columns.ts';
import { maskPersonalNumber, maskPersonalNumbers } from '../../../agent/commands/personal-number.ts';
import { type AgentState, type CertificateEntry, type TokenState } from '../../../shared/messages.ts';

const anna: TokenState = {
  key: 'k',
  holder: 'Anna Testsson',
  organisation: 'Testkliniken (demo)',
  holderId: 'SE0000000000-1ABC',
  pin: { state: 'ok', triesLeft: 3 },
  pinSso: true,
  sites: ['https://journal.example.se', 'https://recept.example.se'],
};

const state = (readers: AgentState['readers']): AgentState => ({
  version: '0.1.0',
  service: 'running',
  session: 'active',
  readers,
});

const certificate: CertificateEntry = {
  reader: 'Reader 1',
  token: 'Card',
  label: 'Legitimering',
  usage: 'authentication',
  holder: 'Anna Testsson',
  organisation: '',
  holderId: '199001012385',
  issuer: 'TEST SITHS e-id Person ID 3 CA v1',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2028-01-01T00:00:00.000Z',
};

describe('kortbro status for a person', () => {
  it('shows reader, card, holder, PIN and sites, aligned, one thing a line', () => {
    assert.equal(
      statusText(state([{ name: 'Reader 1', card: 'ready', tokens: [anna] }]), 'en'),
      [
        'Kortbro        0.1.0',
        'Session        active',
        'Card service   running',
        '',
        'Reader         Reader 1',
        'Card           inserted',
        'Holder         Anna Testsson',
        'Id             SE0000000000-1ABC',
        'Organisation   Testkliniken (demo)',
        'PIN            no wrong tries, 3 tries left',
        'Remembered     yes',
        'Site           https://journal.example.se',
        'Site           https://recept.example.se',
      ].join('\n'),
    );
  });

  it('says in Swedish that there is no reader, that the service is stopped and the session locked', () => {
    const text = statusText({ ...state([]), service: 'stopped', session: 'suspended' }, 'sv');
    assert.match(text, /Korttjänst {3}stoppad/);
    assert.match(text, /Session {6}låst eller frånkopplad/);
    assert.match(text, /Kortläsare {3}ingen ansluten/);
  });

  it('says of a locked PIN only that it is locked', () => {
    const locked = { ...anna, pin: { state: 'locked' as const, triesLeft: 0 }, pinSso: false, sites: [] };
    const text = statusText(state([{ name: 'R', card: 'ready', tokens: [locked] }]), 'en');
    assert.match(text, /^PIN +locked$/m);
    assert.match(text, /^Remembered +no$/m);
  });

  for (const [card, words] of [
    ['empty', 'inget kort'],
    ['reading', 'läses'],
    ['unsupported', 'kan inte läsas'],
    ['mute', 'svarar inte'],
  ] as const) {
    it(`says "${words}" of a card that is ${card}`, () => {
      assert.match(statusText(state([{ name: 'R', card, tokens: [] }]), 'sv'), new RegExp(`^Kort +${words}$`, 'm'));
    });
  }

  it('masks the last four digits of a personal number', () => {
    const text = statusText(
      state([{ name: 'R', card: 'ready', tokens: [{ ...anna, holderId: '199001012385' }] }]),
      'sv',
    );
    assert.match(text, /^Id +19900101\*{4}$/m);
    assert.doesNotMatch(text, /2385/);
  });
});

describe('kortbro certificates for a person', () => {
  it('shows what a certificate is for and until when, and masks a personal number', () => {
    const text = certificatesText([{ ...certificate, assuranceLevel: 3 }], 'sv');
    assert.match(text, /^Id +19900101\*{4}$/m);
    assert.match(text, /^Används för +legitimering$/m);
    assert.match(text, /^Tillitsnivå +3$/m);
    assert.match(text, /^Giltig +2026-01-01 till 2028-01-01$/m);
    assert.doesNotMatch(text, /Organisation|Problem/);
  });

  it('says why one cannot be used, with the code', () => {
    const text = certificatesText([{ ...certificate, problem: 'ERR_CARD_CERTIFICATE_INVALID' }], 'en');
    assert.match(text, /^Problem +The e-identity on the card is invalid.*\(ERR_CARD_CERTIFICATE_INVALID\)$/m);
  });

  it('separates certificates by an empty line, and says what to do when there is none', () => {
    assert.equal(certificatesText([certificate, certificate], 'en').split('\n\n').length, 2);
    assert.match(certificatesText([], 'en'), /Insert your card/);
  });
});

describe('kortbro forget-pin for a person', () => {
  it('tells a PIN that was forgotten from none that was remembered', () => {
    assert.notEqual(forgetPinText(0, 'sv'), forgetPinText(1, 'sv'));
  });
});

describe('Personal numbers', () => {
  for (const [given, shown] of [
    ['199001012385', '19900101****'],
    ['9001012385', '900101****'],
    ['900101-2385', '900101-****'],
    ['19900101-2385', '19900101-****'],
    ['PNOSE-199001012385', 'PNOSE-19900101****'],
    ['SE0000000000-1ABC', 'SE0000000000-1ABC'],
    ['SE0000000000-1234', 'SE0000000000-1234'],
    ['', ''],
  ] as const) {
    it(`show "${given}" as "${shown}"`, () => assert.equal(maskPersonalNumber(given), shown));
  }

  it('are masked in JSON wherever they stand, and nothing else is changed', () => {
    const answer = { certificates: [{ ...certificate, label: '199001012385' }] };
    assert.deepEqual(maskPersonalNumbers(answer), {
      certificates: [{ ...certificate, label: '199001012385', holderId: '19900101****' }],
    });
  });
});

describe('Columns', () => {
  it('leave out rows without a value and blocks without a row', () => {
    assert.equal(
      columns([
        [['A', '1']],
        [['Long', '']],
        [
          ['Bc', '2'],
          ['D', '3'],
        ],
      ]),
      'A    1\n\nBc   2\nD    3',
    );
  });
});

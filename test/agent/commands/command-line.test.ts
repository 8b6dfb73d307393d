import assert from 'node:assert/strict';
import { parseCommandLine } from '../../../agent/commands/command-line.ts';
import { exitCodeOf } from '../../../agent/commands/exit-codes.ts';
import { languageOf } from '../../../agent/commands/text.ts';
import { usage } from '../../../agent/commands/usage.ts';
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';

const parse = (line: string) =>
  parseCommandLine(
    line.split(' ').filter((word) => word !== ''),
    { LANG: 'C' },
  );

describe('The command line', () => {
  const understood: [line: string, expected: object][] = [
    ['status', { kind: 'ask', verb: 'status', json: false, language: 'en' }],
    ['status --json', { kind: 'ask', verb: 'status', json: true, language: 'en' }],
    ['--json certificates', { kind: 'ask', verb: 'certificates', json: true, language: 'en' }],
    ['forget-pin --language sv', { kind: 'ask', verb: 'forget-pin', json: false, language: 'sv' }],
    ['forget-pin --language=sv', { kind: 'ask', verb: 'forget-pin', json: false, language: 'sv' }],
    ['doctor --json', { kind: 'doctor', json: true, repair: false, yes: false, language: 'en' }],
    ['doctor --repair', { kind: 'doctor', json: false, repair: true, yes: false, language: 'en' }],
    ['doctor --repair --yes', { kind: 'doctor', json: false, repair: true, yes: true, language: 'en' }],
    ['install --user', { kind: 'install', all: false, force: false, language: 'en' }],
    ['install --user --all --force', { kind: 'install', all: true, force: true, language: 'en' }],
    ['uninstall --user', { kind: 'uninstall', language: 'en' }],
    ['--version', { kind: 'version', language: 'en' }],
    ['--help', { kind: 'help', command: undefined, language: 'en' }],
    ['help', { kind: 'help', command: undefined, language: 'en' }],
    ['help doctor', { kind: 'help', command: 'doctor', language: 'en' }],
    ['doctor -h', { kind: 'help', command: 'doctor', language: 'en' }],
    ['install --help', { kind: 'help', command: 'install', language: 'en' }],
  ];
  for (const [line, expected] of understood) {
    it(`understands "${line}"`, () => assert.deepEqual(parse(line), expected));
  }

  const mistakes: [line: string, mistake: string][] = [
    ['', 'No command was given.'],
    ['bogus', 'Unknown command: bogus'],
    ['help bogus', 'Unknown command: bogus'],
    ['help doctor status', 'One word too many: status'],
    ['status more', 'One word too many: more'],
    ['status --user', 'Unknown option: --user'],
    ['status -x', 'Unknown option: -x'],
    ['--json', 'Unknown option: --json'],
    ['status --version', 'Unknown option: --version'],
    ['status --toString', 'Unknown option: --toString'],
    ['status --json=yes', '--json takes no value.'],
    ['status --repair', 'Unknown option: --repair'],
    ['doctor --yes', '--yes belongs to --repair.'],
    ['doctor --repair --json', '--json and --repair exclude each other.'],
    ['status --language', '--language is sv or en.'],
    ['status --language de', '--language is sv or en.'],
    ['status --language --json', '--language is sv or en.'],
    ['status -- --json', 'One word too many: --json'],
    ['install', 'Write kortbro install --user. For the whole computer there is the package.'],
    ['uninstall', 'Write kortbro uninstall --user. For the whole computer there is the package.'],
  ];
  for (const [line, mistake] of mistakes) {
    it(`says what is wrong with "${line}"`, () => {
      const invocation = parse(line);
      assert.equal(invocation.kind === 'mistake' ? invocation.mistake.en : invocation.kind, mistake);
    });
  }

  it('leaves the browsers to the package on Windows', () => {
    for (const line of ['install', 'install --user', 'uninstall --user']) {
      const invocation = parseCommandLine(line.split(' '), { LANG: 'C' }, 'win32');
      assert.match(invocation.kind === 'mistake' ? invocation.mistake.en : '', /On Windows the package \(MSI\)/);
    }
    assert.equal(parseCommandLine(['doctor'], { LANG: 'C' }, 'win32').kind, 'doctor');
  });

  it('has a help page for every command in both languages', () => {
    for (const language of ['sv', 'en'] as const) {
      for (const command of ['status', 'certificates', 'forget-pin', 'doctor', 'install', 'uninstall'] as const) {
        assert.match(usage(command, language), new RegExp(`kortbro ${command}`));
        assert.match(usage(undefined, language), new RegExp(`^  ${command} `, 'm'));
      }
    }
  });
});

describe('The language of the command', () => {
  const cases: [environment: Record<string, string>, language: string][] = [
    [{}, 'en'],
    [{ LANG: 'sv_SE.UTF-8' }, 'sv'],
    [{ LANG: 'sv' }, 'sv'],
    [{ LANG: 'sv_FI' }, 'sv'],
    [{ LANG: 'svx' }, 'en'],
    [{ LANG: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'C.UTF-8' }, 'en'],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'sv_SE.UTF-8' }, 'sv'],
    [{ LANG: 'sv_SE.UTF-8', LC_ALL: 'C' }, 'en'],
    [{ LANG: 'sv_SE.UTF-8', LC_MESSAGES: 'en_GB.UTF-8' }, 'en'],
    [{ LANG: 'sv_SE.UTF-8', LC_ALL: '' }, 'sv'],
  ];
  for (const [environment, language] of cases) {
    it(`is ${language} by ${JSON.stringify(environment)}`, () => assert.equal(languageOf(environment), language));
  }
});

describe('The language of the command where the system tells it', () => {
  const cases: [environment: Record<string, string>, locale: string, language: string][] = [
    [{}, 'sv-SE', 'sv'],
    [{}, 'sv', 'sv'],
    [{}, 'en-US', 'en'],
    [{ LANG: 'C.UTF-8' }, 'sv-SE', 'en'],
  ];
  for (const [environment, locale, language] of cases) {
    it(`is ${language} by ${JSON.stringify(environment)} and ${locale}`, () =>
      assert.equal(languageOf(environment, locale), language));
  }
});

describe('The exit code of a request', () => {
  const cases: [code: ErrorCode, exit: number][] = [
    ['ERR_POLICY_INVALID', 1],
    ['ERR_CARD_ABSENT', 1],
    ['ERR_AGENT_INTERNAL', 1],
    ['ERR_AGENT_NOT_RUNNING', 3],
    ['ERR_AGENT_ENDPOINT', 3],
    ['ERR_AGENT_PROOF', 3],
    ['ERR_AGENT_STOPPED', 3],
    ['ERR_AGENT_VERSION', 3],
    ['ERR_USER_TIMEOUT', 3],
    ['ERR_REQUEST_CANCELLED', 130],
  ];
  for (const [code, exit] of cases) {
    it(`is ${exit} for ${code}`, () => assert.equal(exitCodeOf(new KortbroError(code)), exit));
  }
});

// From the words on the command line to what is to be done. Pure; knows every command and every option, does nothing.
import { parseArgs } from 'node:util';
import { languageOf, type Language, type Text } from './text.ts';

/** Every command, in the order of the help text. */
const commandNames = ['status', 'certificates', 'forget-pin', 'doctor', 'install', 'uninstall'] as const;
export type CommandName = (typeof commandNames)[number];

/** What is to be done, or why that cannot be told. */
export type Invocation = { language: Language } & (
  | { kind: 'ask'; verb: 'status' | 'certificates' | 'forget-pin'; json: boolean }
  | { kind: 'doctor'; json: boolean; repair: boolean; yes: boolean }
  | { kind: 'install'; all: boolean; force: boolean }
  | { kind: 'uninstall' }
  | { kind: 'help'; command: CommandName | undefined }
  | { kind: 'version' }
  | { kind: 'mistake'; mistake: Text; command: CommandName | undefined }
);

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  language: { type: 'string' },
  json: { type: 'boolean' },
  repair: { type: 'boolean' },
  yes: { type: 'boolean' },
  user: { type: 'boolean' },
  all: { type: 'boolean' },
  force: { type: 'boolean' },
} as const;

type OptionName = keyof typeof options;

const everywhere: readonly OptionName[] = ['help', 'language'];
const optionsOf: Readonly<Record<CommandName | 'none', readonly OptionName[]>> = {
  none: [...everywhere, 'version'],
  status: [...everywhere, 'json'],
  certificates: [...everywhere, 'json'],
  'forget-pin': [...everywhere, 'json'],
  doctor: [...everywhere, 'json', 'repair', 'yes'],
  install: [...everywhere, 'user', 'all', 'force'],
  uninstall: [...everywhere, 'user'],
};

/** Windows tells the language not by the environment but by the user's own setting. */
function systemLocale(platform: NodeJS.Platform): string | undefined {
  return platform === 'win32' ? new Intl.DateTimeFormat().resolvedOptions().locale : undefined;
}

/** @param words the command line without program and script */
export function parseCommandLine(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Invocation {
  // Not strict: Node's own messages are English, and name its API.
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true });
  const given = new Map<string, string | undefined>();
  const positionals: string[] = [];
  const inline: string[] = [];
  const names = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    given.set(token.name, token.value);
    names.set(token.name, token.rawName);
    if (token.name !== 'language' && token.value !== undefined) inline.push(token.rawName);
  }
  const wanted = given.get('language');
  const language = wanted === 'sv' || wanted === 'en' ? wanted : languageOf(environment, systemLocale(platform));
  const [first, ...rest] = positionals;
  const isHelp = first === 'help';
  const [word, extra] = isHelp ? rest : [first, rest[0]];
  const command = commandNames.find((name) => name === word);
  const mistake = (sv: string, en: string): Invocation => ({ kind: 'mistake', language, mistake: { sv, en }, command });

  if (word !== undefined && command === undefined)
    return mistake(`Okänt kommando: ${word}`, `Unknown command: ${word}`);
  const surplus = isHelp ? rest[1] : extra;
  if (surplus !== undefined) return mistake(`Ett ord för mycket: ${surplus}`, `One word too many: ${surplus}`);
  const allowed: readonly string[] = optionsOf[command ?? 'none'];
  for (const [name, rawName] of names) {
    if (!allowed.includes(name)) return mistake(`Okänt alternativ: ${rawName}`, `Unknown option: ${rawName}`);
  }
  const [valued] = inline;
  if (valued !== undefined) return mistake(`${valued} tar inget värde.`, `${valued} takes no value.`);
  if (given.has('language') && wanted !== language)
    return mistake('--language är sv eller en.', '--language is sv or en.');
  if (isHelp || given.has('help')) return { kind: 'help', language, command };
  if (command === undefined) {
    return given.has('version') ? { kind: 'version', language } : mistake('Kommando saknas.', 'No command was given.');
  }
  if ((command === 'install' || command === 'uninstall') && platform === 'win32') {
    return mistake(
      'På Windows ansluter installationspaketet (MSI) webbläsarna, för hela datorn.',
      'On Windows the package (MSI) connects the browsers, for the whole computer.',
    );
  }
  if ((command === 'install' || command === 'uninstall') && !given.has('user')) {
    return mistake(
      `Skriv kortbro ${command} --user. För hela datorn används installationspaketet.`,
      `Write kortbro ${command} --user. For the whole computer there is the package.`,
    );
  }
  if (given.has('yes') && !given.has('repair'))
    return mistake('--yes hör till --repair.', '--yes belongs to --repair.');
  if (given.has('json') && given.has('repair'))
    return mistake('--json och --repair går inte ihop.', '--json and --repair exclude each other.');
  switch (command) {
    case 'doctor':
      return { kind: 'doctor', language, json: given.has('json'), repair: given.has('repair'), yes: given.has('yes') };
    case 'install':
      return { kind: 'install', language, all: given.has('all'), force: given.has('force') };
    case 'uninstall':
      return { kind: 'uninstall', language };
    default:
      return { kind: 'ask', language, verb: command, json: given.has('json') };
  }
}

// The group policy templates: kortbro.admx and its texts in Swedish and English, made from the policy's schema. Every setting is
// for the machine; there are none for users. Usage: node --import tsx installer/windows/admx.ts --out DIRECTORY
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { policySettings, type PolicySetting } from './policy-settings.ts';
import {
  categories,
  categoryOf,
  choices,
  examples,
  fieldTexts,
  phrases,
  settingTexts,
  type Words,
} from './policy-texts.ts';
import { element, xmlDocument, type Xml } from './xml.ts';

/** The languages of the templates, by the names of their folders. */
export const languages = { 'sv-SE': 'sv', 'en-US': 'en' } as const;
type Language = (typeof languages)[keyof typeof languages];

const schemaNamespace = 'http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions';
const versions = { revision: '1.0', schemaVersion: '1.0' };
const root = 'Kortbro';
const supported = 'SUPPORTED_Kortbro';

/** Every file by its path below PolicyDefinitions. */
export function policyTemplates(): Map<string, string> {
  const settings = policySettings();
  return new Map([
    ['kortbro.admx', definitions(settings)],
    ...Object.entries(languages).map(
      ([folder, language]) => [`${folder}/kortbro.adml`, resources(settings, language)] as const,
    ),
  ]);
}

/** The name by which a setting is known in the template; also the id of its strings and of its presentation. */
export function settingId(setting: PolicySetting): string {
  return setting.path.replaceAll('.', '_');
}

function definitions(settings: readonly PolicySetting[]): string {
  const string = (id: string) => `$(string.${id})`;
  const category = (id: string) => `Category_${id}`;
  return xmlDocument(
    element('policyDefinitions', { xmlns: schemaNamespace, ...versions }, [
      element('policyNamespaces', {}, [element('target', { prefix: 'kortbro', namespace: 'Kortbro.Policies' })]),
      element('resources', { minRequiredRevision: '1.0' }),
      element('supportedOn', {}, [
        element('definitions', {}, [element('definition', { name: supported, displayName: string(supported) })]),
      ]),
      element('categories', {}, [
        element('category', { name: root, displayName: string(root), explainText: string(`${root}_help`) }),
        ...Object.keys(categories).map((id) =>
          element('category', { name: category(id), displayName: string(category(id)) }, [
            element('parentCategory', { ref: root }),
          ]),
        ),
      ]),
      element(
        'policies',
        {},
        settings.map((setting) => {
          const id = settingId(setting);
          const names = { name: id, class: 'Machine', displayName: string(id), explainText: string(`${id}_help`) };
          const presentation = setting.form === 'boolean' ? {} : { presentation: `$(presentation.${id})` };
          const value = setting.form === 'boolean' ? { valueName: setting.value } : {};
          return element('policy', { ...names, ...presentation, key: keyOf(setting), ...value }, [
            element('parentCategory', { ref: category(categoryIdOf(setting)) }),
            element('supportedOn', { ref: supported }),
            ...choiceOf(setting),
          ]);
        }),
      ),
    ]),
  );
}

/** The key of a policy with a list is the one above the list's own. */
function keyOf({ form, key }: PolicySetting): string {
  return form === 'texts' || form === 'objects' ? key.slice(0, key.lastIndexOf('\\')) : key;
}

function categoryIdOf({ path }: PolicySetting): string {
  const [first = ''] = path.split('.');
  const id = categoryOf[first] ?? first;
  if (!(id in categories)) throw new Error(`${path} belongs to no folder of the editor`);
  return id;
}

/** What is written when the setting is switched on. */
function choiceOf(setting: PolicySetting): Xml[] {
  const id = `${settingId(setting)}_value`;
  switch (setting.form) {
    case 'boolean':
      return [['enabledValue', '1'] as const, ['disabledValue', '0'] as const].map(([name, value]) =>
        element(name, {}, [element('decimal', { value })]),
      );
    case 'integer': {
      const bounds = { minValue: String(setting.minimum), maxValue: String(setting.maximum) };
      return [elements(element('decimal', { id, valueName: setting.value, required: 'true', ...bounds }))];
    }
    case 'text': {
      const maxLength = String(setting.maximumLength);
      return [elements(element('text', { id, valueName: setting.value, required: 'true', maxLength }))];
    }
    case 'words': {
      const items = setting.words.map((word) =>
        element('item', { displayName: `$(string.${wordId(setting, word)})` }, [
          element('value', {}, [element('string', {}, [word])]),
        ]),
      );
      return [elements(element('enum', { id, valueName: setting.value, required: 'true' }, items))];
    }
    case 'texts':
    case 'objects':
      // An empty prefix: the values are named 1, 2, ...
      return [elements(element('list', { id, key: setting.key, valuePrefix: '' }))];
  }
}

function elements(child: Xml): Xml {
  return element('elements', {}, [child]);
}

function wordId(setting: PolicySetting, word: string): string {
  return `${settingId(setting)}_${word}`;
}

function resources(settings: readonly PolicySetting[], language: Language): string {
  const strings: [string, string][] = [
    [root, phrases.product[language]],
    [`${root}_help`, phrases.productHelp[language]],
    [supported, phrases.supported[language]],
    ...Object.entries(categories).map(([id, words]): [string, string] => [`Category_${id}`, words[language]]),
    ...settings.flatMap((setting): [string, string][] => [
      [settingId(setting), nameOf(setting)[language]],
      [`${settingId(setting)}_help`, explanation(setting, language)],
      ...(setting.form === 'words' ? setting.words : []).map((word): [string, string] => [
        wordId(setting, word),
        textOf(choices, word)[language],
      ]),
    ]),
  ];
  return xmlDocument(
    element('policyDefinitionResources', { xmlns: schemaNamespace, ...versions }, [
      element('displayName', {}, [phrases.product[language]]),
      element('description', {}, [phrases.productHelp[language]]),
      element('resources', {}, [
        element(
          'stringTable',
          {},
          strings.map(([id, text]) => element('string', { id }, [text])),
        ),
        element(
          'presentationTable',
          {},
          settings.flatMap((setting) => {
            const field = presentationOf(setting, nameOf(setting)[language]);
            return field === undefined ? [] : [element('presentation', { id: settingId(setting) }, [field])];
          }),
        ),
      ]),
    ]),
  );
}

function presentationOf(setting: PolicySetting, label: string): Xml | undefined {
  const refId = `${settingId(setting)}_value`;
  switch (setting.form) {
    case 'boolean':
      return undefined;
    case 'integer': {
      const start = JSON.stringify(setting.standard ?? setting.minimum);
      return element('decimalTextBox', { refId, defaultValue: start }, [label]);
    }
    case 'text':
      return element('textBox', { refId }, [element('label', {}, [label])]);
    case 'words': {
      const start = String(Math.max(0, setting.words.indexOf(String(setting.standard))));
      return element('dropdownList', { refId, noSort: 'true', defaultItem: start }, [label]);
    }
    case 'texts':
    case 'objects':
      return element('listBox', { refId }, [label]);
  }
}

/** What stands beside the setting in the editor: what it means, what may be entered, the default, and the place. */
function explanation(setting: PolicySetting, language: Language): string {
  const say = (words: Words, text: string) => `${words[language]}: ${text}`;
  const { description, form, path, standard } = setting;
  const lines = [language === 'sv' ? textOf(settingTexts, path).sv : description];
  if (form === 'integer') lines.push(say(phrases.values, `${setting.minimum}-${setting.maximum}`));
  if (form === 'texts' && setting.words !== undefined) lines.push(say(phrases.words, setting.words.join(', ')));
  if (form === 'objects') {
    lines.push(say(phrases.entries, textOf(examples, path)), `${phrases.fields[language]}:`);
    for (const field of setting.fields) {
      const meaning =
        field.description === '' ? '' : language === 'sv' ? textOf(fieldTexts, field.path) : field.description;
      const start = field.standard === undefined ? '' : ` [${JSON.stringify(field.standard)}]`;
      lines.push(
        `  ${field.path.slice(path.length + 3)}: ${field.values}${start}${meaning === '' ? '' : ` - ${meaning}`}`,
      );
    }
  }
  if (form === 'texts' || form === 'objects') lines.push(phrases.whole[language]);
  if (standard !== undefined) lines.push(say(phrases.standard, JSON.stringify(standard)));
  if (/^(tokens|card\b)/.test(path)) lines.push(phrases.restart[language]);
  lines.push(say(phrases.place, placeOf(setting)));
  return lines.join('\n');
}

function placeOf(setting: PolicySetting): string {
  const type = setting.form === 'integer' || setting.form === 'boolean' ? 'REG_DWORD' : 'REG_SZ';
  return `HKLM\\${setting.key}, ${'value' in setting ? setting.value : '1, 2, ...'} (${type})`;
}

function nameOf({ path }: PolicySetting): Words {
  return textOf(settingTexts, path).name;
}

function textOf<T>(table: Readonly<Record<string, T>>, name: string): T {
  const text = table[name];
  if (text === undefined) throw new Error(`installer/windows/policy-texts.ts has no text for ${name}`);
  return text;
}

/** Writes them into `directory`, a folder PolicyDefinitions. @returns the paths */
export function writePolicyTemplates(directory: string): string[] {
  return [...policyTemplates()].map(([name, text]) => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist/windows/PolicyDefinitions' } } });
  for (const path of writePolicyTemplates(values.out)) process.stdout.write(`${path}\n`);
}

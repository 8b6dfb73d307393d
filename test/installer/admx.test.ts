// The group policy templates: every setting, in both languages, nothing that points nowhere, and what the editor writes by them is
// what the agent reads. Needs xmllint (libxml2-utils).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { policyFromRegistry, type RegistryKey, type RegistryValue } from '../../agent/policy/policy-registry.ts';
import { settingId, policyTemplates } from '../../installer/windows/admx.ts';
import { policyKey, policySettings, type PolicySetting } from '../../installer/windows/policy-settings.ts';
import {
  categories,
  categoryOf,
  choices,
  examples,
  fieldTexts,
  settingTexts,
} from '../../installer/windows/policy-texts.ts';
import { policySchema } from '../../shared/policy.ts';
import { dword, sz } from '../agent/policy/registry-samples.ts';

const templates = policyTemplates();
const admx = templates.get('kortbro.admx')!;
const adml = { sv: templates.get('sv-SE/kortbro.adml')!, en: templates.get('en-US/kortbro.adml')! };
const settings = policySettings();

/** Runs xmllint on `text`; it fails when the text is not well-formed. */
function xmllint(text: string, ...options: string[]): string {
  return execFileSync('xmllint', ['--nonet', ...options, '-'], { input: text, encoding: 'utf8', stdio: 'pipe' });
}

/** The values of the attributes that `expression` finds; `name()` stands for a local name, whatever the namespace. */
function attributes(text: string, expression: string): string[] {
  const path = expression.replace(/\/\/(\w+)/g, "//*[local-name()='$1']");
  try {
    return [...xmllint(text, '--xpath', path).matchAll(/[\w:]+="([^"]*)"/g)].map(([, value]) => value!);
  } catch (error) {
    if ((error as { status?: number }).status === 10) return []; // XPath set is empty
    throw error;
  }
}

const sorted = (list: readonly string[]) => [...list].sort();
const unique = (list: readonly string[]) => [...new Set(list)];

describe('The group policy templates', () => {
  it('are well-formed, and say that they are UTF-8', () => {
    for (const text of templates.values()) {
      xmllint(text, '--noout');
      assert.match(text, /^<\?xml version="1.0" encoding="utf-8"\?>\n/);
    }
  });

  it('have every setting of the policy, and nothing else', () => {
    const paths = leaves(policySchema.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as Leaf, '');
    assert.deepEqual(
      sorted(attributes(admx, '//policy/@name')),
      sorted(paths.map((path) => path.replaceAll('.', '_'))),
    );
  });

  it('have settings of the machine only', () => {
    assert.deepEqual(unique(attributes(admx, '//policy/@class')), ['Machine']);
  });

  it('have a text in both languages for everything, and no text that nothing needs', () => {
    for (const text of Object.values(adml)) {
      const strings = attributes(text, '//string/@id');
      const wanted = [...admx.matchAll(/\$\(string\.(\w+)\)/g)].map(([, id]) => id!);
      assert.deepEqual(sorted(strings), sorted(unique(wanted)));
    }
    const paths = settings.map(({ path }) => path);
    assert.deepEqual(sorted(Object.keys(settingTexts)), sorted(paths));
    const fields = settings.flatMap((setting) => (setting.form === 'objects' ? setting.fields : []));
    const described = fields.filter(({ description }) => description !== '').map(({ path }) => path);
    assert.deepEqual(sorted(Object.keys(fieldTexts)), sorted(unique(described)));
    const lists = settings.filter(({ form }) => form === 'objects').map(({ path }) => path);
    assert.deepEqual(sorted(Object.keys(examples)), sorted(lists));
    const words = settings.flatMap((setting) => (setting.form === 'words' ? setting.words : []));
    assert.deepEqual(
      unique(words).filter((word) => !(word in choices)),
      [],
    );
    for (const setting of settings) assert.notEqual(setting.description, '', setting.path);
  });

  it('say something else in each language', () => {
    for (const { name, sv } of Object.values(settingTexts)) {
      assert.notEqual(name.sv, name.en);
      assert.ok(sv !== '' && settings.every(({ description }) => description !== sv));
    }
  });

  it('have ids that are unique, and no reference that leads nowhere', () => {
    for (const list of ['//policy/@name', '//category/@name', '//elements/*/@id', '//definition/@name']) {
      const ids = attributes(admx, list);
      assert.deepEqual(ids, unique(ids), list);
    }
    const known = [...attributes(admx, '//category/@name')];
    assert.deepEqual(
      attributes(admx, '//parentCategory/@ref').filter((ref) => !known.includes(ref)),
      [],
    );
    assert.deepEqual(unique(attributes(admx, '//policy/*[local-name()="supportedOn"]/@ref')), ['SUPPORTED_Kortbro']);
    assert.deepEqual(attributes(admx, '//definition/@name'), ['SUPPORTED_Kortbro']);
    const presentations = [...admx.matchAll(/\$\(presentation\.(\w+)\)/g)].map(([, id]) => id!);
    for (const text of Object.values(adml)) {
      const ids = attributes(text, '//string/@id');
      assert.deepEqual(ids, unique(ids));
      assert.deepEqual(sorted(attributes(text, '//presentation/@id')), sorted(presentations));
      assert.deepEqual(
        sorted(attributes(text, '//presentation/*/@refId')),
        sorted(attributes(admx, '//elements/*/@id')),
      );
      for (const id of presentations) {
        const of = (xml: string, path: string) => attributes(xml, path);
        assert.deepEqual(
          of(text, `//presentation[@id="${id}"]/*/@refId`),
          of(admx, `//policy[@name="${id}"]/*[local-name()="elements"]/*/@id`),
        );
      }
    }
  });

  it('have folders that are all in use', () => {
    const used = settings.map(({ path }) => categoryOf[path.split('.')[0]!] ?? path.split('.')[0]!);
    assert.deepEqual(sorted(unique(used)), sorted(Object.keys(categories)));
  });

  it('make the editor write what the agent reads', () => {
    for (const setting of settings) {
      const { value, expected } = sampleOf(setting);
      const outcome = policyFromRegistry(writtenBy(setting, value));
      assert.ok(outcome.ok, `${setting.path}: ${JSON.stringify(outcome)}`);
      const read = setting.path.split('.').reduce<unknown>((part, name) => (part as never)[name], outcome.settings);
      assert.deepEqual(read, expected, setting.path);
    }
  });

  it('let nothing be entered that the agent refuses: the bounds are the same', () => {
    for (const setting of settings) {
      if (setting.form !== 'integer') continue;
      const [least, most] = ['minValue', 'maxValue'].map((name) =>
        Number(attributes(admx, `//policy[@name="${settingId(setting)}"]//decimal/@${name}`)[0]),
      );
      for (const [number, ok] of [
        [least! - 1, false],
        [least!, true],
        [most!, true],
        [most! + 1, false],
      ] as const) {
        assert.equal(policyFromRegistry(writtenBy(setting, dword(number))).ok, ok, `${setting.path} = ${number}`);
      }
    }
  });

  it('offer the words that the agent knows, and give examples that it takes', () => {
    for (const setting of settings) {
      if (setting.form !== 'words') continue;
      const offered = xmllint(
        admx,
        '--xpath',
        `//*[local-name()='policy'][@name='${settingId(setting)}']//*[local-name()='string']/text()`,
      );
      assert.deepEqual(offered.trim().split('\n'), setting.words);
      for (const word of setting.words) assert.equal(policyFromRegistry(writtenBy(setting, sz(word))).ok, true);
    }
    for (const [path, example] of Object.entries(examples)) {
      const setting = settings.find((one) => one.path === path)!;
      const text = example.replace('"..."', '"/usr/lib/opensc-pkcs11.so"');
      assert.equal(policyFromRegistry(writtenBy(setting, sz(text))).ok, true, path);
    }
  });

  /** The registry after the editor has switched the setting on, by what the template says of key and name. */
  function writtenBy(setting: PolicySetting, value: RegistryValue): RegistryKey {
    const policy = `//policy[@name="${settingId(setting)}"]`;
    const [list] = attributes(admx, `${policy}//list/@key`);
    const [above] = attributes(admx, `${policy}/@key`);
    const [own] = attributes(admx, `${policy}/@valueName`);
    const [valueName] = attributes(admx, `${policy}/*[local-name()="elements"]/*/@valueName`);
    const key = list ?? above!;
    assert.ok(key === policyKey || key.startsWith(`${policyKey}\\`), key);
    const name = list === undefined ? (own ?? valueName!) : '1';
    const steps = key.slice(policyKey.length).split('\\').filter(Boolean);
    return steps.reduceRight<RegistryKey>((below, step) => ({ values: {}, keys: { [step]: below } }), {
      values: { [name]: value },
      keys: {},
    });
  }
});

const address = 'http://service.example.se:8080';

/** A value as the editor writes it, and what it means. */
function sampleOf(setting: PolicySetting): { value: RegistryValue; expected: unknown } {
  switch (setting.form) {
    case 'integer':
      return { value: dword(setting.maximum), expected: setting.maximum };
    case 'boolean':
      return { value: dword(1), expected: true };
    case 'words':
      return { value: sz(setting.words[0]!), expected: setting.words[0] };
    case 'texts': {
      const text = setting.words?.[0] ?? address;
      return { value: sz(text), expected: [text] };
    }
    case 'text': {
      const isAddress = ['logout.proxy', 'signing.timeStamp', 'signing.ocsp'].includes(setting.path);
      const text = isAddress ? address : '/usr/share/kortbro';
      return { value: sz(text), expected: text };
    }
    case 'objects': {
      const text = examples[setting.path]!.replace('"..."', '"/usr/lib/opensc-pkcs11.so"');
      return { value: sz(text), expected: [JSON.parse(text)] };
    }
  }
}

interface Leaf {
  properties?: Record<string, Leaf>;
}

/** The paths of the schema's settings, found in another way than the installer does. */
function leaves(schema: Leaf, path: string): string[] {
  if (schema.properties === undefined) return path === '$schema' ? [] : [path];
  return Object.entries(schema.properties).flatMap(([name, below]) =>
    leaves(below, path === '' ? name : `${path}.${name}`),
  );
}

// Every setting of the machine's policy as the registry holds it: key, value, form, bounds. Made from the schema in shared/policy.ts;
// agent/policy/policy-registry.ts reads the same form.
import { z } from 'zod';
import { policySchema } from '../../shared/policy.ts';

/** Where the policy stands, below HKEY_LOCAL_MACHINE. */
export const policyKey = 'SOFTWARE\\Policies\\Kortbro';

/** What all settings have. `path` is the setting's in JSON; `key` and `value` are its place in the registry. */
interface Place {
  path: string;
  key: string;
  description: string;
  standard?: unknown;
}

/** A setting, by the form that it has in the registry. */
export type PolicySetting =
  | (Place & { form: 'integer'; value: string; minimum: number; maximum: number })
  | (Place & { form: 'boolean'; value: string })
  | (Place & { form: 'text'; value: string; maximumLength: number })
  | (Place & { form: 'words'; value: string; words: readonly string[] })
  | (Place & { form: 'texts'; words?: readonly string[] })
  | (Place & { form: 'objects'; fields: readonly ObjectField[] });

/** One name in the JSON text of a list's entry. `path` begins with the list's: `sites[].origin`. */
export interface ObjectField {
  path: string;
  description: string;
  values: string;
  standard?: unknown;
}

interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  enum?: string[];
  const?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

/** Every setting in the schema's order. `$schema` is no setting. */
export function policySettings(): PolicySetting[] {
  const schema = z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return settingsOf(schema, []);
}

function settingsOf(schema: JsonSchema, above: readonly string[]): PolicySetting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, below]) => {
    if (name === '$schema') return [];
    if (below.properties !== undefined) return settingsOf(below, [...above, name]);
    return [settingOf(below, above, name)];
  });
}

function settingOf(schema: JsonSchema, above: readonly string[], name: string): PolicySetting {
  const path = [...above, name].join('.');
  const key = [policyKey, ...above].join('\\');
  const place = { path, key, description: schema.description ?? '', standard: schema.default };
  if (schema.enum !== undefined) return { ...place, form: 'words', value: name, words: schema.enum };
  switch (schema.type) {
    case 'integer':
      if (schema.minimum === undefined || schema.maximum === undefined) throw new Error(`${path} has no bounds`);
      return { ...place, form: 'integer', value: name, minimum: schema.minimum, maximum: schema.maximum };
    case 'boolean':
      return { ...place, form: 'boolean', value: name };
    case 'string':
      return { ...place, form: 'text', value: name, maximumLength: schema.maxLength ?? 1024 };
    case 'array':
      return listOf(schema.items ?? {}, { ...place, key: `${key}\\${name}` });
    default:
      throw new Error(`${path} has a type that has no form in the registry`);
  }
}

function listOf(items: JsonSchema, place: Place): PolicySetting {
  if (items.type === 'string') {
    return { ...place, form: 'texts', ...(items.enum === undefined ? {} : { words: items.enum }) };
  }
  const variants = items.oneOf ?? items.anyOf ?? [items];
  return { ...place, form: 'objects', fields: variants.flatMap((variant) => fieldsOf(variant, `${place.path}[].`)) };
}

function fieldsOf(schema: JsonSchema, prefix: string): ObjectField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (field.properties !== undefined) return fieldsOf(field, `${prefix}${name}.`);
    const { description = '', default: standard } = field;
    return [{ path: `${prefix}${name}`, description, values: valuesOf(field), standard }];
  });
}

/** What a field may be, in a notation that needs no translation. */
function valuesOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  if (schema.type === 'integer') return `${String(schema.minimum)}-${String(schema.maximum)}`;
  if (schema.type === 'boolean') return 'true | false';
  if (schema.type === 'array') return `[ ${valuesOf(schema.items ?? {})}, ... ]`;
  return '"..."';
}

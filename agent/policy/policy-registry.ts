// The policy as group policy writes it below HKLM\SOFTWARE\Policies\Kortbro, and how it is laid over the file's. Pure.
// The form follows from the schema: a setting `a.b` is the value `b` in the subkey `a` (REG_DWORD, or REG_SZ); a list is a
// subkey whose values are named 1, 2, ... (texts, or JSON). Names are compared as Windows does, without regard to case.
import { z } from 'zod';
import { policySchema, type Policy, type PolicySettings } from '../../shared/policy.ts';
import { parseStrictJson } from '../../shared/strict-json.ts';

/** One value as the registry holds it: REG_SZ is UTF-16LE with a closing zero, REG_DWORD four bytes, little-endian. */
export interface RegistryValue {
  readonly type: number;
  readonly data: Uint8Array;
}

/** One key with everything below it. */
export interface RegistryKey {
  readonly values: Readonly<Record<string, RegistryValue>>;
  readonly keys: Readonly<Record<string, RegistryKey>>;
}

/** The settings, or which value is refused. `name` is written below the policy's key: `pin\idleMinutes`. */
export type RegistryOutcome = { ok: true; settings: PolicySettings } | { ok: false; name: string; reason: string };

type Form =
  | { kind: 'section'; settings: ReadonlyMap<string, { name: string; form: Form }> }
  | { kind: 'list'; of: 'texts' | 'objects' }
  | { kind: 'integer' | 'boolean' | 'text' };

/** Of the file only: there is no editor that needs it here. */
const notInRegistry = ['$schema'];

/** Levels of JSON in one value of a list. */
const objectDepth = 4;

const registryString = 1;
const registryDword = 4;

const policyForm = formOf(policySchema);

/** Reads what stands below the policy's key. */
export function policyFromRegistry(root: RegistryKey): RegistryOutcome {
  try {
    const { value, names } = readKey(root, policyForm, []);
    const outcome = policySchema.safeParse(value ?? {});
    if (outcome.success) return { ok: true, settings: value ?? {} };
    const [issue] = outcome.error.issues;
    const path = (issue?.path ?? []).map(String);
    const { name, rest } = nearestName(names, path);
    return { ok: false, name, reason: [...rest, issue?.message ?? 'invalid'].join(': ') };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, name: error.where.join('\\'), reason: error.message };
    throw error;
  }
}

/**
 * The policy of `file` with each setting of `registry` in place of the file's; a list is replaced whole. Both have been read
 * and found valid, and no rule of the schema spans two settings.
 */
export function mergePolicies(file: PolicySettings, registry: PolicySettings): Policy {
  return policySchema.parse(overlay(file, registry));
}

class Refusal extends Error {
  readonly where: readonly string[];
  constructor(where: readonly string[], reason: string) {
    super(reason);
    this.where = where;
  }
}

/** What was read, and by which names: `names` has an entry for each setting and each entry of a list, by its path. */
interface Read {
  value: unknown;
  names: ReadonlyMap<string, string>;
}

/** A key without values says nothing: group policy leaves such a key behind when a setting is taken back. */
function readKey(key: RegistryKey, form: Form, where: readonly string[]): Read {
  if (isEmpty(key)) return { value: undefined, names: new Map() };
  if (form.kind === 'section') return readSection(key, form.settings, where);
  if (form.kind === 'list') return readList(key, form.of, where);
  throw new Refusal(where, 'must be a value, not a key');
}

function readSection(key: RegistryKey, settings: SectionForm['settings'], where: readonly string[]): Read {
  const section: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const settingOf = (name: string, kind: string) => {
    const setting = settings.get(name.toLowerCase());
    if (setting === undefined) throw new Refusal([...where, name || '(Default)'], `unknown ${kind}`);
    return setting;
  };
  for (const [name, value] of Object.entries(key.values)) {
    const setting = settingOf(name, 'value');
    section[setting.name] = readValue(value, setting.form, [...where, name]);
    names.set(setting.name, [...where, name].join('\\'));
  }
  for (const [name, below] of Object.entries(key.keys)) {
    if (isEmpty(below)) continue;
    const setting = settingOf(name, 'key');
    const read = readKey(below, setting.form, [...where, name]);
    section[setting.name] = read.value;
    names.set(setting.name, [...where, name].join('\\'));
    for (const [path, place] of read.names) names.set(`${setting.name}.${path}`, place);
  }
  return { value: section, names };
}

type SectionForm = Extract<Form, { kind: 'section' }>;

/** The entries in the order of their numbers; gaps do not matter. One empty text alone is the list that is empty. */
function readList(key: RegistryKey, of: 'texts' | 'objects', where: readonly string[]): Read {
  const [below] = Object.keys(key.keys).filter((name) => !isEmpty(key.keys[name] ?? noKey));
  if (below !== undefined) throw new Refusal([...where, below], 'unknown key');
  const entries = Object.entries(key.values).map(([name, value]) => {
    if (!/^[1-9]\d{0,4}$/.test(name)) throw new Refusal([...where, name || '(Default)'], 'must be named by a number');
    return { number: Number(name), name, text: readText(value, [...where, name]) };
  });
  entries.sort((one, other) => one.number - other.number);
  if (entries.length === 1 && entries[0]?.text === '') return { value: [], names: new Map() };
  const value = entries.map(({ name, text }) => (of === 'texts' ? text : readObject(text, [...where, name])));
  const names = entries.map(({ name }, index) => [String(index), [...where, name].join('\\')] as const);
  return { value, names: new Map(names) };
}

function readValue(value: RegistryValue, form: Form, where: readonly string[]): unknown {
  if (form.kind === 'text') return readText(value, where);
  if (form.kind !== 'integer' && form.kind !== 'boolean') throw new Refusal(where, 'must be a key, not a value');
  if (value.type !== registryDword || value.data.length !== 4) throw new Refusal(where, 'must be REG_DWORD');
  const number = new DataView(value.data.buffer, value.data.byteOffset).getUint32(0, true);
  if (form.kind === 'integer') return number;
  if (number > 1) throw new Refusal(where, 'must be 0 or 1');
  return number === 1;
}

function readText({ type, data }: RegistryValue, where: readonly string[]): string {
  if (type !== registryString) throw new Refusal(where, 'must be REG_SZ');
  let text: string;
  try {
    text = new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Refusal(where, 'not UTF-16 text');
  }
  const plain = text.endsWith('\0') ? text.slice(0, -1) : text;
  if (plain.includes('\0')) throw new Refusal(where, 'has a zero within');
  return plain;
}

function readObject(text: string, where: readonly string[]): unknown {
  try {
    return parseStrictJson(text, objectDepth);
  } catch {
    throw new Refusal(where, 'not JSON, or a name stands twice in it');
  }
}

const noKey: RegistryKey = { values: {}, keys: {} };

function isEmpty(key: RegistryKey): boolean {
  return Object.keys(key.values).length === 0 && Object.values(key.keys).every(isEmpty);
}

/** How the schema's type stands in the registry. */
function formOf(schema: unknown): Form {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodExactOptional) {
    return formOf(schema.unwrap());
  }
  if (schema instanceof z.ZodObject) {
    const settings = Object.entries(schema.shape).filter(([name]) => !notInRegistry.includes(name));
    return {
      kind: 'section',
      settings: new Map(settings.map(([name, below]) => [name.toLowerCase(), { name, form: formOf(below) }])),
    };
  }
  if (schema instanceof z.ZodArray) {
    const isText = schema.element instanceof z.ZodString || schema.element instanceof z.ZodEnum;
    return { kind: 'list', of: isText ? 'texts' : 'objects' };
  }
  if (schema instanceof z.ZodNumber) return { kind: 'integer' };
  if (schema instanceof z.ZodBoolean) return { kind: 'boolean' };
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return { kind: 'text' };
  throw new TypeError('the policy has a type that has no form in the registry');
}

/** The longest part of `path` that has a name, and what is left of it. */
function nearestName(
  names: ReadonlyMap<string, string>,
  path: readonly string[],
): { name: string; rest: readonly string[] } {
  for (let length = path.length; length > 0; length--) {
    const name = names.get(path.slice(0, length).join('.'));
    if (name !== undefined) return { name, rest: path.slice(length) };
  }
  return { name: '', rest: path };
}

function overlay(below: unknown, above: unknown): unknown {
  if (!isSection(below) || !isSection(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) merged[name] = overlay(below[name], value);
  return merged;
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

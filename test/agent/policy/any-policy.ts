// Any policy that the schema takes, for property tests: made by walking the JSON Schema, so that a new setting is in it. Texts
// that must have a form come from a table; a new one without an entry there is a failure, not a gap.
import fc from 'fast-check';
import { z } from 'zod';
import { type PolicySettings } from '../../../shared/policy.ts';
import { policySchema } from '../../../shared/policy.ts';

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: string[];
  const?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
}

const samples: Record<string, string[]> = {
  module: ['/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so', '/opt/å ä ö/m.so'],
  directory: ['/var/lib/cards'],
  program: ['/usr/bin/pinentry-qt', '/opt/pinentry/p'],
  authorities: ['/etc/ssl/own.pem'],
  proxy: ['http://proxy.example.se:8080', 'https://proxy.example.se'],
  url: ['https://journal.example.se/logout', 'https://journal.example.se/ut?x=%20'],
  page: ['https://journal.example.se/ute'],
  timeStamp: ['http://tsa.example.se/', 'https://tsa.example.se:8443/tsr'],
  ocsp: ['http://ocsp.example.se'],
  crl: ['http://crl.example.se/ca.crl', 'https://crl.example.se/r%20.crl?x=1'],
  policyOid: ['2.999.1.3', '1.2.752.0'],
  issuer: ['TEST SITHS e-id Person HSA-id 3 CA v1', 'Å'],
  issuers: ['TEST SITHS e-id Person HSA-id 3 CA v1', '"quoted" \\ text'],
};
const origins = [
  'https://journal.example.se',
  'https://recept.example.se:8443',
  'https://a.se',
  'http://localhost:8080',
];

/** Settings that `policySchema` takes; `$schema`, which only files have, is left out. */
export function anyPolicy(): fc.Arbitrary<PolicySettings> {
  const schema = z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' }) as Schema;
  const properties = { ...schema.properties };
  delete properties['$schema'];
  return valueOf({ ...schema, properties }, '') as fc.Arbitrary<PolicySettings>;
}

function valueOf(schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) return fc.oneof(...variants.map((variant) => valueOf(variant, name)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema);
    case 'array':
      return listOf(schema, name);
    case 'integer':
      return fc.integer({ min: schema.minimum!, max: schema.maximum! });
    case 'boolean':
      return fc.boolean();
    default: {
      const texts = name === 'origin' ? origins : samples[name];
      if (texts === undefined) throw new Error(`no sample of a text for ${name}`);
      return fc.constantFrom(...texts);
    }
  }
}

function objectOf(schema: Schema): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, valueOf(field, name)]);
  const record = Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>;
  return fc.record(record, { requiredKeys: schema.required ?? [], noNullPrototype: true });
}

/** No list of the schema may hold the same thing twice, or it does not matter. */
function listOf(schema: Schema, name: string): fc.Arbitrary<unknown[]> {
  const selector = (item: unknown) =>
    typeof item === 'object' && item !== null && 'origin' in item ? item.origin : JSON.stringify(item);
  return fc.uniqueArray(valueOf(schema.items ?? {}, name), { maxLength: Math.min(schema.maxItems ?? 5, 5), selector });
}

// Writes the pages of docs/ that are made from tables in shared/: the error codes and the policy. `npm run docs` writes
// them; test/house checks that they are what this would write.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { errorTexts } from '../shared/error-texts.ts';
import { policyPath } from '../shared/names.ts';
import { policySchema } from '../shared/policy.ts';

interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
}

/** Every generated page: path below the project's root, and text. */
export function generatedPages(): Map<string, string> {
  return new Map([
    ['docs/errors.md', errorPage()],
    ['docs/policy.md', policyPage()],
    ['docs/policy.schema.json', `${JSON.stringify(policyJsonSchema(), null, 2)}\n`],
  ]);
}

function errorPage(): string {
  const groups = [
    ['ERR_REQUEST_', "The site's move", 'The page asked in a way that is refused.'],
    ['ERR_USER_', "The holder's move", 'The person at the screen answered, or did not.'],
    ['ERR_CARD_', 'The card', 'Reader, card or certificate.'],
    ['ERR_PIN_', 'The PIN', ''],
    ['ERR_DOCUMENT_', 'Documents', 'What is to be signed.'],
    ['ERR_SIGNATURE_', 'Signatures', 'What is to be made of it.'],
    ['ERR_POLICY_', "The organisation's move", 'Settings of this machine.'],
    ['ERR_AGENT_', 'Kortbro itself', 'Processes, drivers and what is between them.'],
  ] as const;
  const sections = groups.map(([prefix, title, line]) => {
    const rows = Object.entries(errorTexts)
      .filter(([code]) => code.startsWith(prefix))
      .map(
        ([code, { sv, en, why }]) =>
          `### ${code}\n\n- **Svenska:** ${sv}\n- **English:** ${en}\n- **Help desk:** ${why}\n`,
      );
    return [`## ${title}`, '', ...(line === '' ? [] : [line, '']), rows.join('\n')].join('\n');
  });
  return `# Error codes

Made from \`shared/error-texts.ts\` by \`npm run docs\`. A code never changes its meaning. A page reads \`error.code\`;
a person reads the sentence; the help desk reads why. \`incident\`, where it is told, also stands in the audit log.

${sections.join('\n')}`;
}

function policyJsonSchema(): JsonSchema {
  return z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

function policyPage(): string {
  const rows = settings(policyJsonSchema(), '').map(
    ({ name, form, standard, meaning }) => `| \`${name}\` | ${form} | ${standard} | ${meaning} |`,
  );
  return `# Policy

One file for the machine, \`${policyPath}\`, owned by root. Made from \`shared/policy.ts\` by \`npm run docs\`;
\`policy.schema.json\` beside this page is the same for editors. No file: the defaults below. A file with a fault is refused
with its line and the reason (\`kortbro doctor\`, audit log), and until it is mended every request is refused with
\`ERR_POLICY_INVALID\`. Changes are seen at once; \`tokens\` and \`card\` take effect when the agent starts next.

| setting | form | default | meaning |
|---|---|---|---|
${rows.join('\n')}

## Example

\`\`\`json
{
  "tokens": [{ "type": "pkcs11", "module": "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so" }],
  "pin": { "idleMinutes": 60 },
  "sites": [
    { "origin": "https://journal.example.se", "access": "silent", "minimumAssuranceLevel": 3 },
    { "origin": "https://recept.example.se", "access": "silent" }
  ],
  "otherSites": "refuse",
  "assuranceLevels": [
    { "policyOid": "2.999.1.3", "issuer": "TEST SITHS e-id Person HSA-id 3 CA v1", "level": 3 }
  ]
}
\`\`\`

The object identifiers of real issuers are yours to enter: those of the demonstration are invented.
`;
}

interface Setting {
  name: string;
  form: string;
  standard: string;
  meaning: string;
}

function settings(schema: JsonSchema, prefix: string): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = `${prefix}${key}`;
    const variants =
      value.items?.oneOf ?? value.items?.anyOf ?? (value.items?.properties === undefined ? [] : [value.items]);
    const own: Setting = {
      name,
      form: form(value),
      standard: value.default === undefined ? '–' : `\`${JSON.stringify(value.default)}\``,
      meaning: value.description ?? '',
    };
    if (value.properties !== undefined) return settings(value, `${name}.`);
    return [own, ...variants.flatMap((variant) => settings(variant, `${name}[].`))];
  });
}

function form(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (schema.type === 'integer') return `${String(schema.minimum)}–${String(schema.maximum)}`;
  return schema.type === 'array' ? 'list' : (schema.type ?? 'text');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  for (const [path, text] of generatedPages()) writeFileSync(`${root}${path}`, text);
}

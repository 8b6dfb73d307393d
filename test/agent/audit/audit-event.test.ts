// The list of events is closed, and none of them has room for a secret. Read from the source itself, as the compiler sees it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const source = 'agent/audit/audit-event.ts';

/** Fields that an event may have. A new one is a decision: can it ever hold a PIN, a challenge, a hash or a personal number? */
const allowed = new Set([
  'event',
  'version',
  'policy',
  'line',
  'reason',
  'role',
  'peer',
  'code',
  'verb',
  'origin',
  'token',
  'milliseconds',
  'incident',
  'native',
  'reader',
  'tokens',
  'cause',
  'module',
  'state',
  'where',
  'outcome',
  'files',
  'done',
  'format',
  'signed',
  'failed',
]);

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function eventTypes(): ts.TypeLiteralNode[] {
  const found = parse(source).statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === 'AuditEvent',
  );
  assert.ok(found !== undefined && ts.isUnionTypeNode(found.type));
  return found.type.types.map((type) => {
    assert.ok(ts.isTypeLiteralNode(type), 'an event is written out');
    return type;
  });
}

function fieldsOf(type: ts.TypeLiteralNode): Map<string, string> {
  return new Map(
    type.members.map((member) => {
      assert.ok(ts.isPropertySignature(member) && member.type !== undefined, 'a plain field: no index, no method');
      return [member.name.getText(), member.type.getText()];
    }),
  );
}

/** Calls in the agent that write an event: `audit({ ... })`, `log.write({ ... })`, `context.audit({ ... })`. */
function writtenEvents(): { path: string; event: ts.ObjectLiteralExpression }[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'agent/**/*.ts', 'agent/*.ts'], {
    encoding: 'utf8',
  });
  const paths = listed.split('\n').filter((path) => path !== '' && existsSync(path));
  return [...new Set(paths)].flatMap((path) => {
    const events: { path: string; event: ts.ObjectLiteralExpression }[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && /(^|\.)(audit|log\.write)$/.test(node.expression.getText())) {
        const [event] = node.arguments;
        if (event !== undefined && ts.isObjectLiteralExpression(event)) events.push({ path, event });
      }
      ts.forEachChild(node, visit);
    };
    visit(parse(path));
    return events;
  });
}

describe('An audit event', () => {
  it('has only fields that are known to hold no secret', () => {
    const fields = eventTypes().flatMap((type) => [...fieldsOf(type).keys()]);
    assert.deepEqual(
      fields.filter((field) => !allowed.has(field)),
      [],
    );
    assert.ok(fields.length > 20, 'the fields were found');
  });

  it('has no field for a PIN, a challenge, a hash, a signature or a person', () => {
    const forbidden =
      /pin|nonce|challenge|hash|digest|signature|holder|subject|serial|personal|secret|key|message|stack|text|data/i;
    const fields = eventTypes().flatMap((type) => [...fieldsOf(type).keys()]);
    assert.deepEqual(
      fields.filter((field) => forbidden.test(field)),
      [],
    );
  });

  it('is named by words of a list, and its fields are no open types', () => {
    for (const type of eventTypes()) {
      for (const [field, written] of fieldsOf(type)) {
        if (field === 'event') assert.match(written, /^'[a-z-]+'( \| '[a-z-]+')*$/);
        assert.doesNotMatch(written, /\b(any|unknown|object|Record|Error)\b|\[\]|\{/, `${field}: ${written}`);
      }
    }
  });

  it('is written out where it is written down, from fields of the list', () => {
    const written = writtenEvents();
    const names = written.flatMap(({ path, event }) =>
      event.properties.flatMap((property) => {
        if (ts.isSpreadAssignment(property)) return [];
        return allowed.has(property.name.getText()) ? [] : [`${path}: ${property.name.getText()}`];
      }),
    );
    assert.deepEqual(names, []);
    assert.ok(written.length > 15, `only ${written.length} were found`);
  });

  it('of every kind is written somewhere', () => {
    const kinds = eventTypes().flatMap((type) => (fieldsOf(type).get('event') ?? '').match(/[a-z]+(-[a-z]+)*/g) ?? []);
    const written = writtenEvents().map(({ event }) => event.getText());
    assert.deepEqual(
      kinds.filter((kind) => !written.some((text) => text.includes(`'${kind}'`))),
      [],
    );
  });
});

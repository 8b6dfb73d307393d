// Who may import whom: the folders, the agent's floors, and no cycle anywhere. The table below is the architecture.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

const folders: Record<string, readonly string[]> = {
  shared: [],
  agent: ['shared'],
  'native-host': ['shared'],
  extension: ['shared'],
  'relying-party': ['shared'],
  installer: ['shared', 'extension'],
  demo: ['shared', 'relying-party'],
  test: ['shared', 'agent', 'native-host', 'extension', 'relying-party', 'installer', 'demo'],
};

/** Floors of the agent from the top; a folder may import only from floors below its own. */
const floors = [
  ['main', 'commands'],
  ['endpoint'],
  ['operations'],
  ['logout'],
  ['pin', 'cards', 'policy', 'network'],
  ['tokens', 'certificates', 'signatures', 'audit'],
  ['native'],
];
const loadNative = ['tokens', 'pin', 'operations', 'logout', 'native', 'main', 'commands'];

function sources(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], { encoding: 'utf8' });
  return listed.split('\n').filter((path) => path !== '' && !path.endsWith('.d.ts') && existsSync(path));
}

function imports(path: string): { target: string; typeOnly: boolean }[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  return file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return [];
    return [{ target: normalize(join(dirname(path), specifier.text)), typeOnly: isTypeOnly(statement) }];
  });
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  const isImport = ts.isImportDeclaration(statement);
  if (isImport && statement.importClause?.name !== undefined) return false;
  const named = isImport ? statement.importClause?.namedBindings : statement.exportClause;
  if (named === undefined || !(ts.isNamedImports(named) || ts.isNamedExports(named))) return false;
  return named.elements.every((element) => element.isTypeOnly);
}

function floorOf(path: string): number {
  const [, folder = '', rest] = path.split('/');
  const name = rest === undefined ? 'main' : folder;
  return floors.findIndex((floor) => floor.includes(name));
}

describe('The boundaries between folders', () => {
  const files = sources();

  it('hold: every import goes where the table lets it', () => {
    const wrong = files.flatMap((path) => {
      const from = path.split('/')[0] ?? '';
      return imports(path)
        .map(({ target }) => target)
        .filter((target) => {
          const to = target.split('/')[0] ?? '';
          return to !== from && folders[from]?.includes(to) !== true;
        })
        .map((target) => `${path} -> ${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  it('hold inside the agent: imports go down the floors only', () => {
    const wrong = files
      .filter((path) => path.startsWith('agent/'))
      .flatMap((path) =>
        imports(path)
          .filter(({ target }) => target.startsWith('agent/'))
          .filter(({ target }) => {
            const sameFolder = dirname(target).split('/')[1] === dirname(path).split('/')[1];
            return !sameFolder && floorOf(target) <= floorOf(path);
          })
          .map(({ target }) => `${path} -> ${target}`),
      );
    assert.deepEqual(wrong, []);
  });

  it('know the floor of every file of the agent', () => {
    assert.deepEqual(
      files.filter((path) => path.startsWith('agent/') && floorOf(path) < 0),
      [],
    );
  });

  it('let only the folders that need it load native code', () => {
    const wrong = files
      .filter((path) => path.startsWith('agent/'))
      .filter((path) => {
        const name = path.split('/').length === 2 ? 'main' : (path.split('/')[1] ?? '');
        return (
          !loadNative.includes(name) &&
          imports(path).some((one) => one.target.startsWith('agent/native/') && !one.typeOnly)
        );
      });
    assert.deepEqual(wrong, []);
  });

  it('have no cycle', () => {
    const edges = new Map(
      files.map((path) => [
        path,
        imports(path)
          .filter((one) => !one.typeOnly)
          .map((one) => one.target),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      if (done.has(path) || trail.includes(path)) return;
      for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const path of files) visit(path, []);
    assert.deepEqual(cycles, []);
  });

  it('keep shared free of Node and browser types', () => {
    const wrong = files.filter(
      (path) =>
        path.startsWith('shared/') &&
        /from 'node:|\bchrome\.(runtime|storage|tabs)|\bprocess\.(env|exit|pid|argv|std)/.test(
          readFileSync(path, 'utf8'),
        ),
    );
    assert.deepEqual(wrong, []);
  });
});

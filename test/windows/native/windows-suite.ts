// Runs mocha files (*.windows.ts) by Windows's own Node under Wine and reports each of their tests as one of ours. On a real
// Windows machine mocha runs the same files by itself.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dllOverrides, wineUnavailable } from '../lane/wine.ts';
import { forwardPath, project, startWindowsProgram } from './windows-program.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

interface WineTest {
  readonly title: string;
  readonly err: { readonly message?: string; readonly stack?: string };
}

interface WineReport {
  readonly tests: readonly WineTest[];
  readonly pending: readonly WineTest[];
  readonly failures: readonly WineTest[];
}

export interface Suite {
  readonly title: string;
  /** Names of files beside this one; the titles of their tests are plain texts, and no two are the same. */
  readonly files: readonly string[];
  /** Puts stand-ins for DLLs of the system beside the program, which then takes them. */
  readonly fakes?: (directory: string) => void;
  /** Puts programs that the tests run beside the program; the addon stays the product's. */
  readonly tools?: (directory: string) => void;
}

/** Defines one test for each of the suite's. */
export function defineSuite(suite: Suite): void {
  const titles = suite.files.flatMap((name) => titlesIn(readFileSync(join(here, name), 'utf8')));
  const reason = wineUnavailable();
  describe(reason === undefined ? suite.title : `${suite.title} (not run: ${reason})`, function () {
    this.timeout(300_000);
    let report: WineReport = { tests: [], pending: [], failures: [] };
    before(async function () {
      if (reason === undefined) report = await runSuite(suite);
      else this.skip();
    });
    for (const title of titles) {
      it(title, function () {
        const test = report.tests.find((candidate) => candidate.title === title);
        assert.ok(test, 'it did not run');
        if (report.pending.some((candidate) => candidate.title === title)) this.skip();
        assert.equal(test.err.stack ?? test.err.message, undefined);
      });
    }
    it('has no other tests', () => {
      assert.deepEqual(report.tests.map((test) => test.title).sort(), titles.toSorted());
    });
  });
}

function titlesIn(source: string): string[] {
  return [...source.matchAll(/^\s*it\((?:'([^']+)'|"([^"]+)")/gm)].map(([, single, double]) => single ?? double ?? '');
}

/** Wine takes its own DLLs before those beside a program unless it is told. */
function dllsBesideFirst(directory: string): Record<string, string> {
  const names = readdirSync(directory).flatMap((name) => /^(.*)\.dll$/.exec(name)?.[1] ?? []);
  return names.length === 0 ? {} : { WINEDLLOVERRIDES: `${dllOverrides};${names.join(',')}=n,b` };
}

/** @throws Error when the tests did not run to their end, with what they printed */
async function runSuite({ files, fakes, tools }: Suite): Promise<WineReport> {
  const { wine, directory, node } = await startWindowsProgram({ fakes: fakes !== undefined });
  try {
    fakes?.(directory);
    tools?.(directory);
    const result = join(wine.directory, 'report.json');
    const words = [
      ...['--no-config', '--no-package', '--forbid-only', '--timeout', '20000'],
      ...['--reporter', 'json', '--reporter-option', `output=${forwardPath(result)}`],
      ...files.map((name) => forwardPath(join(here, name))),
    ];
    const mocha = forwardPath(join(project, 'node_modules/mocha/bin/mocha.js'));
    const ran = await wine.run(node(mocha, ...words), { seconds: 240, environment: dllsBesideFirst(directory) });
    if (!existsSync(result)) throw new Error(`mocha did not run under Wine: ${ran.output.slice(-2000)}`);
    const report = JSON.parse(readFileSync(result, 'utf8')) as WineReport;
    // What failed around the tests: '"before all" hook for ...'.
    const around = report.failures.filter(({ title }) => title.startsWith('"'));
    if (around.length > 0) throw new Error(around.map(({ title, err }) => `${title}: ${err.stack ?? ''}`).join('\n'));
    return report;
  } finally {
    await wine.end();
  }
}

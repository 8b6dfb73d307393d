// The suites of suites.json: unit (pure code, under a minute), process (the real programs as processes), card (the virtual
// card through the real pcscd and OpenSC), attack, browser (the real Chromium with everything behind it), removal (cards pulled
// again and again under stress; a tenth of `npm run test:removal`), installer (the packages as files), windows (the packages
// installed and used under Wine; `npm run test:windows` prepares that lane).
// Runs them in order and ends with one line: N passed, N failed. `node test/run.mjs all` (but windows), or a suite's name.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const suites = JSON.parse(readFileSync('test/suites.json', 'utf8'));
const wanted = process.argv[2] ?? 'all';
const names = wanted === 'all' ? Object.keys(suites).filter((name) => name !== 'windows') : [wanted];
const scratch = mkdtempSync(join(tmpdir(), 'kortbro-test-'));
const total = { passes: 0, failures: 0, pending: 0 };
for (const name of names) {
  process.stdout.write(`\n== ${name}\n`);
  const counts = join(scratch, `${name}.json`);
  const run = spawnSync(
    process.execPath,
    [
      'node_modules/mocha/bin/mocha.js',
      '--reporter',
      'test/counting-reporter.cjs',
      '--reporter-option',
      `file=${counts}`,
      ...suites[name],
      ...process.argv.slice(3),
    ],
    { stdio: 'inherit' },
  );
  const result = existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : { passes: 0, failures: 1, pending: 0 };
  if (run.status !== 0 && result.failures === 0) result.failures = 1;
  for (const key of Object.keys(total)) total[key] += result[key];
}
rmSync(scratch, { recursive: true });
process.stdout.write(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped\n`);
process.exitCode = total.failures > 0 || total.passes === 0 ? 1 : 0;

// The question of `doctor --repair` at a real terminal, which script(1) makes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const face = fileURLToPath(new URL('../../../../agent/commands/doctor/terminal.ts', import.meta.url));
const program = `
  import { terminalQuestion } from ${JSON.stringify(face)};
  const off = new AbortController();
  process.on('SIGINT', () => off.abort());
  const ask = terminalQuestion(off.signal);
  const answer = ask === undefined ? 'nobody' : await ask('Remove? ');
  console.log('answer=' + JSON.stringify(answer) + ' off=' + off.signal.aborted);
`;
const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program];

/** Runs it, types once the question is there, and gives its last line. */
async function run([command = '', ...words]: readonly string[], typed: string): Promise<string> {
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let output = '';
  let asked = false;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (asked || !output.includes('Remove? ')) return;
    asked = true;
    child.stdin.write(typed);
  });
  await ended;
  return output.trim().split(/\r?\n/).at(-1) ?? '';
}

describe('A question at the terminal', function () {
  this.timeout(20_000);
  const quoted = node.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const atTerminal = ['script', '--quiet', '--return', '--command', quoted, '/dev/null'];

  it('gives what was typed', async () => {
    assert.equal(await run(atTerminal, 'ja\r'), 'answer="ja" off=false');
  });

  it('is called off by Ctrl-C, which is no yes', async () => {
    assert.match(await run(atTerminal, '\x03'), /answer="" off=true$/);
  });

  it('is none where there is no terminal', async () => {
    assert.equal(await run(node, ''), 'answer="nobody" off=false');
  });
});

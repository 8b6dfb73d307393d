// The program that a native host under test finds in the agent's place. Writes one line about itself to a log, then does
// what FAKE_AGENT says: serve, exit (another instance runs), fail, or hang without ever listening.
import { appendFileSync, readFileSync } from 'node:fs';
import { FakeAgent } from './fake-agent.ts';

const log = process.env['FAKE_AGENT_LOG'] ?? '';
const status = readFileSync('/proc/self/stat', 'utf8')
  .replace(/^.*\) /, '')
  .split(' ');
appendFileSync(
  log,
  JSON.stringify({
    processId: process.pid,
    session: Number(status[3]),
    environment: Object.keys(process.env),
    directory: process.cwd(),
  }) + '\n',
);
switch (process.env['FAKE_AGENT']) {
  case 'fail':
    process.exit(1);
    break;
  case 'another-runs':
    process.exit(0);
    break;
  case 'hang':
    setTimeout(() => process.exit(), 20_000);
    break;
  default:
    void new FakeAgent(process.env['XDG_RUNTIME_DIR'] ?? '').open();
    setTimeout(() => process.exit(), 20_000);
}

// The native-messaging host: one process per browser profile, a relay between the browser and this session's agent.
// No card, no PIN, no policy here.
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { KortbroError, type ErrorCode } from '../shared/errors.ts';
import { smallProcessFlags } from '../shared/v8-flags.ts';
import { keepConnected } from './agent-link.ts';
import { type AgentCommand } from './agent-start.ts';
import { BrowserPort } from './browser-port.ts';
import { roleOfCaller } from './caller.ts';
import { end, type Ending } from './ending.ts';
import { Relay } from './relay.ts';
import { hardenProcess } from './start-up.ts';

hardenProcess();
const role = roleOfCaller(process.argv[2]) ?? end('caller');
/** Windows has no numbers for users; its endpoints are found without one. */
const userId = process.getuid?.() ?? 0;

for (const flag of smallProcessFlags) setFlagsFromString(flag);

/** What the extension is told before the stream that it has broken is closed. */
const streamFaults: Partial<Record<Ending, ErrorCode>> = {
  'too-large': 'ERR_REQUEST_TOO_LARGE',
  empty: 'ERR_REQUEST_INVALID',
  encoding: 'ERR_REQUEST_INVALID',
};

const relay = new Relay((message) => port.write(message));
const port = openPort();
void keepConnected({
  place: { environment: process.env, userId, temporaryDirectory: tmpdir() },
  role,
  agent: agentCommand(),
  listener: relay,
});

/** On Windows one executable beside this one, else the bundle with this process's Node. */
function agentCommand(): AgentCommand {
  if (process.platform === 'win32') return [join(dirname(process.execPath), 'kortbro-agent.exe')];
  return [process.execPath, fileURLToPath(new URL('../agent/main.js', import.meta.url))];
}

function openPort(): BrowserPort {
  try {
    return new BrowserPort({
      message: (message) => relay.fromBrowser(message),
      congested: (isCongested) => relay.congested(isCongested),
      ending: (reason) => {
        const code = streamFaults[reason];
        if (code !== undefined) relay.gone(new KortbroError(code));
        end(reason);
      },
    });
  } catch {
    return end('stdio');
  }
}

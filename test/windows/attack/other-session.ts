// Run by Windows's own Node with our addon beside it: an agent of another session of this user, as far as its door. The door is the
// product's; the session that it takes for its own is another than that of whoever comes. Says on its stdout where it is, and
// whatever comes through.
import { createServer } from 'node:http';
import { pipeDoor } from '../../../agent/endpoint/pipe-door.ts';
import { ownIdentity } from '../../../agent/native/own-identity.ts';
import { startPipeServer } from '../../../agent/native/pipe-server.ts';

const { user, session } = ownIdentity();
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const server = createServer();
server.on('connection', () => say({ came: true }));
const door = await pipeDoor({ user, session: session + 1 }, startPipeServer)('', server);
say({ socket: door.address });

// Run by Windows's own Node: somebody who has made pipes of the names in its arguments (`NAME=BEHAVIOUR`), and says on its stdout, a
// line of JSON each, when he listens and what he hears.
import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export const behaviours = {
  'made-up-proof': 'makes up a proof',
  'replayed-challenge': 'repeats a challenge of the real agent',
  'own-nonce': "sends the host's own nonce back",
  echo: 'greets as if he were the host',
  event: 'skips the proof and sends events',
  megabyte: 'sends a megabyte',
  silence: 'says nothing',
  noise: 'speaks no HTTP',
  unauthorized: 'asks for a password, with NTLM',
  'no-upgrade': 'answers with a page',
} as const;
export type Behaviour = keyof typeof behaviours;

/** What is said to whoever connects, before he has said anything. */
const words: Partial<Record<string, string>> = {
  silence: '',
  noise: `\0${'x'.repeat(100_000)}`,
  unauthorized: 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n',
  'no-upgrade': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK',
};

/** The answer to a message. */
function answer(behaviour: string, text: string, challenge: string): string {
  const random = (): string => randomBytes(32).toString('base64');
  switch (behaviour) {
    case 'replayed-challenge':
      return challenge;
    case 'own-nonce': {
      const { nonce = '' } = JSON.parse(text) as { nonce?: string };
      return JSON.stringify({ nonce, proof: nonce });
    }
    case 'echo':
      return text;
    case 'event':
      return '{"type":"agent","state":"connected"}';
    case 'megabyte':
      return `{"nonce":"${'A'.repeat(1_000_000)}"}`;
    default:
      return JSON.stringify({ nonce: random(), proof: random() });
  }
}

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

function squat(name: string, behaviour: string, challenge: string): void {
  const sockets = new WebSocketServer({ noServer: true });
  const http = createHttpServer();
  http.on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket: WebSocket) => {
      socket.on('error', () => undefined);
      socket.on('message', (bytes: Buffer) => {
        say({ name, heard: bytes.toString() });
        socket.send(answer(behaviour, bytes.toString(), challenge));
      });
    });
  });
  const server = createServer((stream: Socket) => {
    say({ name, connected: true });
    stream.on('error', () => undefined);
    const greeting = words[behaviour];
    if (greeting === undefined) {
      http.emit('connection', stream);
      return;
    }
    stream.on('data', (bytes: Buffer) => say({ name, heard: bytes.toString('latin1') }));
    stream.write(greeting);
  });
  server.listen(name, () => say({ name, listening: true }));
}

if (process.platform === 'win32') {
  const [challenge = '', ...pipes] = process.argv.slice(2);
  for (const pipe of pipes) {
    const end = pipe.lastIndexOf('=');
    squat(pipe.slice(0, end), pipe.slice(end + 1), Buffer.from(challenge, 'hex').toString());
  }
}

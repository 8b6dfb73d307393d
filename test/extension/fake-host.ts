// A native host without an agent: carries messages between the browser (native-messaging framing on stdin and stdout)
// and the test that scripts the answers (lines of JSON on a Unix socket, given as the first argument).
// From the test: {"message": ...}, {"raw": base64 of bytes for stdout} or {"exit": code}.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { encodeFrame, FrameReader } from '../../shared/framing.ts';

interface Order {
  message?: unknown;
  raw?: string;
  exit?: number;
}

const maximum = 1024 * 1024 * 64;
const socket = connect(process.argv[2] ?? '');
const frames = new FrameReader(maximum);
socket.write(`${JSON.stringify({ processId: process.pid, caller: process.argv[3] })}\n`);
process.stdin.on('data', (chunk: Buffer) => {
  for (const body of frames.push(chunk))
    socket.write(`${JSON.stringify({ message: JSON.parse(Buffer.from(body).toString()) as unknown })}\n`);
});
process.stdin.on('end', () => socket.end(() => process.exit(0)));
socket.on('close', () => process.exit(0));
createInterface({ input: socket }).on('line', (line) => {
  const { message, raw, exit } = JSON.parse(line) as Order;
  if (exit !== undefined) process.exit(exit);
  const bytes =
    raw === undefined ? encodeFrame(Buffer.from(JSON.stringify(message)), maximum) : Buffer.from(raw, 'base64');
  process.stdout.write(bytes);
});

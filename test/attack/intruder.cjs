// A program of another user: tries everything that is on its command line against an agent, and prints what came of it as JSON.
// Plain CommonJS, so that it runs with nothing but Node, from a place that everybody may read.
const { createHmac, randomBytes } = require('node:crypto');
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { connect } = require('node:net');

const { socket, secret, directories, files, processId, harmless } = JSON.parse(process.argv[2]);

/** The error's code, or what came of it. */
function attempt(act) {
  try {
    return act();
  } catch (error) {
    return error.code ?? String(error);
  }
}

/** One WebSocket text frame, masked with zeros. */
function frame(text) {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? Buffer.from([0x81, 0x80 | body.length])
      : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

/** Connects and greets, with the real secret at hand; what the agent said, or why it did not. */
function knock() {
  return new Promise((resolve) => {
    const stream = connect(socket);
    let heard = '';
    const nonce = randomBytes(32).toString('base64');
    stream.on('connect', () => {
      stream.write(
        'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
      );
      stream.write(frame(JSON.stringify({ protocol: 1, role: 'native-host', nonce })));
    });
    stream.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      const challenge = /\{"nonce":"([^"]+)"/.exec(heard);
      if (challenge === null) return;
      const words = Buffer.from(['kortbro-endpoint', '1', 'native-host', 'client-to-agent', ''].join('\0'));
      const transcript = Buffer.concat([words, Buffer.from(nonce, 'base64'), Buffer.from(challenge[1], 'base64')]);
      const proof = createHmac('sha256', Buffer.from(secret, 'base64')).update(transcript).digest('base64');
      stream.write(frame(JSON.stringify({ proof })));
      const request = { type: 'request', id: 'x', language: 'en', verb: 'certificates', caller: { kind: 'user' } };
      setTimeout(() => stream.write(frame(JSON.stringify(request))), 50);
    });
    stream.on('error', (error) => resolve(error.code));
    stream.on('close', () => resolve(heard === '' ? 'closed without a word' : heard));
    setTimeout(() => resolve(`still open: ${heard}`), 1_000);
  });
}

knock().then((said) => {
  const report = {
    user: process.getuid(),
    knock: said,
    directories: directories.map((path) => attempt(() => `${readdirSync(path).length} names`)),
    files: files.map((path) => attempt(() => `${readFileSync(path).length} bytes`)),
    writes: harmless ? [] : files.map((path) => attempt(() => `${writeFileSync(path, 'x', { flag: 'a' })} written`)),
    memory: attempt(() => `${readFileSync(`/proc/${processId}/environ`).length} bytes`),
    maps: attempt(() => `${readFileSync(`/proc/${processId}/maps`).length} bytes`),
    signal: harmless ? '' : attempt(() => String(process.kill(processId, 'SIGTERM'))),
  };
  process.stdout.write(JSON.stringify(report));
  process.exit(0);
});

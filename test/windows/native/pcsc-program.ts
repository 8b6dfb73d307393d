// The Windows program of pcsc-under-wine.ts: argument, a port of this machine. It ends by itself when nothing keeps it alive.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { PcscError, resetCard, startReaderWatch, transmit } from '../../../agent/native/pcsc.ts';
import { type PcscMessage, type PcscRequest } from '../../agent/native/pcsc-child.ts';

const socket = connect(Number(process.argv[2]), '127.0.0.1');
const say = (message: PcscMessage): void => void socket.write(`${JSON.stringify(message)}\n`);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const watch = startReaderWatch((picture) =>
  say({ picture: { ...picture, readers: picture.readers.map((reader) => ({ ...reader, atr: hex(reader.atr) })) } }),
);

async function answer(request: PcscRequest): Promise<readonly string[]> {
  switch (request.what) {
    case 'transmit':
      return (
        await transmit(
          request.reader,
          request.apdus.map((apdu) => Buffer.from(apdu, 'hex')),
        )
      ).map(hex);
    case 'reset':
      await resetCard(request.reader);
      return [];
    case 'stop':
      watch.stop();
      watch.stop();
      return [];
    case 'exit':
      process.exit(request.code);
  }
}

createInterface({ input: socket }).on('line', (line) => {
  const request = JSON.parse(line) as PcscRequest;
  answer(request).then(
    (answers) => say({ id: request.id, answers }),
    (error: unknown) =>
      say({ id: request.id, code: error instanceof PcscError ? error.code : -1, text: String(error) }),
  );
});

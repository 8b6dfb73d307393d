// A child process with one reader watch, for pcsc-child.ts: libpcsclite reads the path of its socket once per process, so each
// service that a test makes up needs a process of its own. It ends by itself when nothing keeps its event loop alive.
import { PcscError, resetCard, startReaderWatch, transmit } from '../../../agent/native/pcsc.ts';
import { type PcscMessage, type PcscRequest } from './pcsc-child.ts';

const say = (message: PcscMessage): void => void process.send?.(message);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const watch = startReaderWatch((picture) =>
  say({ picture: { ...picture, readers: picture.readers.map((reader) => ({ ...reader, atr: hex(reader.atr) })) } }),
);

async function answer(request: PcscRequest): Promise<readonly string[]> {
  switch (request.what) {
    case 'transmit': {
      const apdus = request.apdus.map((apdu) => Buffer.from(apdu, 'hex'));
      const { protocol } = request;
      return (await transmit(request.reader, apdus, protocol === undefined ? {} : { protocol })).map(hex);
    }
    case 'reset':
      await resetCard(request.reader);
      return [];
    case 'stop': {
      watch.stop();
      watch.stop();
      // From here on only what the addon might have left behind keeps the process alive.
      setImmediate(() => process.disconnect());
      return [];
    }
    case 'exit':
      process.exit(request.code);
  }
}

process.on('message', (request: PcscRequest) => {
  answer(request).then(
    (answers) => say({ id: request.id, answers }),
    (error: unknown) =>
      say({ id: request.id, code: error instanceof PcscError ? error.code : -1, text: String(error) }),
  );
});

// Lets another program put virtual cards in and pull them: the other side of demo/card-control.ts.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type CardCommand } from '../../demo/card-control.ts';
import { type CardUnderTest } from './card-under-test.ts';

/** Serves `socketPath`. The result ends it. */
export async function serveCardControl(socketPath: string, card: CardUnderTest): Promise<() => Promise<void>> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => {
      const command = JSON.parse(line) as CardCommand;
      const done = 'insert' in command ? card.insert(command.insert) : card.remove();
      done.then(
        () => socket.write('{"ok":true}\n'),
        (error: unknown) => socket.write(`${JSON.stringify({ ok: false, error: String(error) })}\n`),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return async () => {
    await new Promise((resolve) => server.close(resolve));
  };
}

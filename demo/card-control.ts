// A client of the line protocol by which cards are put in and pulled: one JSON object a line, one answer a line, over a
// Unix socket. {"insert":"anna","reader":0} and {"remove":0} are all that a demonstration says; the answer begins with "ok".
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { type CardName } from './demo-cards.ts';

/** How long a socket that is not there yet is waited for, in milliseconds. */
const patience = 10_000;

export type CardCommand = { insert: CardName; reader: number } | { remove: number };

/** Says one thing to the card and waits until it is done. @throws Error with the other side's reason */
export async function commandCard(socketPath: string, command: CardCommand): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      const answer: unknown = JSON.parse(await exchange(socketPath, JSON.stringify(command)));
      if (typeof answer !== 'object' || answer === null || !('ok' in answer))
        throw new Error('the card answers nonsense');
      if (answer.ok !== true)
        throw new Error(`the card refuses: ${'error' in answer ? String(answer.error) : 'no reason'}`);
      return;
    } catch (error) {
      // Only a connection that never came about is tried again: the command has not been heard.
      const absent = error instanceof Error && 'syscall' in error && error.syscall === 'connect';
      if (!absent || performance.now() > deadline) throw error;
      await wait(20);
    }
  }
}

function exchange(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath, () => socket.write(`${line}\n`));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the card hung up')));
    // The lines tell the socket's errors on, and are to be heard too.
    const lines = createInterface({ input: socket }).on('error', reject);
    lines.once('line', (answer) => {
      resolve(answer);
      socket.destroy();
    });
  });
}

// A Unix socket in the session's own directory, with a name that is new at each start. Linux.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenDoor } from './door.ts';

export const openSocketDoor: OpenDoor = async (directory, server) => {
  const address = join(directory, `agent-${randomBytes(6).toString('hex')}.sock`);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  chmodSync(address, 0o600);
  return {
    address,
    isThere: () => existsSync(address),
    close: () => {
      rmSync(address, { force: true });
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};

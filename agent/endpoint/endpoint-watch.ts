// Keeps the endpoint findable: a clean-up that removes the endpoint file has it written again. Where the socket is gone
// nobody can come any more, and a new agent has to take over.
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type Clock } from '../../shared/clock.ts';
import { type Endpoint } from '../../shared/endpoint.ts';
import { endpointFileName } from '../../shared/names.ts';
import { writeEndpointFile } from './endpoint-directory.ts';

/** A change is looked at when it has had this time to be over. */
const settlingTime = 1_000;

/** Calls `lost` once at most. Stop it before the endpoint is removed on purpose. */
export function watchEndpoint(directory: string, endpoint: Endpoint, clock: Clock, lost: () => void): { stop(): void } {
  let cancelLook: (() => void) | undefined;
  const stop = () => {
    cancelLook?.();
    watcher.close();
  };
  const look = () => {
    cancelLook = undefined;
    if (!existsSync(endpoint.socket)) {
      stop();
      lost();
    } else if (!existsSync(join(directory, endpointFileName))) {
      writeEndpointFile(directory, endpoint);
    }
  };
  const changed = () => {
    cancelLook ??= clock.after(settlingTime, look);
  };
  const watcher = watch(directory, { persistent: false }, changed);
  watcher.on('error', changed);
  return { stop };
}

// Keeps the endpoint findable: a clean-up that removes the endpoint file has it written again. Where the socket is gone
// nobody can come any more, and a new agent has to take over. Best effort: a machine that has no watch or no room to spare
// keeps its agent all the same.
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { type Clock } from '../../shared/clock.ts';
import { type Endpoint } from '../../shared/endpoint.ts';
import { endpointFileName } from '../../shared/names.ts';
import { type Door } from './door.ts';
import { writeEndpointFile } from './endpoint-directory.ts';

/** A change is looked at when it has had this time to be over; what could not be written is tried again after as long. */
const settlingTime = 1_000;

/** Calls `lost` once at most. Stop it before the endpoint is removed on purpose. */
export function watchEndpoint(
  directory: string,
  endpoint: Endpoint,
  door: Pick<Door, 'isThere'>,
  clock: Clock,
  lost: () => void,
): { stop(): void } {
  let watcher: FSWatcher | undefined;
  let cancelLook: (() => void) | undefined;
  const stop = () => {
    cancelLook?.();
    watcher?.close();
  };
  const look = () => {
    cancelLook = undefined;
    if (!door.isThere()) {
      stop();
      lost();
    } else if (!existsSync(join(directory, endpointFileName))) {
      try {
        writeEndpointFile(directory, endpoint);
      } catch {
        changed();
      }
    }
  };
  const changed = () => {
    cancelLook ??= clock.after(settlingTime, look);
  };
  try {
    watcher = watch(directory, { persistent: false }, changed).on('error', changed);
  } catch {
    // EMFILE or ENOSPC where the user's inotify instances or watches are used up; ENOENT where the directory has just gone.
    changed();
  }
  return { stop };
}

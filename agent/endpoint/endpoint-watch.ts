// Keeps the endpoint findable: a clean-up that removes the endpoint file has it written again. Where the socket itself is
// gone nobody can come any more, and a new agent has to take over.
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint } from '../../shared/endpoint.ts';
import { endpointFileName } from '../../shared/names.ts';
import { writeEndpointFile } from './endpoint-directory.ts';

/** Calls `lost` once at most; close the watcher before the endpoint is removed on purpose. */
export function watchEndpoint(directory: string, endpoint: Endpoint, lost: () => void): FSWatcher {
  const file = join(directory, endpointFileName);
  const giveUp = () => {
    watcher.close();
    lost();
  };
  const watcher = watch(directory, { persistent: false }, () => {
    if (!existsSync(endpoint.socket)) giveUp();
    else if (!existsSync(file)) writeEndpointFile(directory, endpoint);
  });
  watcher.on('error', giveUp);
  return watcher;
}

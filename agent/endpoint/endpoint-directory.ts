// The directory in which this OS session's endpoint lives, and the file that names it. Made 0700 and 0600; anything there
// that another user owns or could write is a refusal, never repaired: it may be a trap.
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBase64 } from '../../shared/base64.ts';
import { endpointDirectories, parseEndpoint, type Endpoint, type EndpointPlace } from '../../shared/endpoint.ts';
import { KortbroError } from '../../shared/errors.ts';
import { endpointFileName, protocolVersion } from '../../shared/names.ts';

/** Makes and checks every directory; returns the session's own. @throws KortbroError ERR_AGENT_ENDPOINT */
export function prepareEndpointDirectory(place: EndpointPlace): string {
  const directories = endpointDirectories(place);
  for (const directory of directories) {
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new KortbroError('ERR_AGENT_ENDPOINT', { cause: error });
    }
    const status = lstatSync(directory);
    if (!status.isDirectory() || status.uid !== place.userId || (status.mode & 0o077) !== 0) {
      throw new KortbroError('ERR_AGENT_ENDPOINT');
    }
  }
  return directories.at(-1) ?? '';
}

/** Writes the endpoint file in one step; a reader sees the old one, none, or this one whole. */
export function writeEndpointFile(directory: string, { socket, secret, processId }: Endpoint): void {
  const text = JSON.stringify({ protocol: protocolVersion, processId, secret: encodeBase64(secret), socket });
  const unfinished = join(directory, `${endpointFileName}.${processId}`);
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, join(directory, endpointFileName));
}

/** Removes the endpoint file if it is still ours: another agent may have taken the place. */
export function removeEndpoint(directory: string, { processId }: Pick<Endpoint, 'processId'>): void {
  const file = join(directory, endpointFileName);
  try {
    if (parseEndpoint(readFileSync(file, 'utf8')).processId === processId) rmSync(file, { force: true });
  } catch {
    // It is gone, or nobody's.
  }
}

/** Removes what an agent that died left behind. To be called by the holder of the instance lock only. */
export function removeStaleEndpoints(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith('agent-') || name.startsWith(endpointFileName))
      rmSync(join(directory, name), { force: true, recursive: true });
  }
}

// A plain pipe that no child inherits by accident; a PIN is read from it with fs.read into a Buffer that we own and zero.
// (A child's stdout as a stream would leave copies of the bytes in buffers that we cannot reach.)
import { addon } from './addon.ts';

/** Two file descriptors that are not inherited; the write end blocks. The caller closes each with fs.closeSync. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** pipe2(O_CLOEXEC); on Windows a named pipe that has no name any more. Hand `write` to a child in its `stdio` array, then close it here. Throws an Error with `code` EMFILE. */
export function makePipe(): Pipe {
  return addon().makePipe();
}

// A named pipe that only this user's programs (and the system) can open, on this machine. Windows.
import { addon } from './addon.ts';

/** A program that has opened the pipe, as the kernel tells of it. */
export interface PipePeer {
  /** A descriptor of Node's, for `new net.Socket({ fd })`, which then closes it. */
  readonly fd: number;
  readonly processId: number;
  /** The SID of the user it runs for. */
  readonly user: string;
  /** The session it runs in. */
  readonly session: number;
}

/** A server keeps the event loop alive until it is stopped. */
export interface PipeServer {
  /**
   * Accepts nobody more; those who were accepted stay, and the name with them: whoever comes now waits in vain. May be called
   * again.
   */
  stop: () => void;
}

/**
 * Takes the name (`\\\\.\\pipe\\...`) and hands over each program that opens it, for ever. A program whose user or session cannot be
 * told is closed without a word. Throws an Error with `code` EACCES when the name is taken, EINVAL for what is no name.
 */
export function startPipeServer(name: string, listener: (peer: PipePeer) => void): PipeServer {
  const server = addon().startPipeServer(name, listener);
  return {
    stop: () => {
      server.stop();
    },
  };
}

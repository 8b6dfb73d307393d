// A named pipe that only this user can open, and only from this session: pipes are one name space for the whole machine, and one
// user may have two sessions. Windows.
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { type OpenDoor } from './door.ts';

/** Whoever has opened the pipe, by the system's word. */
export interface PipePeer {
  /** A descriptor of Node's, for the one who takes it. */
  readonly fd: number;
  /** Security identifier, S-1-5-... */
  readonly user: string;
  readonly session: number;
}

/** Listens on a pipe of this name, which must be new, until it is stopped. */
export type StartPipeServer = (name: string, listener: (peer: PipePeer) => void) => { stop: () => void };

/** What a peer of another session gets: it looks for its own agent then. */
const notYours = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** @param own who we are, and in which session */
export function pipeDoor(own: Pick<PipePeer, 'user' | 'session'>, startPipeServer: StartPipeServer): OpenDoor {
  return (_directory, server) => {
    const address = `\\\\.\\pipe\\kortbro-${own.user}-${own.session}-${randomBytes(6).toString('hex')}`;
    const pipe = startPipeServer(address, ({ fd, user, session }) => {
      const stream = new Socket({ fd, readable: true, writable: true });
      stream.on('error', () => stream.destroy());
      if (user !== own.user) stream.destroy();
      else if (session === own.session) server.emit('connection', stream);
      else stream.end(notYours, () => stream.destroy());
    });
    return Promise.resolve({
      address,
      isThere: () => true,
      close: () => {
        pipe.stop();
        return Promise.resolve();
      },
    });
  };
}

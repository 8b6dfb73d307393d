// The way in for native hosts and commands: where it is, and the streams that come through it. One for each system.
import { type Server } from 'node:http';
import { type Duplex } from 'node:stream';

/** An open door. */
export interface Door {
  /** What stands in the endpoint file: a Unix socket's path, or a pipe's name. */
  readonly address: string;
  /** Whether it is still there for others to find. */
  isThere(): boolean;
  /** Nobody comes in any more; settles when the server has let go of it. */
  close(): Promise<void>;
}

/** Opens a door in the session's `directory`; each stream becomes a connection of `server`. */
export type OpenDoor = (directory: string, server: Server) => Promise<Door>;

/** Whether the peer of a stream is this user, by the kernel's word. @throws when it cannot be told */
export type IsOwnUser = (stream: Duplex) => boolean;

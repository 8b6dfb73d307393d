// Who is at the other end of a Unix socket, as the kernel wrote it down at connect (SO_PEERCRED). Linux.
import { type Socket } from 'node:net';
import { addon } from './addon.ts';

/** The peer's process, user and group when it connected; the pid may have ended, and been given to another, since. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Throws an Error with `code`: EBADF, ENOTSOCK, ENOTCONN, or EAFNOSUPPORT for a socket that is no Unix socket. */
export function peerCredentials(fd: number): PeerCredentials {
  return addon().peerCredentials(fd);
}

/** The same for a socket of Node's; one that is closed has no descriptor (EBADF). Node does not type the way to it. */
export function peerCredentialsOf(socket: Socket): PeerCredentials {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: unknown } | null };
  const fd = handle?.fd;
  // libuv says -1 for a handle that is closed; no process has this many descriptors.
  return peerCredentials(typeof fd === 'number' && fd >= 0 ? fd : 0x7fffffff);
}

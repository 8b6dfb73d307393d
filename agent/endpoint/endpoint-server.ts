// Listens for native hosts and commands of this session: same user by the kernel's word, mutual proof within a time limit,
// bounded in number and size. They come through a door (door.ts) as duplex streams.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type Duplex } from 'node:stream';
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type Clock } from '../../shared/clock.ts';
import { closeCodes } from '../../shared/endpoint.ts';
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type AgentMessage, type Request } from '../../shared/messages.ts';
import { proofSize, type PeerRole } from '../../shared/proof.ts';
import { type AuditEvent } from '../audit/audit-event.ts';
import { type RequestChannel } from '../operations/context.ts';
import { Connection, type ConnectionCallbacks } from './connection.ts';
import { type IsOwnUser, type OpenDoor } from './door.ts';
import { removeEndpoint, removeStaleEndpoints, writeEndpointFile } from './endpoint-directory.ts';
import { watchEndpoint } from './endpoint-watch.ts';
import { agentHandshake } from './handshake.ts';

/** Peers beyond the limit that are told so; the next ones are dropped without a word. */
const waitingRoom = 8;

/** What the server asks of the rest. */
export interface EndpointCallbacks extends Pick<ConnectionCallbacks, 'greet' | 'logoutStep'> {
  answer: (asker: Asker, request: Request, signal: AbortSignal, channel: RequestChannel) => Promise<AgentMessage>;
  openDoor: OpenDoor;
  isOwnUser: IsOwnUser;
  audit: (event: AuditEvent) => void;
  /** The socket or its directory was removed: nobody can come any more. */
  lost: () => void;
}

/** Who asks: the connection's number, for the log, and the browser profile behind it ('' for none). */
export interface Asker {
  peer: number;
  profile: string;
}

/** A running endpoint. */
export interface EndpointServer {
  broadcast: (message: AgentMessage) => void;
  /** Tells the browsers of one profile. */
  send: (profile: string, message: AgentMessage) => void;
  /** The browser profiles that are connected. */
  readonly profiles: ReadonlySet<string>;
  /** Connections that have proved themselves. */
  readonly peers: number;
  stop: () => Promise<void>;
}

/** Opens the endpoint in `directory` (prepared, and locked by this instance). */
export async function startEndpoint(
  directory: string,
  clock: Clock,
  callbacks: EndpointCallbacks,
): Promise<EndpointServer> {
  removeStaleEndpoints(directory);
  const secret = randomBytes(proofSize);
  const connections = new Set<Connection>();
  const streams = new Set<Duplex>();
  const unwelcome = new WeakSet<Duplex>();
  const deadlines = new Map<Duplex, () => void>();
  let lastPeer = 0;

  const server = createServer((_request, response) => response.writeHead(426).end());
  // A peer that does not close in its turn must not keep its place for long; the types do not know of closeTimeout yet.
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    maxPayload: limits.messageToHost,
    perMessageDeflate: false,
    closeTimeout: limits.proofTime,
  };
  const sockets = new WebSocketServer(options);
  server.on('connection', (stream: Duplex) => {
    const crowded = streams.size >= limits.connections;
    const flooded = streams.size >= limits.connections + waitingRoom;
    if (flooded || !isOwnUser(stream)) {
      callbacks.audit({ event: 'peer-refused', code: flooded ? 'ERR_AGENT_BUSY' : 'ERR_AGENT_PROOF' });
      stream.destroy();
      return;
    }
    if (crowded) unwelcome.add(stream);
    streams.add(stream);
    deadlines.set(
      stream,
      clock.after(limits.proofTime, () => stream.destroy()),
    );
    stream.on('close', () => {
      streams.delete(stream);
      meetDeadline(stream);
    });
  });
  server.on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      if (unwelcome.has(stream)) refuse(socket);
      else accept(socket, stream);
    });
  });

  function refuse(socket: WebSocket): void {
    callbacks.audit({ event: 'peer-refused', code: 'ERR_AGENT_BUSY' });
    socket.on('error', () => undefined);
    socket.close(closeCodes.ERR_AGENT_BUSY, 'ERR_AGENT_BUSY');
  }

  /** A peer that cannot be asked for is nobody's. */
  function isOwnUser(stream: Duplex): boolean {
    try {
      return callbacks.isOwnUser(stream);
    } catch {
      return false;
    }
  }

  function meetDeadline(stream: Duplex): void {
    deadlines.get(stream)?.();
    deadlines.delete(stream);
  }

  function accept(socket: WebSocket, stream: Duplex): void {
    const peer = ++lastPeer;
    const step = agentHandshake(secret);
    let connection: Connection | undefined;
    // A broken frame, or one too big: ws itself has begun to close with the code that says so, and soon ends a peer that does
    // not close in its turn. Cut at once, the peer might never read the code.
    socket.on('error', () => connection?.end());
    socket.on('message', (raw: RawData, isBinary: boolean) => {
      // One try: whoever failed is heard no more.
      if (socket.readyState !== socket.OPEN) return;
      if (isBinary) {
        socket.close(closeCodes.ERR_REQUEST_INVALID, 'ERR_REQUEST_INVALID');
        return;
      }
      const text = Buffer.isBuffer(raw) ? raw.toString('utf8') : '';
      if (connection !== undefined) connection.receive(text);
      else connection = prove(text);
    });
    socket.on('close', () => {
      if (connection === undefined) return;
      connection.end();
      connections.delete(connection);
      callbacks.audit({ event: 'peer-gone', peer });
    });

    function prove(text: string): Connection | undefined {
      try {
        const next = step(text);
        if ('proved' in next) return welcome(next.proved);
        socket.send(next.say);
      } catch (error) {
        const code: ErrorCode = error instanceof KortbroError ? error.code : 'ERR_AGENT_PROOF';
        callbacks.audit({ event: 'peer-refused', code });
        socket.close(code === 'ERR_AGENT_VERSION' ? closeCodes.ERR_AGENT_VERSION : closeCodes.ERR_AGENT_PROOF, code);
      }
      return undefined;
    }

    function welcome(role: PeerRole): Connection {
      meetDeadline(stream);
      callbacks.audit({ event: 'peer-connected', role, peer });
      const proven = new Connection(socket, clock, {
        answer: (request, signal, profile, channel) => callbacks.answer({ peer, profile }, request, signal, channel),
        greet: callbacks.greet,
        logoutStep: callbacks.logoutStep,
      });
      connections.add(proven);
      return proven;
    }
  }

  const door = await callbacks.openDoor(directory, server);
  const endpoint = { socket: door.address, secret, processId: process.pid };
  writeEndpointFile(directory, endpoint);
  const watch = watchEndpoint(directory, endpoint, door, clock, callbacks.lost);

  return {
    broadcast: (message) => connections.forEach((connection) => connection.notify(message)),
    send: (profile, message) => {
      for (const connection of connections) if (connection.profile === profile) connection.notify(message);
    },
    get profiles() {
      return new Set([...connections].flatMap(({ profile }) => (profile === '' ? [] : [profile])));
    },
    get peers() {
      return connections.size;
    },
    stop: async () => {
      watch.stop();
      removeEndpoint(directory, endpoint);
      const closed = door.close();
      for (const connection of connections) connection.end();
      for (const stream of streams) stream.destroy();
      await closed;
    },
  };
}

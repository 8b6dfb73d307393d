// One connection to the agent, from the first byte to the last: WebSocket, mutual proof, then messages as bytes.
// Our own proof leaves only after the agent's was found right. What the messages say is not looked at.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { connect } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { encodeBase64 } from '../shared/base64.ts';
import { closeCodes, parseChallenge, type Endpoint } from '../shared/endpoint.ts';
import { KortbroError, type ErrorCode } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import { protocolVersion } from '../shared/names.ts';
import { proofSize, proofTranscript, type PeerRole } from '../shared/proof.ts';
import { watchPulse } from './pulse.ts';

/** A proven connection. */
export interface AgentConnection {
  /** Sends one message (UTF-8) as a text frame. */
  send(message: Uint8Array): void;
  /** Bytes that the agent has not taken yet. */
  readonly unsent: number;
  /** Stops and starts reading, for a browser that is slower than the agent. */
  pause(): void;
  resume(): void;
  /** Ends it at once. */
  drop(): void;
}

/** What a connection tells. Nothing is told before `opened`; after it every message, in order. */
export interface ConnectionListener {
  opened(connection: AgentConnection): void;
  message(message: Uint8Array): void;
}

/**
 * Connects, proves, and stays until the connection is over.
 * @param patience milliseconds for connecting and proof together
 * @returns why it ended: ERR_AGENT_NOT_RUNNING (nobody listens), ERR_AGENT_PROOF, ERR_AGENT_STOPPED
 *   (closed after the proof, or silent at any time), ERR_AGENT_INTERNAL (the agent broke the protocol), or what the agent's close code says
 */
export function converse(
  endpoint: Endpoint,
  role: PeerRole,
  patience: number,
  listener: ConnectionListener,
): Promise<KortbroError> {
  const options: ClientOptions & { closeTimeout: number } = {
    // Not `ws+unix:`, since a URL would escape some characters of a path and end at a colon.
    createConnection: () => connect(endpoint.socket),
    perMessageDeflate: false,
    maxPayload: limits.messageToBrowser,
    closeTimeout: limits.proofTime,
    // A mask keeps proxies from misreading a stream (RFC 6455 10.3). On a Unix socket there is none to mislead; zeros
    // make ws leave out the loop over every byte.
    generateMask: (mask) => mask.fill(0),
  };
  const socket = new WebSocket('ws://localhost/', options);
  const nonce = randomBytes(proofSize);
  let proven = false;
  let failure: ErrorCode | undefined;

  const drop = (code: ErrorCode) => {
    failure ??= code;
    socket.terminate();
  };
  const timer = setTimeout(() => drop('ERR_AGENT_STOPPED'), patience);
  const pulse = watchPulse(socket, () => drop('ERR_AGENT_STOPPED'));

  socket.on('open', () => {
    socket.send(JSON.stringify({ protocol: protocolVersion, role, nonce: encodeBase64(nonce) }));
  });
  socket.on('message', (message: Buffer, isBinary: boolean) => {
    if (failure !== undefined) return;
    if (isBinary || message.length === 0) {
      drop(proven ? 'ERR_AGENT_INTERNAL' : 'ERR_AGENT_PROOF');
    } else if (proven) {
      listener.message(message);
    } else {
      const proof = answerTo(message.toString(), endpoint.secret, role, nonce);
      if (proof === undefined) {
        drop('ERR_AGENT_PROOF');
        return;
      }
      clearTimeout(timer);
      proven = true;
      socket.send(JSON.stringify({ proof: encodeBase64(proof) }));
      listener.opened({
        send: (bytes) => {
          pulse.expect();
          socket.send(bytes, { binary: false });
        },
        get unsent() {
          return socket.bufferedAmount;
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        drop: () => drop('ERR_AGENT_STOPPED'),
      });
    }
  });
  // An agent of this user in another session says so and no more (agent/endpoint/pipe-door.ts).
  socket.on('unexpected-response', (_request, { statusCode }) => {
    drop(statusCode === 403 ? 'ERR_AGENT_NOT_RUNNING' : 'ERR_AGENT_PROOF');
  });
  socket.on('error', (error) => {
    failure ??= codeOfFailure(error, proven);
  });
  return new Promise((resolve) => {
    socket.on('close', (closeCode) => {
      clearTimeout(timer);
      pulse.stop();
      const code = failure ?? codeOfClose(closeCode) ?? (proven ? 'ERR_AGENT_STOPPED' : 'ERR_AGENT_PROOF');
      resolve(new KortbroError(code));
    });
  });
}

/** Our proof, or undefined when the agent's own does not hold. */
function answerTo(text: string, secret: Uint8Array, role: PeerRole, clientNonce: Uint8Array): Uint8Array | undefined {
  let challenge: ReturnType<typeof parseChallenge>;
  try {
    challenge = parseChallenge(text);
  } catch {
    return undefined;
  }
  const context = { role, clientNonce, agentNonce: challenge.nonce };
  const prove = (direction: Parameters<typeof proofTranscript>[1]) =>
    createHmac('sha256', secret).update(proofTranscript(context, direction)).digest();
  return timingSafeEqual(prove('agent-to-client'), challenge.proof) ? prove('client-to-agent') : undefined;
}

function codeOfFailure(error: Error, proven: boolean): ErrorCode {
  if (proven) return 'ERR_AGENT_INTERNAL';
  const code = 'code' in error ? error.code : undefined;
  // connect(2) on a Unix socket: as many wait for an agent that lets nobody in as may.
  if (code === 'EAGAIN') return 'ERR_AGENT_STOPPED';
  return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'ERR_AGENT_NOT_RUNNING' : 'ERR_AGENT_PROOF';
}

function codeOfClose(closeCode: number): ErrorCode | undefined {
  for (const [code, number] of Object.entries(closeCodes)) {
    if (number === closeCode) return code as keyof typeof closeCodes;
  }
  return undefined;
}

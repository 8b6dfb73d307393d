// The mutual proof between native host and agent: what is authenticated, byte by byte. The HMAC itself is the caller's.
// Both nonces, the role, the direction and the protocol version are bound, so that no proof fits another place.
import { protocolVersion } from './names.ts';

/** Who opens the connection: a browser's native host, or the `kortbro` command. */
export type PeerRole = 'native-host' | 'command';

/** Bytes of the secret in the endpoint file and of each nonce. */
export const proofSize = 32;

/** What both sides know when they prove the secret to each other. Nonces are `proofSize` bytes. */
export interface ProofContext {
  role: PeerRole;
  clientNonce: Uint8Array;
  agentNonce: Uint8Array;
}

/**
 * The bytes under HMAC-SHA-256 (key: the secret of the endpoint file) for one direction:
 * label, version, role, direction, each ended by a zero byte, then client's nonce and agent's nonce of fixed size.
 */
export function proofTranscript(context: ProofContext, direction: 'agent-to-client' | 'client-to-agent'): Uint8Array {
  const words = ['kortbro-endpoint', String(protocolVersion), context.role, direction, ''].join('\0');
  const prefix = new TextEncoder().encode(words);
  const transcript = new Uint8Array(prefix.length + 2 * proofSize);
  transcript.set(prefix);
  transcript.set(context.clientNonce, prefix.length);
  transcript.set(context.agentNonce, prefix.length + proofSize);
  return transcript;
}

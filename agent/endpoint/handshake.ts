// The agent's side of the mutual proof: greeting, challenge with our proof, answer with theirs. Until it has succeeded a peer
// is told nothing and can ask nothing.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { encodeBase64 } from '../../shared/base64.ts';
import { parseAnswer, parseGreeting } from '../../shared/endpoint.ts';
import { KortbroError } from '../../shared/errors.ts';
import { proofSize, proofTranscript, type PeerRole, type ProofContext } from '../../shared/proof.ts';

/** What the next message means: say this, or the peer has proved itself. */
export type HandshakeStep = { say: string } | { proved: PeerRole };

/** Takes the peer's messages one by one. @throws KortbroError ERR_AGENT_PROOF, ERR_AGENT_VERSION: the connection must close. */
export function agentHandshake(secret: Uint8Array): (message: string) => HandshakeStep {
  let context: ProofContext | undefined;
  const proof = (known: ProofContext, direction: Parameters<typeof proofTranscript>[1]) =>
    createHmac('sha256', secret).update(proofTranscript(known, direction)).digest();
  return (message) => {
    if (context === undefined) {
      const { role, nonce } = parseGreeting(message);
      context = { role, clientNonce: nonce, agentNonce: randomBytes(proofSize) };
      const ours = proof(context, 'agent-to-client');
      return { say: JSON.stringify({ nonce: encodeBase64(context.agentNonce), proof: encodeBase64(ours) }) };
    }
    if (!timingSafeEqual(parseAnswer(message), proof(context, 'client-to-agent')))
      throw new KortbroError('ERR_AGENT_PROOF');
    return { proved: context.role };
  };
}

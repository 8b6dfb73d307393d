// The mutual proof, message by message: who does not know the secret, or uses a proof from elsewhere, is told nothing.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { agentHandshake } from '../../../agent/endpoint/handshake.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { kortbroError } from '../fake-backend.ts';

const secret = randomBytes(32);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The bytes under the proof, written here anew. */
function proof(
  key: Uint8Array,
  role: string,
  direction: string,
  clientNonce: Uint8Array,
  agentNonce: Uint8Array,
): string {
  const words = `kortbro-endpoint\x001\0${role}\0${direction}\0`;
  return createHmac('sha256', key).update(words).update(clientNonce).update(agentNonce).digest('base64');
}

const greeting = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({ protocol: 1, role: 'native-host', nonce: base64(randomBytes(32)), ...changes });

/** A handshake after its greeting. */
function greeted(role = 'native-host', clientNonce: Uint8Array = randomBytes(32)) {
  const step = agentHandshake(secret);
  const first = step(greeting({ role, nonce: base64(clientNonce) }));
  assert.ok('say' in first);
  const challenge = JSON.parse(first.say) as { nonce: string; proof: string };
  return { step, clientNonce, agentNonce: Buffer.from(challenge.nonce, 'base64'), challenge };
}
const answer = (step: (message: string) => unknown, text: string) => () => step(JSON.stringify({ proof: text }));

describe('The handshake', () => {
  for (const role of ['native-host', 'command']) {
    it(`lets a ${role} in that proves the secret`, () => {
      const { step, clientNonce, agentNonce, challenge } = greeted(role);
      assert.equal(challenge.proof, proof(secret, role, 'agent-to-client', clientNonce, agentNonce));
      assert.deepEqual(answer(step, proof(secret, role, 'client-to-agent', clientNonce, agentNonce))(), {
        proved: role,
      });
    });
  }

  it('has a new nonce each time', () => {
    const nonces = Array.from({ length: 50 }, () => greeted().challenge.nonce);
    assert.equal(new Set(nonces).size, 50);
    assert.equal(Buffer.from(nonces[0] ?? '', 'base64').length, 32);
  });

  it('refuses a proof of another secret', () => {
    const { step, clientNonce, agentNonce } = greeted();
    const wrong = proof(randomBytes(32), 'native-host', 'client-to-agent', clientNonce, agentNonce);
    assert.throws(answer(step, wrong), kortbroError('ERR_AGENT_PROOF'));
  });

  it('refuses its own proof sent back', () => {
    const { step, challenge } = greeted();
    assert.throws(answer(step, challenge.proof), kortbroError('ERR_AGENT_PROOF'));
  });

  it('refuses the proof of an earlier connection, also with the same greeting', () => {
    const earlier = greeted();
    const good = proof(secret, 'native-host', 'client-to-agent', earlier.clientNonce, earlier.agentNonce);
    assert.deepEqual(answer(earlier.step, good)(), { proved: 'native-host' });
    assert.throws(answer(greeted('native-host', earlier.clientNonce).step, good), kortbroError('ERR_AGENT_PROOF'));
  });

  it('refuses a proof for another role than the one greeted with', () => {
    const { step, clientNonce, agentNonce } = greeted('native-host');
    const other = proof(secret, 'command', 'client-to-agent', clientNonce, agentNonce);
    assert.throws(answer(step, other), kortbroError('ERR_AGENT_PROOF'));
  });

  it('refuses a proof over the nonces in the other order', () => {
    const { step, clientNonce, agentNonce } = greeted();
    const swapped = proof(secret, 'native-host', 'client-to-agent', agentNonce, clientNonce);
    assert.throws(answer(step, swapped), kortbroError('ERR_AGENT_PROOF'));
  });

  it('does not take what one connection was asked as the answer of another', () => {
    const [victim, thief] = [greeted(), greeted()];
    const relayed = proof(secret, 'native-host', 'client-to-agent', victim.clientNonce, victim.agentNonce);
    assert.throws(answer(thief.step, relayed), kortbroError('ERR_AGENT_PROOF'));
  });

  const bad: [string, string, string][] = [
    ['another version', greeting({ protocol: 2 }), 'ERR_AGENT_VERSION'],
    ['the version as a text', greeting({ protocol: '1' }), 'ERR_AGENT_VERSION'],
    ['another role', greeting({ role: 'agent' }), 'ERR_AGENT_PROOF'],
    ['no role', greeting({ role: undefined }), 'ERR_AGENT_PROOF'],
    ['a key more', greeting({ x: 1 }), 'ERR_AGENT_PROOF'],
    ['a short nonce', greeting({ nonce: base64(randomBytes(31)) }), 'ERR_AGENT_PROOF'],
    ['a long nonce', greeting({ nonce: base64(randomBytes(33)) }), 'ERR_AGENT_PROOF'],
    ['a nonce that is no base64', greeting({ nonce: '*'.repeat(44) }), 'ERR_AGENT_PROOF'],
    ['a nonce that is no text', greeting({ nonce: [1] }), 'ERR_AGENT_PROOF'],
    ['a key twice', greeting().replace('{', '{"role":"command",'), 'ERR_AGENT_PROOF'],
    ['a message before it', '{"type":"hello","protocol":1,"version":"0.1.0"}', 'ERR_AGENT_PROOF'],
    ['no JSON', 'hello', 'ERR_AGENT_PROOF'],
    ['a list', '[]', 'ERR_AGENT_PROOF'],
    ['null', 'null', 'ERR_AGENT_PROOF'],
    ['nothing', '', 'ERR_AGENT_PROOF'],
  ];
  for (const [name, text, code] of bad) {
    it(`refuses a greeting with ${name}: ${code}`, () => {
      assert.throws(() => agentHandshake(secret)(text), kortbroError(code));
    });
  }

  for (const [name, text] of [
    ['a second greeting', greeting()],
    ['a request', '{"type":"request"}'],
    ['no proof', '{"proof":""}'],
    ['a short proof', JSON.stringify({ proof: base64(randomBytes(31)) })],
    ['a key more', JSON.stringify({ proof: base64(randomBytes(32)), role: 'command' })],
  ] as const) {
    it(`refuses an answer with ${name}`, () => {
      assert.throws(() => greeted().step(text), kortbroError('ERR_AGENT_PROOF'));
    });
  }

  it('refuses whatever else it is told, and breaks at nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const step of [agentHandshake(secret), greeted().step]) {
          assert.throws(
            () => step(text),
            (error) => error instanceof KortbroError && /^ERR_AGENT_(PROOF|VERSION)$/.test(error.code),
          );
        }
      }),
    );
  });
});

// The readers of the virtual card as the agent in front of them sees them.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { type AgentState, parseResult } from '../../shared/messages.ts';
import { type HostClient } from '../support/host-client.ts';
import { READERS } from './pcsc-service.ts';

type Reader = AgentState['readers'][number];

/** What the agent tells its holder of the reader in a slot. */
export async function agentReader(host: HostClient, slot = 0): Promise<Reader | undefined> {
  const answer = await host.ask({ verb: 'status', caller: { kind: 'user' } }).answer;
  assert.ok('result' in answer, JSON.stringify(answer));
  const state = parseResult('status', answer.result);
  assert.ok('readers' in state);
  return state.readers.find(({ name }) => name === READERS[slot]);
}

/** Waits until the agent has seen, or read, what is in a slot. */
export function untilAgentSees(host: HostClient, card: Reader['card'], slot = 0): Promise<void> {
  return until(async () => (await agentReader(host, slot))?.card === card, 5_000, `the card is not ${card}`);
}

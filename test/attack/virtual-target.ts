// The target on the virtual IDPrime 940: one card stack for all attacks that need it, started when first asked for and ended
// after the last test. Needs root and Debian's packages; `virtualUnavailable` says what is missing.
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { testCard, virtualCard } from '../support/test-cards.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from '../card/card-stack.ts';
import { sites, type Target } from './target.ts';

/** A target whose card is `stack`'s. */
export interface VirtualTarget extends Target {
  readonly stack: CardStack;
}

let stack: Promise<CardStack> | undefined;

after(async () => (await stack)?.stop());

/** Why there can be no virtual card here; undefined when there can. */
export function virtualUnavailable(): string | undefined {
  return cardStackUnavailable() ?? (findOpenscModule() === undefined ? 'opensc-pkcs11 is missing' : undefined);
}

/** Starts an agent in front of the virtual card, with Anna's card in and read. `policy` goes over the target's. */
export async function startVirtualTarget(policy: PolicyFile = {}): Promise<VirtualTarget> {
  const [anna, bertil] = await Promise.all([testCard('anna'), testCard('bertil')]);
  stack ??= startCardStack({ cards: { anna: virtualCard(anna), bertil: virtualCard(bertil) } });
  const started = await stack;
  const module = findOpenscModule();
  if (module === undefined) throw new Error('opensc-pkcs11 is missing');
  if ((await started.cardIn()) === undefined) await started.insert('anna');
  await started.setTriesLeft('anna', 3);
  const agent = await AgentUnderTest.start({ module, policy: { sites, ...policy }, environment: started.environment });
  return { agent, anna, bertil, stack: started };
}

// The target on the virtual IDPrime 940: one card stack for all attacks that need it, started when first asked for and ended
// after the last test. Needs root and Debian's packages; `virtualUnavailable` says what is missing.
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { testCard, virtualCard } from '../support/test-cards.ts';
import { type CardKey } from '../card/card-definition.ts';
import { type CardStack, cardStackUnavailable, findOpenscModule, startCardStack } from '../card/card-stack.ts';
import { sites, type Target } from './target.ts';

/**
 * A target whose card is `stack`'s. Beside Anna's and Bertil's it has a `clone`, which names itself as hers does (chip and serial
 * number) and is his in all else, and hers when the certificate of its login is `misread`.
 */
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
  const [hers, his] = [virtualCard(anna), virtualCard(bertil)];
  const [login, ...others] = hers.keys as [CardKey, ...CardKey[]];
  const unreadable = { ...login, certificate: login.certificate.subarray(0, login.certificate.length / 2) };
  stack ??= startCardStack({
    cards: {
      anna: hers,
      bertil: his,
      clone: { ...his, id: hers.id },
      misread: { ...hers, keys: [unreadable, ...others] },
    },
  });
  const started = await stack;
  const module = findOpenscModule();
  if (module === undefined) throw new Error('opensc-pkcs11 is missing');
  if ((await started.cardIn()) === undefined) await started.insert('anna');
  await started.setTriesLeft('anna', 3);
  const agent = await AgentUnderTest.start({ module, policy: { sites, ...policy }, environment: started.environment });
  return { agent, anna, bertil, stack: started };
}

// The virtual IDPrime 940 as the card of a harness: real pcscd, real OpenSC, the demonstration's own certificates.
import { type CardDriver } from '../../demo/card-driver.ts';
import { type DemoCards } from '../../demo/demo-cards.ts';
import { findOpenscModule, startCardStack, type CardStack } from '../card/card-stack.ts';

/** Starts the card stack with the demonstration's cards; `stack` has what only a virtual card can do. */
export async function virtualCard(cards: DemoCards): Promise<CardDriver & { readonly stack: CardStack }> {
  const module = findOpenscModule();
  if (module === undefined) throw new Error('OpenSC is not installed');
  const definitions = Object.values(cards).map(({ name, serialNumber, label, pin, puk, keys }) => [
    name,
    { id: serialNumber, label, pin, puk, keys },
  ]);
  const stack = await startCardStack({
    cards: Object.fromEntries(definitions) as Parameters<typeof startCardStack>[0]['cards'],
  });
  return {
    title: 'virtual IDPrime 940',
    source: { type: 'pkcs11', module },
    environment: stack.environment,
    controlled: true,
    hasSignaturePin: false,
    stack,
    insert: (card) => stack.insert(card),
    remove: () => stack.remove(),
    stop: () => stack.stop(),
  };
}

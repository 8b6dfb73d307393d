// The demonstration's own card: the agent's simulator, told what cards there are by files in a directory of ours and
// which one is in by its control socket. No hardware, no root.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandCard } from './card-control.ts';
import { type CardDriver } from './card-driver.ts';
import { type DemoCard, type DemoCards } from './demo-cards.ts';

/** How long a signature takes, in milliseconds: about as long as on a card. */
const likeACard = 120;

/** Writes the cards' files below `directory` (made, 0700). The reader is empty. */
export function simulatedCards(
  directory: string,
  cards: DemoCards,
  { signMilliseconds = likeACard }: { signMilliseconds?: number } = {},
): CardDriver {
  mkdirSync(join(directory, 'cards'), { recursive: true, mode: 0o700 });
  for (const card of Object.values(cards)) writeCard(join(directory, 'cards'), card, signMilliseconds);
  const control = join(directory, 'control.sock');
  return {
    title: 'simulated card',
    source: { type: 'simulator', directory },
    environment: {},
    controlled: true,
    hasSignaturePin: true,
    insert: (card) => commandCard(control, { insert: card, reader: 0 }),
    remove: () => commandCard(control, { remove: 0 }),
    stop: () => Promise.resolve(),
  };
}

/** A card is NAME.json with its certificates (DER) and keys (PKCS#8 PEM) in files beside it. */
function writeCard(
  directory: string,
  { name, label, serialNumber, pin, puk, signature, keys }: DemoCard,
  signMilliseconds: number,
): void {
  const certificates = keys.map((key, index) => {
    const id = (0x45 + index).toString(16);
    const [certificateFile, keyFile] = [`${name}-${id}.der`, `${name}-${id}.pem`];
    write(join(directory, certificateFile), key.certificate);
    write(join(directory, keyFile), key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const own = key.kind === 'signature' ? { pin: 'signature' } : {};
    return { id, label: key.label, certificateFile, keyFile, ...own };
  });
  const pins = { pin, puk, triesLeft: 3, signature: { ...signature, triesLeft: 3 } };
  const card = { label, serialNumber, ...pins, certificates, signMilliseconds };
  write(join(directory, `${name}.json`), JSON.stringify(card));
}

function write(path: string, content: string | Uint8Array): void {
  writeFileSync(path, content, { mode: 0o600 });
}

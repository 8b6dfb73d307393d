// A simulated card on disk: DIRECTORY/cards/NAME.json, with keys (PKCS#8 PEM) and certificates (DER) in files beside it, named
// relative to the JSON. The tries left are written back, so that a locked card stays locked. Everything is 0600.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const fileName = z.string().regex(/^[\w-][\w.-]{0,99}$/);

const pinRules = {
  pin: z.string().min(4).max(12),
  puk: z.string().min(4).max(12),
  triesLeft: z.int().min(0).max(3),
};

const simulatedCard = z.strictObject({
  label: z.string().min(1).max(32),
  serialNumber: z.string().min(1).max(16),
  ...pinRules,
  /** A PIN of its own for signatures: the card is two tokens then. `alwaysAuthenticate`: it is spent by one signature; default true. */
  signature: z.strictObject({ ...pinRules, alwaysAuthenticate: z.boolean().exactOptional() }).exactOptional(),
  certificates: z
    .array(
      z.strictObject({
        /** CKA_ID, lower-case hex. */
        id: z.string().regex(/^(?:[\da-f]{2}){1,32}$/),
        label: z.string().max(64),
        certificateFile: fileName,
        keyFile: fileName,
        /** Which PIN opens its key. Left out: the card's first one. */
        pin: z.literal('signature').exactOptional(),
      }),
    )
    .max(32),
  /** How long a signature takes; a real card's RSA-2048 takes 100 to 500. Default 0. */
  signMilliseconds: z.int().min(0).max(60_000).exactOptional(),
  /** The reader has a PIN pad (CKF_PROTECTED_AUTHENTICATION_PATH). Default false. */
  protectedAuthenticationPath: z.boolean().exactOptional(),
  /** Whether the card tells the number of tries left, or only low, final and locked. Default true. */
  tellsTries: z.boolean().exactOptional(),
});

/** The content of cards/NAME.json. */
export type SimulatedCardFile = z.infer<typeof simulatedCard>;

/** What a card is made of: as the file, with bytes in the place of file names. */
export interface SimulatedCardDefinition extends Omit<
  SimulatedCardFile,
  'certificates' | 'triesLeft' | 'puk' | 'signature'
> {
  puk?: string;
  /** Default 3. */
  triesLeft?: number;
  signature?: Partial<NonNullable<SimulatedCardFile['signature']>> & { pin: string };
  /** `key` is PKCS#8 PEM; `certificate` is DER, or anything that a test wants to find there. */
  certificates: readonly { id: string; label: string; certificate: Uint8Array; key: string; pin?: 'signature' }[];
}

const cardName = /^[a-z0-9][a-z0-9-]{0,40}$/;

function cardPath(directory: string, file: string): string {
  return join(directory, 'cards', file);
}

/** Writes card `name` (lower-case letters, digits, hyphens) with its keys and certificates. */
export function writeSimulatedCard(directory: string, name: string, definition: SimulatedCardDefinition): void {
  mkdirSync(join(directory, 'cards'), { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const certificates = definition.certificates.map(({ certificate, key, ...rest }) => {
    const { id } = rest;
    const [certificateFile, keyFile] = [`${name}-${id}.der`, `${name}-${id}.pem`];
    replaceFile(cardPath(directory, certificateFile), certificate);
    replaceFile(cardPath(directory, keyFile), key);
    return { ...rest, certificateFile, keyFile };
  });
  const fresh = { triesLeft: 3, puk: '87654321' };
  const { signature, ...card } = definition;
  const more = signature === undefined ? {} : { signature: { ...fresh, ...signature } };
  saveSimulatedCard(directory, name, { ...fresh, ...card, ...more, certificates });
}

/** Writes the JSON alone. @throws Error when it is no card or `name` cannot be a file's */
export function saveSimulatedCard(directory: string, name: string, card: SimulatedCardFile): void {
  if (!cardName.test(name)) throw new TypeError('a card is named by lower-case letters, digits and hyphens');
  replaceFile(cardPath(directory, `${name}.json`), `${JSON.stringify(simulatedCard.parse(card), null, 2)}\n`);
}

/** Reads cards/NAME.json. @throws Error when it is missing or no card */
export function readSimulatedCard(directory: string, name: string): SimulatedCardFile {
  if (!cardName.test(name)) throw new TypeError('a card is named by lower-case letters, digits and hyphens');
  return simulatedCard.parse(JSON.parse(readFileSync(cardPath(directory, `${name}.json`), 'utf8')));
}

/** Reads a key or a certificate of a card. */
export function readCardFile(directory: string, file: string): Buffer {
  return readFileSync(cardPath(directory, file));
}

/** Writes beside and renames, so that nobody reads half a file. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.${randomUUID()}.new`;
  writeFileSync(fresh, content, { mode: 0o600, flag: 'wx' });
  renameSync(fresh, path);
}

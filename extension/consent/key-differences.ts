// What tells keys apart that would look the same to their holder: two cards, or two certificates of one issuer. Pure.
import { type SigningKey } from '../../shared/signing.ts';
import { type Words } from './consent-view.ts';

/** The fewest characters of a serial number that are shown. */
const serialEnd = 6;

/** By key, in order: nothing for one that its holder, organisation, number, issuer and use tell from every other. */
export function keyDifferences(keys: readonly SigningKey[], language: string): Words[][] {
  return keys.map((key) =>
    differences(
      key,
      keys.filter((one) => looksLike(one) === looksLike(key)),
      language,
    ),
  );
}

/** Whether all of them are one person's. */
export function areOfOne(keys: readonly SigningKey[]): boolean {
  return new Set(keys.map(({ holder, holderId }) => JSON.stringify([holder, holderId]))).size === 1;
}

function looksLike({ holder, organisation, holderId, issuer, usage }: SigningKey): string {
  return JSON.stringify([holder, organisation, holderId, issuer, usage]);
}

/** What is not the same for all of `alike`; how long each is valid always, since that is what a holder knows best. */
function differences(key: SigningKey, alike: readonly SigningKey[], language: string): Words[] {
  if (alike.length < 2) return [];
  const differs = (part: (one: SigningKey) => unknown): boolean => new Set(alike.map(part)).size > 1;
  const words: Words[] = [];
  if (differs(({ reader }) => reader)) words.push(['signKeyReader', key.reader]);
  words.push(['signKeyValid', day(key.validFrom, language), day(key.validTo, language)]);
  if (differs(({ keyType, keySize }) => `${keyType}${keySize}`))
    words.push(['signKeyKind', key.keyType === 'rsa' ? 'RSA' : 'ECC', String(key.keySize)]);
  if (differs(({ serialNumber }) => serialNumber)) words.push(['signKeySerial', endOf(key, alike)]);
  return words;
}

function day(time: string, language: string): string {
  const written = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'sv', { dateStyle: 'medium' });
  return written.format(new Date(time)).replaceAll(' ', '\u00a0');
}

/** As much of the serial number's end as no other of these has. */
function endOf({ serialNumber }: SigningKey, alike: readonly SigningKey[]): string {
  const numbers = new Set(alike.map((one) => one.serialNumber));
  let length = serialEnd;
  while (length < 40 && new Set([...numbers].map((number) => number.slice(-length))).size < numbers.size) length++;
  return serialNumber.slice(-length);
}

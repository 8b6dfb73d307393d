// Where the keys of the card in a reader stand: with Windows' own smart-card provider, or with the vendor's, which only the user's
// certificate store tells of. Reads; opens no key for good and sends no PIN.
import {
  type Cng,
  CngError,
  cngProperty,
  type CngProperty,
  type ListedKey,
  smartCardProvider,
  type StoredCertificate,
} from '../../native/cng.ts';
import { limits } from '../../../shared/limits.ts';
import { TokenError } from '../token.ts';
import { orTokenError, tokenErrorOfCng } from './cng-status.ts';

/** A key by which a certificate's signatures are made. */
export interface KeyPlace {
  provider: string;
  /** What opens it; in the smart-card provider with its reader in front, so that no other card's key is meant. */
  name: string;
  /** The name as it stands on the card. */
  container: string;
  keySpec: number;
  certificate: Uint8Array;
  group: 'RSA' | 'ECDSA';
  /** Of the PIN that guards the key; undefined where the provider does not tell: all such keys have one PIN. */
  pin: number | undefined;
  /** The PIN is typed at the reader. */
  pinPad: boolean;
  /** Names the card, in hex; '' where the provider does not tell. */
  card: string;
}

/** Windows' providers of keys that are on no card, though two of them call themselves hardware. */
const cardless: readonly string[] = [
  'Microsoft Software Key Storage Provider',
  'Microsoft Platform Crypto Provider',
  'Microsoft Passport Key Storage Provider',
];
/** The smart-card provider's predecessor in CryptoAPI: it names the same containers. */
const predecessor = 'Microsoft Base Smart Card Crypto Provider';

const hardware = 0x1;
const removable = 0x8;
/** SECRET_TYPE (cardmod.h). */
const externalPin = 1;

/** Every key of the card in `reader` that has a certificate; none when no provider knows the card. @throws TokenError */
export async function keyPlaces(cng: Cng, reader: string): Promise<KeyPlace[]> {
  const scope = `\\\\.\\${reader}\\`;
  const listed = await listedKeys(cng, scope);
  const stored = once(() => orTokenError(cng.storedCertificates()));
  const places: KeyPlace[] = [];
  let failure: TokenError | undefined;
  for (const key of listed.slice(0, limits.certificatesPerToken)) {
    const container = key.name.startsWith(scope) ? key.name.slice(scope.length) : key.name;
    const place = { provider: smartCardProvider, name: `${scope}${container}`, container, keySpec: key.keySpec };
    try {
      const found = await look(cng, place, reader, () => storedFor(stored, place));
      if (found !== undefined) places.push(found);
    } catch (error) {
      // One key that cannot be opened says nothing of the others.
      if (!(error instanceof TokenError) || isAbsent(error)) throw error;
      failure ??= error;
    }
  }
  if (places.length > 0) return places;
  const ofVendors = await vendorPlaces(cng, reader, await stored());
  if (ofVendors.length === 0 && failure !== undefined) throw failure;
  return ofVendors;
}

/** What names the card in a reader now, in hex, by a key that was opened there; '' where the provider does not tell. @throws TokenError */
export async function cardIdentifier(cng: Cng, key: number, provider: string, reader: string): Promise<string> {
  const own = await optional(cng.keyProperty(key, cngProperty.cardIdentifier));
  // Without its reader a provider answers with the first card that it finds.
  const told = own ?? (await optional(cng.providerProperty(provider, reader, cngProperty.cardIdentifier)));
  return Buffer.from(told ?? new Uint8Array())
    .toString('hex')
    .slice(0, 64);
}

async function listedKeys(cng: Cng, scope: string): Promise<ListedKey[]> {
  try {
    return await cng.listKeys(smartCardProvider, scope);
  } catch (error) {
    if (!(error instanceof CngError)) throw error;
    const failure = tokenErrorOfCng(error.code);
    // No minidriver for this card: the vendor may have a provider of its own.
    if (failure.failure === 'ERR_CARD_UNSUPPORTED' || failure.failure === 'ERR_AGENT_DRIVER_MISSING') return [];
    throw failure;
  }
}

type Place = Pick<KeyPlace, 'provider' | 'name' | 'container' | 'keySpec'>;

/** Opens a key and reads what is asked of it; undefined when it has no certificate or cannot sign. */
async function look(
  cng: Cng,
  place: Place,
  reader: string,
  otherwise: () => Promise<Uint8Array | undefined>,
): Promise<KeyPlace | undefined> {
  const { provider, name, keySpec } = place;
  const key = await orTokenError(cng.openKey(provider, name, keySpec));
  try {
    const read = (property: CngProperty): Promise<Uint8Array | undefined> => optional(cng.keyProperty(key, property));
    const certificate = (await read(cngProperty.certificate)) ?? (await otherwise());
    const group = text(await read(cngProperty.algorithmGroup));
    if (certificate === undefined || certificate.length === 0 || (group !== 'RSA' && group !== 'ECDSA'))
      return undefined;
    const pin = number(await read(cngProperty.pinIdentifier), 0);
    const pinPad = number(await read(cngProperty.pinInformation), 1) === externalPin;
    const card = await cardIdentifier(cng, key, provider, reader);
    return { ...place, certificate, group, pin, pinPad, card };
  } finally {
    await cng.closeKey(key);
  }
}

/** Keys of vendors' providers whose card is in `reader`. A provider that does not say in which reader a key is shows none. */
async function vendorPlaces(cng: Cng, reader: string, stored: readonly StoredCertificate[]): Promise<KeyPlace[]> {
  const places: KeyPlace[] = [];
  const ofCards = new Map<string, boolean>();
  for (const { provider, providerType, container, keySpec, certificate } of stored) {
    if (providerType !== 0 || provider === smartCardProvider || cardless.includes(provider)) continue;
    if (!ofCards.has(provider)) ofCards.set(provider, await isOfCards(cng, provider));
    if (ofCards.get(provider) !== true || places.length >= limits.certificatesPerToken) continue;
    if (!(await isIn(cng, provider, container, keySpec, reader))) continue;
    const place = { provider, name: container, container, keySpec };
    const found = await look(cng, place, reader, () => Promise.resolve(certificate));
    if (found !== undefined) places.push({ ...found, certificate });
  }
  return places;
}

async function isOfCards(cng: Cng, provider: string): Promise<boolean> {
  const flags = number(await quiet(cng.providerProperty(provider, '', cngProperty.implementation)), 0) ?? 0;
  return (flags & (hardware | removable)) !== 0;
}

async function isIn(cng: Cng, provider: string, name: string, keySpec: number, reader: string): Promise<boolean> {
  // Most certificates in the store are of cards that are not in.
  const key = await quiet(cng.openKey(provider, name, keySpec));
  if (key === undefined) return false;
  const told = text(await quiet(cng.keyProperty(key, cngProperty.reader)));
  await cng.closeKey(key);
  return told === reader;
}

async function storedFor(
  stored: () => Promise<StoredCertificate[]>,
  { container, name }: Place,
): Promise<Uint8Array | undefined> {
  const found = (await stored()).find(
    (one) =>
      (one.provider === smartCardProvider || one.provider === predecessor) &&
      (one.container === container || one.container === name),
  );
  return found?.certificate;
}

/** A property that not every provider has. @throws TokenError when the card is gone */
async function optional(reading: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof CngError)) throw error;
    const failure = tokenErrorOfCng(error.code);
    if (isAbsent(failure)) throw failure;
    return undefined;
  }
}

/** The card is gone, or the service that leads to it: nothing else can be read of it. */
function isAbsent({ failure }: TokenError): boolean {
  return failure === 'ERR_CARD_REMOVED' || failure === 'ERR_CARD_SERVICE';
}

/** For what concerns other cards than the one in the reader: no failure says anything. */
async function quiet<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CngError) return undefined;
    throw error;
  }
}

/** UTF-16 that ends at its zero. */
function text(value: Uint8Array | undefined): string {
  return (
    Buffer.from(value ?? new Uint8Array())
      .toString('utf16le')
      .split('\0')[0] ?? ''
  );
}

/** The DWORD at a place; undefined where the value is shorter. */
function number(value: Uint8Array | undefined, index: number): number | undefined {
  if (value === undefined || value.length < (index + 1) * 4) return undefined;
  return Buffer.from(value).readUInt32LE(index * 4);
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

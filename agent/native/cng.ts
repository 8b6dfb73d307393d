// CNG's key storage on Windows (ncrypt.h): keys, what they say of themselves, PIN, signature. Off the main thread, and silent: where a
// provider would show a dialog, the call fails instead. What the codes mean for the holder is tokens/cng/cng-status.ts.
import { addon, type NativeStoredCertificate } from './addon.ts';

/** MS_SMART_CARD_KEY_STORAGE_PROVIDER: Windows' own, which drives cards through their minidrivers. */
export const smartCardProvider = 'Microsoft Smart Card Key Storage Provider';

/** Names of properties: ncrypt.h. */
export const cngProperty = {
  /** NCRYPT_IMPL_TYPE_PROPERTY of a provider: DWORD of flags. */
  implementation: 'Impl Type',
  /** NCRYPT_ALGORITHM_GROUP_PROPERTY: "RSA", "ECDSA". */
  algorithmGroup: 'Algorithm Group',
  /** NCRYPT_CERTIFICATE_PROPERTY: DER. */
  certificate: 'SmartCardKeyCertificate',
  /** NCRYPT_SMARTCARD_GUID_PROPERTY: names the card. */
  cardIdentifier: 'SmartCardGuid',
  /** NCRYPT_READER_PROPERTY: the reader's name. */
  reader: 'SmartCardReader',
  /** NCRYPT_SCARD_PIN_ID: DWORD that names the PIN of a key. */
  pinIdentifier: 'SmartCardPinId',
  /** NCRYPT_SCARD_PIN_INFO: PIN_INFO (cardmod.h). */
  pinInformation: 'SmartCardPinInfo',
} as const;
export type CngProperty = (typeof cngProperty)[keyof typeof cngProperty];

/** A CNG call failed. `code`: the unsigned SECURITY_STATUS (0x80090022), which may be an SCARD code too. */
export class CngError extends Error {
  override readonly name = 'CngError';
  readonly code: number;

  constructor(code: number) {
    super(`0x${code.toString(16).toUpperCase().padStart(8, '0')}`);
    this.code = code;
  }
}

/** A key as its provider lists it; with its reader in front, the name opens it in that reader alone. */
export interface ListedKey {
  readonly name: string;
  readonly algorithm: string;
  /** dwLegacyKeySpec: goes back to `openKey` as it is. */
  readonly keySpec: number;
}

/** How a digest is padded. `hash`: CNG's name of the hash it was made with, "SHA256"; '' for 'none', which is ECDSA's. */
export interface SignaturePadding {
  readonly padding: 'pkcs1' | 'pss' | 'none';
  readonly hash: 'SHA1' | 'SHA256' | 'SHA384' | 'SHA512' | '';
}

export type StoredCertificate = NativeStoredCertificate;

/** CNG as it is used; every call throws CngError. Tests play it. */
export interface Cng {
  /** NCryptEnumKeys. `scope`: '', or "\\\\.\\READER\\" for the card in one reader. */
  listKeys(provider: string, scope: string): Promise<ListedKey[]>;
  /** A property of the provider itself; with a reader, of the card in it (NCRYPT_READER_PROPERTY is set first). */
  providerProperty(provider: string, reader: string, property: CngProperty): Promise<Uint8Array>;
  /** NCryptOpenKey, with a provider of its own: a number that stands for both. */
  openKey(provider: string, name: string, keySpec: number): Promise<number>;
  keyProperty(key: number, property: CngProperty): Promise<Uint8Array>;
  /**
   * NCRYPT_PIN_PROPERTY. The PIN is copied into locked memory at once, widened to UTF-16 there and wiped after the call; the caller
   * zeroes `pin`. Some providers check it now, others at the first signature. Throws RangeError but for 1 to 127 characters of ASCII.
   */
  setPin(key: number, pin: Uint8Array): Promise<void>;
  /** NCryptSignHash with the digest as it is; ECDSA gives r||s, PSS a salt as long as the digest. */
  sign(key: number, digest: Uint8Array, padding: SignaturePadding): Promise<Uint8Array>;
  /** Lets go of a key and its provider. Never throws. */
  closeKey(key: number): Promise<void>;
  /** The certificates of CurrentUser\MY that name a private key, wherever it stands. */
  storedCertificates(): Promise<StoredCertificate[]>;
}

/** The machine's own. */
export const systemCng: Cng = {
  listKeys: async (provider, scope) => {
    const { code, keys } = await addon().cngKeys(provider, scope);
    return answer(code, keys);
  },
  providerProperty: async (provider, reader, property) => {
    const { code, value } = await addon().cngProviderProperty(provider, reader, property);
    return answer(code, value);
  },
  openKey: async (provider, name, keySpec) => {
    const { code, key } = await addon().cngOpenKey(provider, name, keySpec);
    return answer(code, key);
  },
  keyProperty: async (key, property) => {
    const { code, value } = await addon().cngKeyProperty(key, property);
    return answer(code, value);
  },
  setPin: async (key, pin) => {
    const { code } = await addon().cngSetPin(key, pin);
    if (code !== 0) throw new CngError(code);
  },
  sign: async (key, digest, { padding, hash }) => {
    const { code, signature } = await addon().cngSign(key, digest, padding, hash);
    return answer(code, signature);
  },
  closeKey: async (key) => {
    await addon().cngCloseKey(key);
  },
  storedCertificates: async () => {
    const { code, certificates } = await addon().cngStoredCertificates();
    return answer(code, certificates);
  },
};

function answer<T>(code: number, value: T | undefined): T {
  if (code !== 0 || value === undefined) throw new CngError(code);
  return value;
}

// CNG and PC/SC as a test plays them: keys in readers, a PIN, and every call written down in order. PINs are not in it.
import {
  type Cng,
  CngError,
  cngProperty,
  smartCardProvider,
  type StoredCertificate,
} from '../../../../agent/native/cng.ts';
import { type CardAccess } from '../../../../agent/tokens/cng/cng-backend.ts';
import { type PinStatus } from '../../../../shared/messages.ts';

export interface PlayedKey {
  reader: string;
  container: string;
  provider?: string;
  keySpec?: number;
  group?: string;
  /** The content of its certificate; undefined: the provider gives none. */
  certificate?: string | Uint8Array;
  pin?: number;
  pinPad?: boolean;
}

const utf16 = (text: string): Uint8Array => Buffer.from(`${text}\0`, 'utf16le');
const dwords = (...values: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
};

export const notSupported = 0x80090029;

export class PlayedCng implements Cng {
  keys: PlayedKey[] = [];
  stored: StoredCertificate[] = [];
  /** SmartCardGuid by reader, in hex; undefined: no key tells it. */
  readonly guids = new Map<string, string>();
  /** Codes that calls answer with instead: `setPin`, `sign`, `listKeys`, `openKey`, or a property's name. */
  readonly failures = new Map<string, number>();
  /** Flags of providers; those that are missing are not there. */
  readonly implementations = new Map([[smartCardProvider, 0x9]]);
  readonly calls: string[];
  readonly #open = new Map<number, PlayedKey>();
  #last = 0;

  constructor(calls: string[]) {
    this.calls = calls;
  }

  get openKeys(): number {
    return this.#open.size;
  }

  listKeys: Cng['listKeys'] = async (provider, scope) => {
    await this.#note('listKeys', scope);
    const listed = this.keys.filter((key) => providerOf(key) === provider && scope === `\\\\.\\${key.reader}\\`);
    return listed.map(({ container, keySpec = 1 }) => ({ name: container, algorithm: 'RSA', keySpec }));
  };

  providerProperty: Cng['providerProperty'] = async (provider, reader, property) => {
    await this.#note(property, `of provider for '${reader}'`);
    if (property === cngProperty.implementation) {
      const flags = this.implementations.get(provider);
      return flags === undefined ? failed(0x80090013) : dwords(flags);
    }
    const guid = this.guids.get(`by reader ${reader}`);
    return guid === undefined ? failed(notSupported) : Buffer.from(guid, 'hex');
  };

  openKey: Cng['openKey'] = async (provider, name, keySpec) => {
    await this.#note('openKey', name);
    const found = this.keys.find((key) => {
      const scope = provider === smartCardProvider ? `\\\\.\\${key.reader}\\` : '';
      return providerOf(key) === provider && name === `${scope}${key.container}` && keySpec === (key.keySpec ?? 1);
    });
    if (found === undefined) return failed(0x80090016);
    this.#last += 1;
    this.#open.set(this.#last, found);
    return this.#last;
  };

  keyProperty: Cng['keyProperty'] = (number, property) => {
    const key = this.#key(number);
    const failure = this.failures.get(property);
    if (failure !== undefined) return failed(failure);
    const values: Record<string, Uint8Array | undefined> = {
      [cngProperty.certificate]: typeof key.certificate === 'string' ? Buffer.from(key.certificate) : key.certificate,
      [cngProperty.algorithmGroup]: utf16(key.group ?? 'RSA'),
      [cngProperty.reader]: utf16(key.reader),
      [cngProperty.pinIdentifier]: key.pin === undefined ? undefined : dwords(key.pin),
      [cngProperty.pinInformation]: dwords(6, key.pinPad === true ? 1 : 0, 0),
      [cngProperty.cardIdentifier]: this.guids.has(key.reader)
        ? Buffer.from(this.guids.get(key.reader) ?? '', 'hex')
        : undefined,
    };
    const value = values[property];
    return value === undefined ? failed(notSupported) : Promise.resolve(value);
  };

  setPin: Cng['setPin'] = async (number) => {
    await this.#note('setPin', this.#key(number).container);
  };

  sign: Cng['sign'] = async (number, _digest, { padding, hash }) => {
    await this.#note('sign', `${this.#key(number).container} ${padding} ${hash}`.trim());
    return Uint8Array.of(1);
  };

  closeKey: Cng['closeKey'] = (number) => {
    this.#open.delete(number);
    return Promise.resolve();
  };

  storedCertificates: Cng['storedCertificates'] = async () => {
    await this.#note('storedCertificates', '');
    return this.stored;
  };

  #key(number: number): PlayedKey {
    const key = this.#open.get(number);
    if (key === undefined) throw new CngError(0x80090026);
    return key;
  }

  #note(call: string, what: string): Promise<void> {
    this.calls.push(`${call} ${what}`.trim());
    const failure = this.failures.get(call);
    return failure === undefined ? Promise.resolve() : failed(failure);
  }
}

/** What cards say of themselves. */
export class PlayedCards implements CardAccess {
  identity = '';
  pin: PinStatus | undefined;
  absence: Awaited<ReturnType<CardAccess['absenceOf']>>;
  readonly calls: string[];

  constructor(calls: string[]) {
    this.calls = calls;
  }

  readCardFacts: CardAccess['readCardFacts'] = (_reader, profile) => {
    this.calls.push('card facts');
    return Promise.resolve({ identity: this.identity, pin: profile.pinStatus === undefined ? undefined : this.pin });
  };
  readIdentity: CardAccess['readIdentity'] = () => {
    this.calls.push('card identity');
    return Promise.resolve(this.identity);
  };
  readPinStatus: CardAccess['readPinStatus'] = (_reader, profile) => {
    this.calls.push('card PIN');
    return Promise.resolve(profile.pinStatus === undefined ? undefined : this.pin);
  };
  resetCardIn: CardAccess['resetCardIn'] = (reader) => {
    this.calls.push(`reset ${reader}`);
    return Promise.resolve();
  };
  absenceOf: CardAccess['absenceOf'] = () => {
    this.calls.push('card absence');
    return Promise.resolve(this.absence);
  };
}

function providerOf({ provider = smartCardProvider }: PlayedKey): string {
  return provider;
}

function failed(code: number): Promise<never> {
  return Promise.reject(new CngError(code));
}

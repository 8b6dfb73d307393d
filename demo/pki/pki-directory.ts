// Keeps a test PKI in a directory (0700, every file 0600), so that a demonstration need not make new keys at each start
// and a browser that was told of its root once stays told. A kept certificate that has expired is made anew.
// The keys are of no worth outside the machine that made them; they are protected all the same.
import { createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { lstat, mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type CertificateAuthority } from './certificate-authority.ts';
import { keyPairOf } from './keys.ts';
import {
  createTestPki,
  ISSUER_KEYS,
  type Issued,
  type IssuerKey,
  type PkiOptions,
  type TestPki,
  testPkiOf,
} from './pki.ts';

export interface PkiDirectory {
  readonly pki: TestPki;
  /**
   * What is kept under `name`, or what `issue` makes, which is then kept.
   * `name`: lower-case letters, digits and hyphens.
   */
  issued(name: string, issue: () => Promise<Issued>): Promise<Issued>;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----/;
/** A new PKI is made when the old one has less than this left, so that no demonstration dies half-way. */
const MARGIN_MS = 86_400_000;

/**
 * Opens the PKI that is kept in `directory`; makes it (and the directory) if there is none or it is about to expire.
 * @throws Error if the directory is another user's, open to others, or holds something that does not parse.
 */
export async function openPkiDirectory(directory: string, options: PkiOptions = {}): Promise<PkiDirectory> {
  const { now = () => new Date() } = options;
  let pki = await loadPki(directory, options);
  if (pki === undefined || endsSoon(pki.root, now())) {
    pki = await createTestPki(options);
    await savePki(directory, pki);
  }
  const kept = pki;
  return {
    pki: kept,
    async issued(name, issue) {
      if (!NAME.test(name))
        throw new TypeError('The name of a kept certificate is lower-case letters, digits and hyphens.');
      const file = join(directory, `issued-${name}.pem`);
      const found = await readIssued(file);
      if (found !== undefined && !endsSoon(found.certificate, now())) return found;
      const made = await issue();
      await writeFileAtomically(file, pemOf(made.privateKey, [made.certificate, ...made.chain]));
      return made;
    },
  };
}

/** Writes the authorities of a PKI; what `directory` held before is gone, also what was issued by the old keys. */
export async function savePki(directory: string, pki: TestPki): Promise<void> {
  const parent = dirname(directory);
  await mkdir(parent, { recursive: true });
  // Made beside and renamed as a whole: a reader never sees half of one PKI and half of another.
  const fresh = await mkdtemp(join(parent, `.${basename(directory)}-`));
  try {
    const { root, tlsRoot, issuers } = pki.authorities;
    const all: readonly (readonly [string, CertificateAuthority])[] = [
      ['root', root],
      ['tls-root', tlsRoot],
      ...ISSUER_KEYS.map((key) => [fileNameOf(key), issuers[key]] as const),
    ];
    for (const [name, { keys, certificate }] of all) {
      await writeFileAtomically(join(fresh, `${name}.pem`), pemOf(keys.privateKey, [certificate]));
    }
    if ((await kindOf(directory)) !== undefined) {
      await assertPrivate(directory);
      await rm(directory, { recursive: true });
    }
    await rename(fresh, directory);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Reads the authorities of a PKI; undefined if there is no such directory or it is empty. */
export async function loadPki(directory: string, options: PkiOptions = {}): Promise<TestPki | undefined> {
  if ((await kindOf(directory)) === undefined) return undefined;
  await assertPrivate(directory);
  const read = async (name: string): Promise<CertificateAuthority | undefined> => {
    const issued = await readIssued(join(directory, `${name}.pem`));
    return issued && { keys: issued, certificate: issued.certificate };
  };
  const root = await read('root');
  if (root === undefined) return undefined;
  const need = async (name: string): Promise<CertificateAuthority> => {
    const authority = await read(name);
    if (authority === undefined)
      throw new Error(`${join(directory, name)}.pem is missing. Remove the directory; a new PKI is made.`);
    return authority;
  };
  const issuer = (key: IssuerKey): Promise<CertificateAuthority> => need(fileNameOf(key));
  const [tlsRoot, hsaId3, hsaId2, id3, id2] = await Promise.all([
    need('tls-root'),
    issuer('hsaId3'),
    issuer('hsaId2'),
    issuer('id3'),
    issuer('id2'),
  ]);
  return testPkiOf({ root, tlsRoot, issuers: { hsaId3, hsaId2, id3, id2 } }, options);
}

/** DER as PEM. */
export function pemCertificate(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

function pemOf(privateKey: KeyObject, certificates: readonly Uint8Array[]): string {
  return [privateKey.export({ type: 'pkcs8', format: 'pem' }), ...certificates.map(pemCertificate)].join('');
}

async function readIssued(file: string): Promise<Issued | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const key = PRIVATE_KEY.exec(text)?.[0];
  const [certificate, ...chain] = (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  if (key === undefined || certificate === undefined)
    throw new Error(`${file} holds no key and certificate. Remove it.`);
  const privateKey = createPrivateKey(key);
  if (!certificate.checkPrivateKey(privateKey))
    throw new Error(`${file}: the key is not the certificate's. Remove it.`);
  const der = (one: X509Certificate): Uint8Array => new Uint8Array(one.raw);
  return { ...keyPairOf(privateKey), certificate: der(certificate), chain: chain.map(der) };
}

async function writeFileAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.new`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

async function assertPrivate(directory: string): Promise<void> {
  const stats = await lstat(directory);
  if (!stats.isDirectory()) throw new Error(`${directory} is not a directory.`);
  if (process.platform === 'win32') return;
  if (stats.uid !== process.getuid?.()) throw new Error(`${directory} belongs to another user.`);
  if ((stats.mode & 0o077) !== 0) throw new Error(`${directory} is open to others. Its mode must be 0700.`);
}

async function kindOf(path: string): Promise<'there' | undefined> {
  try {
    await lstat(path);
    return 'there';
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function endsSoon(certificate: Uint8Array, now: Date): boolean {
  return new Date(new X509Certificate(certificate).validTo).getTime() - now.getTime() < MARGIN_MS;
}

function fileNameOf(key: IssuerKey): string {
  return { hsaId3: 'person-hsa-id-3', hsaId2: 'person-hsa-id-2', id3: 'person-id-3', id2: 'person-id-2' }[key];
}

// Whose certificates the agent believes when it calls a server: the system's authorities, and those that policy adds. Read when the
// first call is made and again when a file changes; one context is kept (about 1.5 MB), since making it takes some 50 ms.
import { X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { fileProblem, type Trust } from '../tokens/trusted-file.ts';

/** Where Linux distributions put their authorities: Debian, Red Hat, SUSE. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/** The largest system bundles are about 0.5 MB; a county council's own authorities are a handful. */
const longestBundle = 4_000_000;
const longestAuthorities = 262_144;

/** The system's own authorities. */
export interface SystemAuthorities {
  /** Something that changes whenever they do. */
  version: () => string;
  /** PEM texts. */
  read: () => readonly string[];
}

/** Those of a Linux distribution: the first bundle that exists counts, without any Node's own list. */
export function bundledAuthorities(bundles: readonly string[] = systemBundles): SystemAuthorities {
  const bundle = () => bundles.find((path) => versionOf(path) !== undefined);
  return {
    version: () => named(bundle()),
    read: () => authoritiesIn(bundle()),
  };
}

export interface TrustStoreOptions {
  system: SystemAuthorities;
  /** The file of policy cannot be used: the system's authorities alone count. Told once, until it can be used again. */
  unreadable: () => void;
  /** Who may have put policy's file there; absent in development: anybody. */
  trust?: Trust | undefined;
}

export class TrustStore {
  readonly #options: TrustStoreOptions;
  #kept: { version: string; context: SecureContext } | undefined;
  /** The file that was told to be unreadable. */
  #told: string | undefined;

  constructor(options: TrustStoreOptions) {
    this.#options = options;
  }

  /** What a TLS connection verifies with. `authorities`: a PEM file of policy's. */
  context(authorities: string | undefined): SecureContext {
    const { system } = this.#options;
    const version = `${system.version()}\n${named(authorities)}`;
    if (this.#kept?.version !== version) {
      const ca = [...system.read(), ...this.#further(authorities)];
      this.#kept = { version, context: createSecureContext({ ca }) };
    }
    return this.#kept.context;
  }

  #further(path: string | undefined): string[] {
    if (path === undefined) return [];
    try {
      const certificates = policyAuthorities(path, this.#options.trust);
      this.#told = undefined;
      return certificates;
    } catch {
      if (this.#told !== path) this.#options.unreadable();
      this.#told = path;
      return [];
    }
  }
}

/**
 * The certificates of a PEM file that policy names.
 * @throws Error when it cannot be read, holds anything else, or `trust` says that anybody could have put it there
 */
export function policyAuthorities(path: string, trust: Trust | undefined): string[] {
  if (trust !== undefined && fileProblem(path, trust) !== undefined) throw new Error('anybody could have put it there');
  return certificatesIn(readBounded(path, longestAuthorities));
}

/** The certificates of a PEM text (RFC 7468 5), every one well formed. @throws Error when there is none, or one is not */
function certificatesIn(text: string): string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0 || found.length !== text.split('-----BEGIN ').length - 1) throw new Error('not certificates');
  return found.map((pem) => new X509Certificate(pem).toString());
}

/** PEM texts: the system's bundle, or without one the list that came with Node. */
export function authoritiesIn(bundle: string | undefined): string[] {
  try {
    if (bundle !== undefined) return [readBounded(bundle, longestBundle)];
  } catch {
    // A bundle that this user may not read is none.
  }
  return [...rootCertificates];
}

function named(path: string | undefined): string {
  return path === undefined ? '' : `${path} ${versionOf(path) ?? ''}`;
}

/** Something that changes whenever the file does; undefined: there is no such file. */
function versionOf(path: string): string | undefined {
  try {
    const { dev, ino, size, ctimeMs } = statSync(path);
    return `${dev} ${ino} ${size} ${ctimeMs}`;
  } catch {
    return undefined;
  }
}

/** Reads a file; a pipe or a device has no size, so that nothing is read of it, and opening it holds nothing up. */
function readBounded(path: string, most: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    if (size > most) throw new RangeError('not a file of this kind');
    const bytes = Buffer.alloc(size);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

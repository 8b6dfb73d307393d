// What the tests of XML and JSON signatures share: Anna's signing key in every kind that a card may have, a signer that counts,
// and xmlsec1, which shares no code with us.
import { execFileSync } from 'node:child_process';
import { constants, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { anna } from '../../../demo/pki/persons.ts';
import { createTestPki, type Issued, type TestPki } from '../../../demo/pki/pki.ts';
import { SignatureError } from '../../../agent/signatures/signature-error.ts';
import { type Signer } from '../../../agent/signatures/signer.ts';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';

export const now = new Date('2026-03-02T12:00:00Z');

/** Every algorithm with a key of its kind. */
export const keyKinds: readonly (readonly [SignatureAlgorithm, KeyKind])[] = [
  ['RS256', 'rsa-2048'],
  ['RS384', 'rsa-3072'],
  ['RS512', 'rsa-2048'],
  ['PS256', 'rsa-2048'],
  ['PS384', 'rsa-3072'],
  ['PS512', 'rsa-2048'],
  ['ES256', 'ec-p256'],
  ['ES384', 'ec-p384'],
];

let shared: Promise<TestPki> | undefined;
const issued = new Map<KeyKind, Promise<Issued>>();

/** One PKI for a whole run. */
export function testPki(): Promise<TestPki> {
  shared ??= createTestPki({ keyKind: 'ec-p256', now: () => new Date('2026-03-01T12:00:00Z') });
  return shared;
}

/** Anna's signature certificate with a key of `kind`. */
export async function annasSignature(kind: KeyKind): Promise<Issued> {
  const pki = await testPki();
  const known = issued.get(kind) ?? pki.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id', key: kind });
  issued.set(kind, known);
  return known;
}

export interface CountingSigner extends Signer {
  /** What was signed, in order. */
  signed: Uint8Array[];
}

export async function signerWith(algorithm: SignatureAlgorithm, kind: KeyKind): Promise<CountingSigner> {
  const { certificate, chain, privateKey } = await annasSignature(kind);
  const signed: Uint8Array[] = [];
  return {
    certificate,
    chain,
    algorithm,
    signed,
    sign: (bytes) => {
      signed.push(bytes);
      const hash = algorithm === 'RS1' ? 'sha1' : `sha${algorithm.slice(2)}`;
      return Promise.resolve(
        sign(hash, bytes, {
          key: privateKey,
          dsaEncoding: 'ieee-p1363',
          ...(algorithm.startsWith('PS') && {
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
          }),
        }),
      );
    },
  };
}

/** A signer by whom nothing may be signed. */
export async function unusedSigner(): Promise<Signer> {
  const signer = await signerWith('ES256', 'ec-p256');
  return { ...signer, sign: () => assert.fail('the signer was asked') };
}

/** Whether xmlsec1 accepts `xml`. `beside`: documents that it refers to, by name. */
export async function xmlsecAccepts(xml: Uint8Array, beside: Readonly<Record<string, Uint8Array>> = {}): Promise<boolean> {
  const { root } = await testPki();
  const directory = mkdtempSync(join(tmpdir(), 'kortbro-xmlsec-'));
  try {
    writeFileSync(join(directory, 'root.der'), root);
    writeFileSync(join(directory, 'signed.xml'), xml);
    for (const [name, bytes] of Object.entries(beside)) writeFileSync(join(directory, name), bytes);
    const options = ['--verify', '--trusted-der', 'root.der', '--verification-gmt-time', '2026-03-02+12:00:00'];
    const ids = ['--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'];
    execFileSync('xmlsec1', [...options, ...ids, 'signed.xml'], { cwd: directory, stdio: 'pipe' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 1) return false;
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Asserts that the call is refused with this code. */
export async function assertRefused(call: () => unknown, code: string): Promise<void> {
  await assert.rejects(
    async () => {
      await call();
    },
    (error: unknown) => {
      assert.ok(error instanceof SignatureError, String(error));
      assert.equal(error.code, code, error.message);
      return true;
    },
  );
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

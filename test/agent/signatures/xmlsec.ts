// xmlsec1 as the judge of XML signatures, and what else their tests share. It shares libxml2 with us and nothing more.
import assert from 'node:assert/strict';
import { SignatureError, type SignatureErrorCode } from '../../../agent/signatures/signature-error.ts';
import { type Signer } from '../../../agent/signatures/signer.ts';
import { type KeyKind } from '../../../demo/pki/keys.ts';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';
import { type TestAuthority } from '../../signatures/test-authority.ts';
import { judge, type Verdict } from './openssl.ts';

export const combinations: [KeyKind, SignatureAlgorithm][] = [
  ['rsa-2048', 'RS256'],
  ['rsa-3072', 'RS384'],
  ['rsa-2048', 'RS512'],
  ['rsa-2048', 'PS256'],
  ['rsa-3072', 'PS384'],
  ['rsa-2048', 'PS512'],
  ['ec-p256', 'ES256'],
  ['ec-p384', 'ES384'],
];

/** `xmlsec1 --verify`: references, signature, and the certificate's chain. `beside`: documents that are referred to, by name. */
export function xmlsec(
  signed: Uint8Array,
  rootFile: string,
  beside: Readonly<Record<string, Uint8Array>> = {},
): Verdict {
  const ids = ['--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'];
  const uris = ['--enabled-reference-uris', 'empty,same-doc,local,remote'];
  const words = ['--verify', '--trusted-pem', rootFile, ...ids, ...uris, 'signed.xml'];
  return judge('xmlsec1', words, { 'signed.xml': signed, ...beside });
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Replaces text that occurs exactly once. */
export function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const parts = textOf(bytes).split(from);
  assert.equal(parts.length, 2, `${from} occurs ${parts.length - 1} times`);
  return utf8(parts.join(to));
}

/** A signer by whom nothing may be signed. */
export async function unusedSigner(authority: TestAuthority): Promise<Signer> {
  const { certificate, chain } = await authority.issueSigner({ key: 'ec-p256' });
  return { certificate, chain, algorithm: 'ES256', sign: () => assert.fail('the signer was asked') };
}

/** Asserts that the call is refused with this code. */
export async function assertRefused(call: () => unknown, code: SignatureErrorCode): Promise<void> {
  const refusal = (error: unknown): true => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
  await assert.rejects(async () => {
    await call();
  }, refusal);
}

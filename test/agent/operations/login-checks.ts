// What login tests assert again and again.
import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { type authenticate } from '../../../agent/operations/authenticate.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { parseResult } from '../../../shared/messages.ts';
import { signedBytes, type CardKey } from './operation-world.ts';

export type Login = Awaited<ReturnType<typeof authenticate>>;

/** A pinentry's reply: none, for as long as it runs. */
export const staysOpen = 'exec sleep 60';

/** What a page's cancel becomes. */
export const cancelled = () => new KortbroError('ERR_REQUEST_CANCELLED');

/** A token that the card of `key` signed for `origin`. */
export function assertTokenOf({ der }: CardKey, origin: string, { token }: Login): void {
  assert.deepEqual(parseResult('authenticate', token), token);
  assert.equal(token.unverifiedCertificate, Buffer.from(der).toString('base64'));
  const key = { key: new X509Certificate(der).publicKey, dsaEncoding: 'ieee-p1363' as const };
  assert.ok(verify('sha256', signedBytes(origin), key, Buffer.from(token.signature, 'base64')), 'not for this login');
}

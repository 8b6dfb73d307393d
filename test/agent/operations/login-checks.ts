// What login tests begin with, and what they assert again and again.
import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { type authenticate } from '../../../agent/operations/authenticate.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { parseResult } from '../../../shared/messages.ts';
import { loginCards, OperationWorld, signedBytes, type CardKey, type LoginCards } from './operation-world.ts';

export type Login = Awaited<ReturnType<typeof authenticate>>;

/** For a suite: each of its tests begins in a world of its own, handed to `begin` with the cards, and tidied up afterwards. */
export function inNewWorlds(begin: (world: OperationWorld, cards: LoginCards) => void): void {
  let world: OperationWorld;
  let cards: LoginCards;
  before(async () => {
    cards = await loginCards();
  });
  beforeEach(() => {
    world = new OperationWorld();
    begin(world, cards);
  });
  afterEach(() => world.pinentry.remove());
}

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

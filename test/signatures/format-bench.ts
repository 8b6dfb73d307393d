// What a run of the table of formats needs, on whatever card: an authority, a card whose keys for signatures it has issued, the
// policy that names it, and one signing by one of the keys.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { type KeyKind } from '../../demo/pki/keys.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import { type AgentUnderTest } from '../support/agent-under-test.ts';
import { type HostClient } from '../support/host-client.ts';
import { SigningClient, type SigningWish } from '../support/signing-client.ts';
import { twoPinCard, type TwoPinTestCard } from '../support/test-cards.ts';
import { type MadeSignature, type SigningFormat } from './formats.ts';
import { TestAuthority } from './test-authority.ts';

export const journal = 'https://journal.example.se';

export interface FormatBench {
  readonly authority: TestAuthority;
  /** With a signature key of each kind, in this order. */
  readonly card: TwoPinTestCard;
  readonly policy: PolicyFile;
  /** The certificate of a kind of key. */
  readonly certificate: (kind: KeyKind) => Uint8Array;
}

/** A second, with two RSA keys. Whoever makes it closes the authority. */
export async function makeFormatBench(kinds: readonly KeyKind[]): Promise<FormatBench> {
  const authority = await TestAuthority.create();
  const [keys, blank] = await Promise.all([
    Promise.all(kinds.map((key) => authority.issueSigner({ key, commonName: `Anna Testsson ${key}` }))),
    twoPinCard('anna', { authentication: ['rsa-2048'], signature: [] }),
  ]);
  const { timeStamp, ocsp, crl, rootCrl } = authority.urls;
  return {
    authority,
    card: { ...blank, signature: { ...blank.signature, keys } },
    policy: {
      sites: [{ origin: journal, identity: 'any', signing: { documents: 10, hash: true } }],
      signing: { timeStamp, ocsp, crl: [crl, rootCrl], authorities: authority.path('chain.pem') },
    },
    certificate: (kind) => {
      const issued = keys[kinds.indexOf(kind)];
      assert.ok(issued, `no key of kind ${kind}`);
      return issued.certificate;
    },
  };
}

/** What names one certificate for a site. */
export function serialNumberOf(certificate: Uint8Array): string {
  return new X509Certificate(certificate).serialNumber.replace(/^0+/, '');
}

/** Has a document signed in this format by the key of this kind, with the PIN. */
export async function makeSignature(
  { authority, card, certificate }: FormatBench,
  { pinentry }: AgentUnderTest,
  host: HostClient,
  format: SigningFormat,
  [kind, algorithm]: readonly [KeyKind, SignatureAlgorithm],
): Promise<MadeSignature> {
  const document = await format.document(algorithm);
  const der = certificate(kind);
  const asked = {
    hash: `SHA-${algorithm.slice(2)}` as 'SHA-256',
    ...(algorithm.startsWith('ES') ? {} : ({ padding: algorithm.startsWith('PS') ? 'pss' : 'pkcs1' } as const)),
  };
  const wish: SigningWish = {
    ...format.wish(algorithm),
    algorithm: asked,
    certificate: { serialNumber: serialNumberOf(der) },
  };
  pinentry.answer(`pin ${card.signature.pin}`);
  const { answer, consent, signed, signatures } = await new SigningClient(host, [document]).run(journal, wish);
  assert.deepEqual(answer, { result: { signed: 1 } });
  assert.equal(consent?.keys.length, 1);
  assert.equal(signed?.algorithm, algorithm);
  assert.equal(signed.certificate, Buffer.from(der).toString('base64'));
  return { document: document.content, signature: signatures[0]!, certificate: der, algorithm, authority };
}

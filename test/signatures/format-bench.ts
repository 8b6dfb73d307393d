// What a run of the table of formats needs, on whatever card: an authority, a card whose keys for signatures it has issued, the
// policy that names it, and one signing by one of the keys.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type PolicyFile } from '../../demo/demo-policy.ts';
import { type KeyKind } from '../../demo/pki/keys.ts';
import { type SignatureAlgorithm } from '../../shared/signing.ts';
import { type AgentUnderTest } from '../support/agent-under-test.ts';
import { type HostClient } from '../support/host-client.ts';
import { SigningClient, type SigningEnd, type SigningWish } from '../support/signing-client.ts';
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

/** Asks for a document to be signed in this format by the key of this kind. PINs are the caller's to queue. */
export async function askForSignature(
  { certificate }: FormatBench,
  host: HostClient,
  format: SigningFormat,
  [kind, algorithm]: readonly [KeyKind, SignatureAlgorithm],
): Promise<{ end: SigningEnd; document: Uint8Array }> {
  const document = await format.document(algorithm);
  const padding = { ES: {}, PS: { padding: 'pss' }, RS: { padding: 'pkcs1' } } as const;
  const wish: SigningWish = {
    ...format.wish(algorithm),
    algorithm: {
      hash: `SHA-${algorithm.slice(2)}` as 'SHA-256',
      ...padding[algorithm.slice(0, 2) as keyof typeof padding],
    },
    certificate: { serialNumber: serialNumberOf(certificate(kind)) },
  };
  return { end: await new SigningClient(host, [document]).run(journal, wish), document: document.content };
}

/** The same with the PIN; fails unless it is signed, by that key. */
export async function makeSignature(
  bench: FormatBench,
  { pinentry }: AgentUnderTest,
  host: HostClient,
  format: SigningFormat,
  key: readonly [KeyKind, SignatureAlgorithm],
): Promise<MadeSignature> {
  const [kind, algorithm] = key;
  const certificate = bench.certificate(kind);
  pinentry.answer(`pin ${bench.card.signature.pin}`);
  const { end, document } = await askForSignature(bench, host, format, key);
  const { answer, consent, signed, signatures } = end;
  assert.deepEqual(answer, { result: { signed: 1 } });
  assert.equal(consent?.keys.length, 1);
  assert.equal(signed?.algorithm, algorithm);
  assert.equal(signed.certificate, Buffer.from(certificate).toString('base64'));
  return { document, signature: signatures[0]!, certificate, algorithm, authority: bench.authority };
}

// The journal's desk for signatures, and card holders who sign with the agent's own containers, without card or browser.
import { sign } from 'node:crypto';
import { signCms } from '../../../agent/signatures/cms.ts';
import { signPades } from '../../../agent/signatures/pades.ts';
import { type Signer } from '../../../agent/signatures/signer.ts';
import { signXades } from '../../../agent/signatures/xades.ts';
import { type Person } from '../../../demo/pki/persons.ts';
import { createTestPki, type TestPki } from '../../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../../demo/pki/policies.ts';
import { signatureField } from '../../../demo/sites/signing/decision-pdf.ts';
import { SigningDesk } from '../../../demo/sites/signing/signing-desk.ts';
import { type SigningKind, type SigningWish } from '../../../demo/sites/signing/signing-forms.ts';
import { type VerifiedHolder } from '../../../relying-party/src/index.ts';

export const wishes: Readonly<Record<SigningKind, SigningWish>> = {
  certificate: {
    kind: 'certificate',
    fields: {
      patient: 'Doris Demosson',
      diagnosis: `Ont i knä & "fot" <vänster> 'båda'`,
      assessment: 'Rad ett.\nRad två > rad ett.',
      extent: '25',
      from: '2026-03-01',
      to: '2026-03-08',
    },
  },
  decision: {
    kind: 'decision',
    fields: { patient: 'Frida Fiktiv', decision: 'granted', reason: 'Åtgärd behövs – nu.' },
  },
  prescriptions: { kind: 'prescriptions' },
};
export const kinds = Object.keys(wishes) as SigningKind[];

/** A person who is logged in, and can sign. */
export interface ClinicHolder {
  readonly holder: VerifiedHolder;
  /** `key`: with the one for logging in, which is no good. */
  sign(kind: SigningKind, document: Uint8Array, key?: 'authentication'): Promise<Uint8Array>;
}

export interface Clinic {
  readonly desk: SigningDesk;
  /** Moves the desk's clock, in milliseconds. */
  pass(milliseconds: number): void;
  holder(person: Person): Promise<ClinicHolder>;
}

export async function signingClinic(): Promise<Clinic> {
  const pki = await createTestPki({ keyKind: 'ec-p256' });
  let now = Date.now();
  const desk = new SigningDesk({
    roots: [pki.root],
    trustedIssuers: [{ certificate: pki.issuers.hsaId3, assuranceLevel: 3 }],
    assuranceLevels: TEST_ASSURANCE_LEVELS,
    minimumLevel: 2,
    clock: () => now,
  });
  return {
    desk,
    pass: (milliseconds) => void (now += milliseconds),
    holder: async (person) => {
      const [signature, authentication] = await Promise.all([
        signerOf(pki, person, 'signature'),
        signerOf(pki, person, 'authentication'),
      ]);
      return {
        holder: verifiedHolder(person),
        sign: (kind, document, key) => signed(kind, document, key === undefined ? signature : authentication),
      };
    },
  };
}

/** A key of the person's on a card of this PKI. */
export async function signerOf(pki: TestPki, person: Person, kind: 'authentication' | 'signature'): Promise<Signer> {
  const { certificate, chain, privateKey } = await pki.issuePerson({ person, kind, identity: 'hsa-id' });
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return { certificate, chain, algorithm: 'ES256', sign: (bytes) => Promise.resolve(sign('sha256', bytes, key)) };
}

export function signed(kind: SigningKind, document: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const now = { now: new Date() };
  if (kind === 'decision') return signPades(document, { field: signatureField }, signer, now);
  if (kind === 'prescriptions') return signCms(document, { attached: true }, signer, now);
  return signXades(document, { packaging: 'enveloped', mimeType: 'application/xml' }, signer, now);
}

function verifiedHolder({ givenName, surname, hsaId, organisation }: Person): VerifiedHolder {
  return {
    identity: { kind: 'hsa-id', hsaId },
    name: `${givenName} ${surname}`,
    organisation,
    assuranceLevel: 3,
    issuer: '',
    certificate: new Uint8Array(),
    certificateSha256: '',
    notAfter: new Date(),
    appVersion: '',
    nonce: '',
  };
}

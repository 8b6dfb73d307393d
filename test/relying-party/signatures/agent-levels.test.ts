// Level B-LT from end to end: what the agent asks authorities for and puts into each container, read by a server that trusts the root.
import assert from 'node:assert/strict';
import { signCms } from '../../../agent/signatures/cms.ts';
import { signPades } from '../../../agent/signatures/pades.ts';
import { signXades } from '../../../agent/signatures/xades.ts';
import { type Issued } from '../../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS, TEST_POLICY } from '../../../demo/pki/policies.ts';
import {
  createSignatureTrust,
  type SignatureReport,
  type SignatureTrust,
  verifyCms,
  verifyPades,
  verifyXades,
} from '../../../relying-party/src/index.ts';
import { FakeClock } from '../../agent/fake-clock.ts';
import { batchOf } from '../../agent/operations/sign/authority-batch.ts';
import { pdfDocument } from '../../signatures/documents.ts';
import { signerOf } from '../../signatures/signing.ts';
import { TestAuthority } from '../../signatures/test-authority.ts';

describe("The agent's level B-LT", function () {
  this.timeout(60_000);
  let authority: TestAuthority;
  let issued: Issued;

  before(async () => {
    authority = await TestAuthority.create();
    issued = await authority.issueSigner({
      key: 'ec-p256',
      profile: {
        subject: [
          ['C', 'SE'],
          ['SN', 'Testsson'],
          ['GN', 'Anna'],
          ['CN', 'Anna Testsson'],
          ['serialNumber', 'SE0000000000-1ABC'],
        ],
        policies: [TEST_POLICY.personHsaId3],
      },
    });
  });
  after(() => authority.close());
  beforeEach(() => authority.instead.clear());

  const trust = (timeStampAuthority: Uint8Array): SignatureTrust =>
    createSignatureTrust({
      roots: [authority.root],
      trustedIssuers: [{ certificate: authority.issuer, assuranceLevel: 3 }],
      assuranceLevels: TEST_ASSURANCE_LEVELS,
      minimumLevel: 3,
      timeStampAuthorities: [timeStampAuthority],
    });
  const batch = (crl: readonly string[]) =>
    batchOf(authority, issued.certificate, {
      clock: new FakeClock(),
      signal: new AbortController().signal,
      crl: [...crl],
    });
  const document = Buffer.from('<intyg>Anna Testsson: frisk.</intyg>');
  const xades = { packaging: 'enveloped', mimeType: 'application/xml' } as const;
  const signer = () => signerOf(issued, 'ES256');

  type Surroundings = ReturnType<ReturnType<typeof batchOf>>;
  const formats: Record<string, (given: Surroundings, by: SignatureTrust) => Promise<SignatureReport>> = {
    CAdES: async (given, by) =>
      verifyCms({ signature: await signCms(document, { attached: true }, signer(), given) }, by),
    XAdES: async (given, by) => verifyXades({ signature: await signXades(document, xades, signer(), given) }, by),
    PAdES: async (given, by) => (await verifyPades(await signPades(await pdfDocument(), {}, signer(), given), by))[0],
  };

  for (const [name, made] of Object.entries(formats)) {
    it(`is what a server finds in ${name}, by OCSP and by lists, whether it trusts the root or the CA of the time stamps`, async () => {
      const { crl, timeStampCrl, rootCrl } = authority.urls;
      for (const answers of ['given', 'nothing'] as const) {
        if (answers === 'nothing')
          for (const one of ['ocsp', 'ts-ocsp'] as const) authority.instead.set(one, 'nothing');
        const one = batch([crl, timeStampCrl, rootCrl]);
        for (const trusted of [authority.root, authority.timeStampIssuer]) {
          const { level, revocation, timeStamp } = await made(one(), trust(trusted));
          assert.deepEqual([level, revocation.checked, revocation.status], ['B-LT', 'embedded', 'good']);
          assert.deepEqual(timeStamp?.revocation, { checked: 'embedded', status: 'good' });
        }
      }
    });
  }
});

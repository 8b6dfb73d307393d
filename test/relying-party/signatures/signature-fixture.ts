// What the tests of signature verification share: a test PKI with its time-stamping authority, OCSP responder and CRL,
// all of it made and signed by openssl in a folder of its own, and a site that trusts them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asn1 from 'asn1js';
import * as pkijs from 'pkijs';
import {
  type CertificateAuthority,
  type CertificateProfile,
  issueCertificate,
} from '../../../demo/pki/certificate-authority.ts';
import { createKeyPair, type KeyKind } from '../../../demo/pki/keys.ts';
import { anna } from '../../../demo/pki/persons.ts';
import { createTestPki, type Issued, type PersonRequest, type TestPki } from '../../../demo/pki/pki.ts';
import { TEST_ASSURANCE_LEVELS } from '../../../demo/pki/policies.ts';
import { pemCertificate } from '../../../demo/pki/pki-directory.ts';
import {
  createSignatureTrust,
  SignatureError,
  type SignatureErrorCode,
  type SignatureTrust,
  type SignatureTrustOptions,
} from '../../../relying-party/src/index.ts';

export const DAY_MS = 86_400_000;
export const DOCUMENT = Buffer.from('Recept: Alvedon 500 mg\nTill: Cecilia Exempel\n');
/** extKeyUsage as bytes: SEQUENCE of id-kp-timeStamping or id-kp-OCSPSigning. */
const purpose = (last: number): Buffer =>
  Buffer.from(`300a06082b060105050703${last.toString(16).padStart(2, '0')}`, 'hex');
const TIME_STAMP_TOKEN = '1.2.840.113549.1.9.16.2.14';
const OCSP_RESPONSE = '1.3.6.1.5.5.7.16.2';

export interface CmsWish {
  readonly attached?: boolean;
  readonly hash?: string;
  readonly pss?: boolean;
  /** More words for `openssl cms -sign`; default: -cades. */
  readonly words?: readonly string[];
  readonly document?: Uint8Array;
}

export interface StatementWish {
  /** An hour ago; or so many minutes from now. */
  readonly revoked?: boolean | number;
  /** Who answers; default: the responder that the issuing CA has named. */
  readonly responder?: Issued;
  /** Validity of the answer in minutes. */
  readonly minutes?: number;
}

export class SignatureSite {
  readonly pki: TestPki;
  readonly ca: CertificateAuthority;
  readonly tsa: Issued;
  readonly responder: Issued;
  readonly signer: Issued;
  readonly #directory = mkdtempSync(join(tmpdir(), 'kortbro-signature-'));

  private constructor(pki: TestPki, parts: Pick<SignatureSite, 'tsa' | 'responder' | 'signer'>) {
    this.pki = pki;
    this.ca = pki.authorities.issuers.hsaId3;
    this.tsa = parts.tsa;
    this.responder = parts.responder;
    this.signer = parts.signer;
    for (const [name, text] of Object.entries({
      'ts-serial': '01\n',
      'crl-number': '01\n',
      'ca.cnf': CA_CONFIGURATION,
    })) {
      writeFileSync(join(this.#directory, name), text);
    }
  }

  static async create(): Promise<SignatureSite> {
    const pki = await createTestPki({ keyKind: 'ec-p256' });
    const ca = pki.authorities.issuers.hsaId3;
    return new SignatureSite(pki, {
      tsa: await issueService(ca, 'TEST Time Stamp Unit 1', { purpose: 8 }),
      responder: await issueService(ca, 'TEST OCSP Responder 1', { purpose: 9 }),
      signer: await issueSigner(pki, 'rsa-2048'),
    });
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  trust(changes: Partial<SignatureTrustOptions> = {}): SignatureTrust {
    return createSignatureTrust({
      roots: [this.pki.root],
      trustedIssuers: [
        { certificate: this.pki.issuers.hsaId3, assuranceLevel: 3 },
        { certificate: this.pki.issuers.id3, assuranceLevel: 3 },
        { certificate: this.pki.issuers.hsaId2, assuranceLevel: 2 },
      ],
      assuranceLevels: TEST_ASSURANCE_LEVELS,
      minimumLevel: 3,
      ...changes,
    });
  }

  /** Runs openssl in the folder; `files` are there under their names. The content of `out`. */
  openssl(words: readonly string[], files: Readonly<Record<string, Uint8Array | string>>, out: string): Uint8Array {
    this.run('openssl', words, files);
    return new Uint8Array(readFileSync(join(this.#directory, out)));
  }

  /** Runs a program in the folder; fails with what it says. */
  run(program: string, words: readonly string[], files: Readonly<Record<string, Uint8Array | string>>): void {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.#directory, name), content);
    try {
      execFileSync(program, words, { cwd: this.#directory, stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
    } catch (error) {
      throw new Error(`${program} ${words.join(' ')}: ${String((error as { stderr?: Buffer }).stderr)}`, {
        cause: error,
      });
    }
  }

  /** `openssl cms -sign`, DER. */
  cms(signer: Issued = this.signer, wish: CmsWish = {}): Uint8Array {
    const { attached = false, hash = 'sha256', pss = false, words = ['-cades'], document = DOCUMENT } = wish;
    return this.openssl(
      [
        ...['cms', '-sign', '-binary', '-outform', 'DER', '-in', 'document', '-out', 'out', '-md', hash],
        ...['-signer', 'signer.pem', '-inkey', 'signer.key', ...words],
        ...(attached ? ['-nodetach'] : []),
        ...(pss ? ['-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:digest'] : []),
      ],
      { document, 'ca.pem': pemCertificate(this.ca.certificate), ...pemFiles('signer', signer) },
      'out',
    );
  }

  /** A token of `openssl ts` over these bytes. */
  timeStamp(stamped: Uint8Array, tsa: Issued = this.tsa, essHash = 'sha256'): Uint8Array {
    return this.#stamp(['-data', 'stamped', '-sha256'], { stamped }, tsa, essHash);
  }

  /** A token over a hash, by its name as in JWA. */
  timeStampImprint(hash: string, imprint: Uint8Array): Uint8Array {
    const name = hash.replace('-', '').toLowerCase();
    return this.#stamp(['-digest', Buffer.from(imprint).toString('hex'), `-${name}`], {}, this.tsa, 'sha256');
  }

  #stamp(
    what: readonly string[],
    files: Readonly<Record<string, Uint8Array>>,
    tsa: Issued,
    essHash: string,
  ): Uint8Array {
    const lines = [
      '[tsa]',
      'default_tsa=unit',
      '[unit]',
      'serial=ts-serial',
      'signer_cert=tsa.pem',
      'signer_key=tsa.key',
    ];
    const more = [
      'signer_digest=sha256',
      'default_policy=2.999.1',
      'digests=sha256,sha384,sha512',
      `ess_cert_id_alg=${essHash}`,
    ];
    const all = { ...files, 'ts.cnf': `${[...lines, ...more].join('\n')}\n`, ...pemFiles('tsa', tsa) };
    this.openssl(['ts', '-query', ...what, '-cert', '-out', 'query'], all, 'query');
    const reply = ['ts', '-reply', '-config', 'ts.cnf', '-queryfile', 'query', '-token_out', '-out', 'token'];
    return this.openssl(reply, {}, 'token');
  }

  /** The answer of `openssl ocsp` about a certificate; to `request`, if there is one. */
  ocsp(certificate: Uint8Array, wish: StatementWish = {}, request?: Uint8Array): Uint8Array {
    const files = {
      'index.txt': indexOf(certificate, wish.revoked ?? false),
      'index.txt.attr': 'unique_subject = no\n',
      'ca.pem': pemCertificate(this.ca.certificate),
      'subject.pem': pemCertificate(certificate),
      ...pemFiles('responder', wish.responder ?? this.responder),
      ...(request && { request }),
    };
    if (request === undefined) {
      this.openssl(
        ['ocsp', '-issuer', 'ca.pem', '-cert', 'subject.pem', '-no_nonce', '-reqout', 'request'],
        files,
        'request',
      );
    }
    const who = ['-CA', 'ca.pem', '-rsigner', 'responder.pem', '-rkey', 'responder.key', '-index', 'index.txt'];
    const when = ['-nmin', String(wish.minutes ?? 1440)];
    return this.openssl(['ocsp', ...who, ...when, '-reqin', 'request', '-respout', 'response'], files, 'response');
  }

  /** `openssl ca -gencrl`, DER. */
  crl(certificate: Uint8Array, { revoked = false, minutes = 1440 }: StatementWish = {}, ca = this.ca): Uint8Array {
    const files = {
      'index.txt': indexOf(certificate, revoked),
      'index.txt.attr': 'unique_subject = no\n',
      ...pemFiles('ca', { ...ca.keys, certificate: ca.certificate }),
    };
    const words = ['ca', '-gencrl', '-config', 'ca.cnf', '-crlsec', String(minutes * 60), '-out', 'crl.pem'];
    this.openssl(words, files, 'crl.pem');
    return this.openssl(['crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der'], {}, 'crl.der');
  }

  /** Adds what raises a CMS signature to B-T and B-LT, by way of pkijs. */
  raise(
    cms: Uint8Array,
    more: { token?: Uint8Array; ocsp?: Uint8Array; crl?: Uint8Array; moreOcsp?: readonly Uint8Array[] },
  ): Uint8Array {
    return changeCms(cms, (signedData) => {
      const [info] = signedData.signerInfos;
      if (more.token !== undefined && info !== undefined) {
        const value = parseAsn1(more.token);
        const attribute = new pkijs.Attribute({ type: TIME_STAMP_TOKEN, values: [value] });
        info.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({ type: 1, attributes: [attribute] });
      }
      const crls: (pkijs.CertificateRevocationList | pkijs.OtherRevocationInfoFormat)[] = [];
      if (more.crl !== undefined) crls.push(pkijs.CertificateRevocationList.fromBER(Uint8Array.from(more.crl)));
      for (const answer of [...(more.ocsp === undefined ? [] : [more.ocsp]), ...(more.moreOcsp ?? [])]) {
        const format = { otherRevInfoFormat: OCSP_RESPONSE, otherRevInfo: parseAsn1(answer) };
        crls.push(new pkijs.OtherRevocationInfoFormat(format));
      }
      if (crls.length > 0) signedData.crls = crls;
    });
  }
}

/** Takes a container apart, lets `change` at it, and puts it together again. */
export function changeCms(cms: Uint8Array, change: (signedData: pkijs.SignedData) => void): Uint8Array {
  const contentInfo = pkijs.ContentInfo.fromBER(Uint8Array.from(cms));
  const signedData = new pkijs.SignedData({ schema: contentInfo.content as unknown });
  change(signedData);
  contentInfo.content = signedData.toSchema(true) as unknown;
  return new Uint8Array(contentInfo.toSchema().toBER(false));
}

/** The octets of the signature value. */
export function signatureValueOf(cms: Uint8Array): Uint8Array {
  let value = new Uint8Array();
  changeCms(cms, ({ signerInfos: [info] }) => {
    value = new Uint8Array(info?.signature.valueBlock.valueHexView ?? []);
  });
  return value;
}

function parseAsn1(der: Uint8Array): asn1.AsnType {
  return asn1.fromBER(Uint8Array.from(der)).result;
}

/** Anna's signature certificate with the HSA-id, or what a test makes of it. */
export function issueSigner(pki: TestPki, key: KeyKind, changes: Partial<PersonRequest> = {}): Promise<Issued> {
  return pki.issuePerson({ person: anna, kind: 'signature', identity: 'hsa-id', key, ...changes });
}

/** A certificate for time stamps (8) or OCSP (9). */
export async function issueService(
  ca: CertificateAuthority,
  name: string,
  wish: { purpose?: 8 | 9; days?: number; profile?: Partial<CertificateProfile> } = {},
): Promise<Issued> {
  const keys = await createKeyPair('ec-p256');
  const now = Math.floor(Date.now() / 1000) * 1000;
  const extension = wish.purpose && { oid: '2.5.29.37', critical: true, value: purpose(wish.purpose) };
  const profile: CertificateProfile = {
    subject: [['CN', name]],
    keyUsage: ['digitalSignature'],
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + (wish.days ?? 400) * DAY_MS),
    ...(extension && { extensions: [extension] }),
    ...wish.profile,
  };
  return { ...keys, certificate: await issueCertificate(ca, profile, keys), chain: [] };
}

/** Asserts that the signature is refused with this code. */
export async function assertRefused(attempt: Promise<unknown>, code: SignatureErrorCode): Promise<void> {
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(error instanceof SignatureError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

function pemFiles(name: string, { certificate, privateKey }: Pick<Issued, 'certificate' | 'privateKey'>) {
  return {
    [`${name}.pem`]: pemCertificate(certificate),
    [`${name}.key`]: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** openssl's index with this one certificate; revoked an hour ago, or so many minutes from now. */
function indexOf(certificate: Uint8Array, revoked: boolean | number): string {
  const { serialNumber, validTo } = new X509Certificate(certificate);
  const until = utc(Date.parse(validTo));
  const minutes = revoked === true ? -60 : revoked;
  const state = minutes === false ? ['V', until, ''] : ['R', until, utc(Date.now() + minutes * 60_000)];
  return `${[...state, serialNumber, 'unknown', '/CN=subject'].join('\t')}\n`;
}

function utc(time: number): string {
  return `${new Date(time)
    .toISOString()
    .replace(/[-:T]|\.\d+Z/g, '')
    .slice(2)}Z`;
}

const CA_CONFIGURATION =
  '[ca]\ndefault_ca=one\n[one]\ndatabase=index.txt\ncrlnumber=crl-number\nprivate_key=ca.key\ncertificate=ca.pem\ndefault_md=sha256\ndefault_crl_days=1\n';

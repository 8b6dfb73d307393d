// An authority for tests of signatures: a root, an issuing CA with an OCSP responder, a time-stamping authority with a CA of its own,
// and lists of them all, whose answers openssl makes (`openssl ts`, `ocsp`, `ca`), each behind a small HTTP server on a free port of the loopback. Everything lives in a
// temporary folder until `close`. Make one in `before`, close it in `after`.
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certificateParts } from '../../agent/signatures/certificate-parts.ts';
import { contextTag, element, nullElement, objectIdentifier, sequence } from '../../agent/signatures/der.ts';
import {
  type CertificateAuthority,
  type CertificateProfile,
  createRoot,
  type DistinguishedName,
  issueCertificate,
  type KeyUsage,
  type RawExtension,
} from '../../demo/pki/certificate-authority.ts';
import { createKeyPair, type KeyKind, type KeyPair } from '../../demo/pki/keys.ts';
import { type Issued } from '../../demo/pki/pki.ts';

const run = promisify(execFile);
const day = 86_400_000;
const organisation = 'Testkliniken (demo)';

/** The OID of the test time-stamping policy; invented. */
export const timeStampPolicy = '1.3.6.1.4.1.99999.1.1';

export interface SignerWish {
  commonName?: string;
  key?: KeyKind | KeyPair;
  keyUsage?: readonly KeyUsage[];
  /** Days from now; default: yesterday until in 90 days. */
  notBefore?: number;
  notAfter?: number;
  /** Beside those that name the servers. */
  extensions?: readonly RawExtension[];
  /** Of whatever else is to be otherwise. */
  profile?: Partial<CertificateProfile>;
}

/** The certificate that answers for a purpose. */
export type ServiceName = 'tsa' | 'ocsp';

/** What the servers give: `ts-` of the CA of the time-stamping authority. One address answers `ocsp` and `ts-ocsp`. */
export type AnswerName = 'tsa' | 'ocsp' | 'ts-ocsp' | 'crl' | 'ts-crl' | 'root-crl';

export class TestAuthority {
  readonly directory: string;
  /** DER. */
  readonly root: Uint8Array;
  readonly issuer: Uint8Array;
  /** Who issued the certificate of the time-stamping authority; the token brings it along. */
  readonly timeStampIssuer: Uint8Array;
  readonly services: Readonly<Record<ServiceName, Issued>>;
  /** Where the servers are: POST for the first two, GET for the lists of the two CAs and of the root. */
  readonly urls: Readonly<Record<'timeStamp' | 'ocsp' | 'crl' | 'timeStampCrl' | 'rootCrl', string>>;
  /** Requests that came, by path: for tests of who is asked. */
  readonly requests: string[];
  /** Answers that are not given (500), or another instead. */
  readonly instead = new Map<AnswerName, 'nothing' | ((answer: Uint8Array) => Uint8Array)>();
  readonly #authority: CertificateAuthority;
  readonly #server: Server;
  #queue: Promise<unknown> = Promise.resolve();
  #files = 0;

  private constructor(parts: {
    directory: string;
    root: Uint8Array;
    authority: CertificateAuthority;
    timeStampIssuer: Uint8Array;
    services: Record<ServiceName, Issued>;
    server: Server;
    requests: string[];
  }) {
    this.directory = parts.directory;
    this.root = parts.root;
    this.issuer = parts.authority.certificate;
    this.timeStampIssuer = parts.timeStampIssuer;
    this.services = parts.services;
    this.urls = urlsOf(parts.server);
    this.requests = parts.requests;
    this.#authority = parts.authority;
    this.#server = parts.server;
  }

  /** Half a second: every key is on a curve but those that are asked for. */
  static async create(): Promise<TestAuthority> {
    const directory = await mkdtemp(join(tmpdir(), 'kortbro-authority-'));
    const requests: string[] = [];
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const urls = urlsOf(server);

    const [rootKeys, keys, timeStampKeys] = await Promise.all([
      createKeyPair('ec-p256'),
      createKeyPair('rsa-2048'),
      createKeyPair('ec-p256'),
    ]);
    const root = await createRoot(authorityProfile('TEST Signature Root CA v1', {}), rootKeys);
    const below = async (commonName: string, pair: KeyPair): Promise<CertificateAuthority> => ({
      keys: pair,
      certificate: await issueCertificate(root, authorityProfile(commonName, { pathLength: 0 }), pair),
    });
    const authority = await below('TEST Signature CA v1', keys);
    const timeStampAuthority = await below('TEST Time Stamp CA v1', timeStampKeys);
    const service = async (
      issuer: CertificateAuthority,
      commonName: string,
      purpose: string,
      critical: boolean,
    ): Promise<Issued> => {
      const pair = await createKeyPair('rsa-2048');
      const extendedKeyUsage = { oid: '2.5.29.37', critical, value: sequence(objectIdentifier(purpose)) };
      const extensions = [extendedKeyUsage, ...(critical ? statusLocations(urls) : [noCheck])];
      const profile = endEntity(commonName, ['digitalSignature'], extensions, -1, 90);
      const chain = [issuer.certificate, root.certificate];
      return { ...pair, certificate: await issueCertificate(issuer, profile, pair), chain };
    };
    const services = {
      tsa: await service(timeStampAuthority, 'TEST Time Stamp Unit 1', '1.3.6.1.5.5.7.3.8', true),
      ocsp: await service(authority, 'TEST OCSP Responder 1', '1.3.6.1.5.5.7.3.9', false),
    };
    const timeStampIssuer = timeStampAuthority.certificate;
    const parts = { directory, root: root.certificate, authority, timeStampIssuer, services, server, requests };
    const made = new TestAuthority(parts);
    await made.#writeFiles({ ca: keys, 'ts-ca': timeStampKeys, root: rootKeys });
    server.on('request', (request, response) => void made.#answer(request, response));
    return made;
  }

  /** A certificate to sign with, which names the servers. */
  async issueSigner(wish: SignerWish = {}): Promise<Issued> {
    const { commonName = 'Anna Testsson', key = 'rsa-2048', keyUsage = ['nonRepudiation'] } = wish;
    const pair = typeof key === 'string' ? await createKeyPair(key) : key;
    const profile = endEntity(
      commonName,
      keyUsage,
      [...statusLocations(this.urls), ...(wish.extensions ?? [])],
      wish.notBefore ?? -1,
      wish.notAfter ?? 90,
    );
    const certificate = await issueCertificate(this.#authority, { ...profile, ...wish.profile }, pair);
    await this.#enter(certificate, 'index.txt');
    return { ...pair, certificate, chain: [this.issuer, this.root] };
  }

  /** From now on OCSP and the list of its issuer say so. */
  async revoke(certificate: Uint8Array): Promise<void> {
    const { serialNumber } = new X509Certificate(certificate);
    for (const name of ['index.txt', 'ts-index.txt', 'root-index.txt']) {
      const lines = (await readFile(this.path(name), 'utf8')).split('\n').map((line) => {
        const [, until, , serial, ...rest] = line.split('\t');
        return serial === serialNumber ? ['R', until, utc(Date.now() - 1000), serial, ...rest].join('\t') : line;
      });
      await writeFile(this.path(name), lines.join('\n'));
    }
  }

  /** The answer of the time-stamping authority: DER of a TimeStampResp. */
  timeStamp(request: Uint8Array): Promise<Uint8Array> {
    return this.#made(request, (query, out) => ['ts', '-reply', '-config', 'ts.cnf', '-queryfile', query, '-out', out]);
  }

  /** The answer of the OCSP responder: DER of an OCSPResponse. `signer`: the issuer itself, or one that may not. */
  ocsp(request: Uint8Array, signer: 'ocsp' | 'ca' | 'tsa' = 'ocsp'): Promise<Uint8Array> {
    return this.#ocsp(request, 'ca', signer, 'index.txt');
  }

  #ocsp(request: Uint8Array, ca: string, signer: string, index: string): Promise<Uint8Array> {
    const keys = ['-CA', `${ca}.pem`, '-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`, '-index', index];
    return this.#made(request, (query, out) => ['ocsp', ...keys, '-ndays', '1', '-reqin', query, '-respout', out]);
  }

  /** The list of revoked certificates, one CA's or the root's: DER. */
  async crl(of: 'issuing' | 'stamping' | 'root' = 'issuing'): Promise<Uint8Array> {
    const words = ['ca', '-gencrl', '-config', 'ca.cnf', '-name', of];
    const pem = await this.#made(new Uint8Array(), (_, out) => [...words, '-out', out]);
    return Buffer.from(
      Buffer.from(pem)
        .toString()
        .replace(/-----[^-]+-----|\s/g, ''),
      'base64',
    );
  }

  /** A file of the authority's: root.pem, ca.pem, chain.pem (both), ts-ca.pem, tsa.pem, ocsp.pem, keys with `.key`. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Stops the servers and removes the folder. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.#queue.catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(request.url ?? '');
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const [type, answer] = await this.#answerTo(request.url ?? '', body);
      response.writeHead(200, { 'content-type': type }).end(answer);
    } catch {
      response.writeHead(500).end();
    }
  }

  async #answerTo(path: string, body: Buffer): Promise<[string, Uint8Array]> {
    // RFC 6960 4.1.1: CertID has the hash of the issuer's name.
    const nameHash = createHash('sha1').update(certificateParts(this.timeStampIssuer).subject).digest();
    const name = (path === '/ocsp' && body.includes(nameHash) ? 'ts-ocsp' : path.slice(1)) as AnswerName;
    const instead = this.instead.get(name);
    if (instead === 'nothing') throw new Error('out of order');
    const [type, answer] = await this.#honest(name, body);
    return [type, instead === undefined ? answer : instead(answer)];
  }

  async #honest(name: AnswerName, body: Buffer): Promise<[string, Uint8Array]> {
    if (name === 'tsa') return ['application/timestamp-reply', await this.timeStamp(body)];
    if (name === 'ocsp') return ['application/ocsp-response', await this.ocsp(body)];
    if (name === 'ts-ocsp') {
      return ['application/ocsp-response', await this.#ocsp(body, 'ts-ca', 'ts-ca', 'ts-index.txt')];
    }
    const of = { crl: 'issuing', 'ts-crl': 'stamping', 'root-crl': 'root' } as const;
    return ['application/pkix-crl', await this.crl(of[name])];
  }

  /** One openssl at a time: they share a serial number and an index. */
  #made(input: Uint8Array, words: (query: string, out: string) => string[]): Promise<Uint8Array> {
    const made = this.#queue
      .catch(() => undefined)
      .then(async () => {
        const name = `${(this.#files += 1)}`;
        await writeFile(this.path(`${name}.in`), input);
        await run('openssl', words(`${name}.in`, `${name}.out`), { cwd: this.directory, timeout: 30_000 });
        return await readFile(this.path(`${name}.out`));
      });
    this.#queue = made;
    return made;
  }

  async #enter(certificate: Uint8Array, index: string): Promise<void> {
    const { serialNumber, validTo } = new X509Certificate(certificate);
    const line = ['V', utc(Date.parse(validTo)), '', serialNumber, 'unknown', `/CN=${hashName(certificate)}`];
    await appendFile(this.path(index), `${line.join('\t')}\n`);
  }

  async #writeFiles(keys: Record<'ca' | 'ts-ca' | 'root', KeyPair>): Promise<void> {
    const files: Record<string, string> = {
      'root.pem': pem(this.root),
      'ca.pem': pem(this.issuer),
      'ts-ca.pem': pem(this.timeStampIssuer),
      'chain.pem': pem(this.issuer) + pem(this.root),
      'ts-chain.pem': pem(this.timeStampIssuer) + pem(this.root),
      'index.txt': '',
      'ts-index.txt': '',
      'root-index.txt': '',
      'index.txt.attr': 'unique_subject = no\n',
      'ts-serial': '01\n',
      'crl-number': '01\n',
      'ts-crl-number': '01\n',
      'root-crl-number': '01\n',
      'ts.cnf': timeStampConfiguration,
      'ca.cnf': listConfiguration,
    };
    for (const [name, { privateKey }] of Object.entries(keys)) files[`${name}.key`] = pemKey(privateKey);
    for (const [name, { certificate, privateKey }] of Object.entries(this.services)) {
      files[`${name}.pem`] = pem(certificate);
      files[`${name}.key`] = pemKey(privateKey);
    }
    for (const [name, text] of Object.entries(files)) await writeFile(this.path(name), text, { mode: 0o600 });
    await this.#enter(this.services.ocsp.certificate, 'index.txt');
    await this.#enter(this.services.tsa.certificate, 'ts-index.txt');
    for (const certificate of [this.issuer, this.timeStampIssuer]) await this.#enter(certificate, 'root-index.txt');
  }
}

/** A certificate as PEM. */
export function pem(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

const timeStampConfiguration = `
[tsa]
default_tsa = unit
[unit]
serial = ts-serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = ts-chain.pem
signer_digest = sha256
default_policy = ${timeStampPolicy}
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
ess_cert_id_chain = no
`;

const listConfiguration = `
[ca]
default_ca = issuing
[issuing]
database = index.txt
crlnumber = crl-number
private_key = ca.key
certificate = ca.pem
default_md = sha256
default_crl_days = 1
crl_extensions = list
[stamping]
database = ts-index.txt
crlnumber = ts-crl-number
private_key = ts-ca.key
certificate = ts-ca.pem
default_md = sha256
default_crl_days = 1
crl_extensions = list
[root]
database = root-index.txt
crlnumber = root-crl-number
private_key = root.key
certificate = root.pem
default_md = sha256
default_crl_days = 1
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
`;

/** id-pkix-ocsp-nocheck. */
const noCheck: RawExtension = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: nullElement };

/** authorityInfoAccess and cRLDistributionPoints. */
function statusLocations(urls: TestAuthority['urls']): RawExtension[] {
  const uri = (text: string): Uint8Array => element(0x86, Buffer.from(text));
  const access = sequence(sequence(objectIdentifier('1.3.6.1.5.5.7.48.1'), uri(urls.ocsp)));
  const point = sequence(element(contextTag(0), element(contextTag(0), uri(urls.crl))));
  return [
    { oid: '1.3.6.1.5.5.7.1.1', critical: false, value: access },
    { oid: '2.5.29.31', critical: false, value: sequence(point) },
  ];
}

function authorityProfile(commonName: string, authority: { pathLength?: number }): CertificateProfile {
  const validity = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 365 * day) };
  return { subject: subject(commonName), keyUsage: ['keyCertSign', 'cRLSign'], authority, ...validity };
}

function endEntity(
  commonName: string,
  keyUsage: readonly KeyUsage[],
  extensions: readonly RawExtension[],
  from: number,
  until: number,
): CertificateProfile {
  const validity = { notBefore: new Date(Date.now() + from * day), notAfter: new Date(Date.now() + until * day) };
  return { subject: subject(commonName), keyUsage, extensions, ...validity };
}

function subject(commonName: string): DistinguishedName {
  return [
    ['C', 'SE'],
    ['O', organisation],
    ['CN', commonName],
  ];
}

function urlsOf(server: Server): TestAuthority['urls'] {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lists = { crl: `${base}/crl`, timeStampCrl: `${base}/ts-crl`, rootCrl: `${base}/root-crl` };
  return { timeStamp: `${base}/tsa`, ocsp: `${base}/ocsp`, ...lists };
}

/** YYMMDDHHMMSSZ */
function utc(time: number): string {
  return `${new Date(time)
    .toISOString()
    .replace(/[-:T]|\.\d+Z/g, '')
    .slice(2)}Z`;
}

function pemKey(key: KeyPair['privateKey']): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function hashName(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

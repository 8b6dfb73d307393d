// The smart card that the fake ncrypt.dll plays: its files are made here, on Linux, and read by the tests under Wine, which change them.
import { execFileSync } from 'node:child_process';
import { createPrivateKey, type webcrypto } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const compiler = 'x86_64-w64-mingw32-gcc-posix';
const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Builds the DLL and a program beside node.exe, and the keys of the card into the folder `card` there. */
export function prepareFakeCard(program: string): void {
  const flags = ['-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', '-D_WIN32_WINNT=0x0A00', '-static', '-municode'];
  const build = (name: string, ...words: readonly string[]): void => {
    execFileSync(compiler, [...flags, '-o', join(program, name), ...words]);
  };
  build('ncrypt.dll', '-shared', source('ncrypt.c'), '-lbcrypt');
  build('store-certificate.exe', source('store-certificate.c'), '-lcrypt32');
  const card = join(program, 'card');
  mkdirSync(card);
  makeKey(card, 'rsa', ['rsa:2048'], rsaBlob);
  makeKey(card, 'stored', ['rsa:2048'], rsaBlob);
  makeKey(card, 'ec', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], curveBlob);
}

function makeKey(
  card: string,
  name: string,
  kind: readonly string[],
  blobOf: (key: webcrypto.JsonWebKey) => Buffer,
): void {
  const pem = join(card, `${name}.pem`);
  const subject = ['-nodes', '-days', '2', '-subj', '/C=SE/CN=Anna Testsson'];
  const out = ['-keyout', pem, '-outform', 'DER', '-out', join(card, `${name}.der`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', ...kind, ...subject, ...out], { stdio: 'ignore' });
  writeFileSync(join(card, `${name}.key`), blobOf(createPrivateKey(readFileSync(pem)).export({ format: 'jwk' })));
}

const bytes = (value: string | undefined): Buffer => Buffer.from(value ?? '', 'base64url');

/** BCRYPT_RSAFULLPRIVATE_BLOB (bcrypt.h): numbers with their most significant byte first. */
function rsaBlob({ e, n, p, q, dp, dq, qi, d }: webcrypto.JsonWebKey): Buffer {
  const modulus = bytes(n);
  const head = Buffer.alloc(24);
  const lengths = [modulus.length * 8, bytes(e).length, modulus.length, bytes(p).length, bytes(q).length];
  [0x33415352, ...lengths].forEach((value, index) => head.writeUInt32LE(value, index * 4));
  return Buffer.concat([head, bytes(e), modulus, ...[p, q, dp, dq, qi, d].map(bytes)]);
}

/** BCRYPT_ECCPRIVATE_BLOB for ECDSA over P-256. */
function curveBlob({ x, y, d }: webcrypto.JsonWebKey): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x32534345, 0);
  head.writeUInt32LE(32, 4);
  return Buffer.concat([head, bytes(x), bytes(y), bytes(d)]);
}

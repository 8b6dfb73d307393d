// The extension as one signed file: CRX3 (Chromium's components/crx_file/crx3.proto) around a ZIP that is the same for the same
// files. The signature is RSASSA-PKCS1-v1_5 with SHA-256, so that two builds with one key give the same bytes.
import { createPrivateKey, createPublicKey, createHash, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { identityOf } from './identity.mjs';

const magic = Buffer.from('Cr24');
const version = 3;
const signatureContext = Buffer.from('CRX3 SignedData\0');

/** ZIP knows no time zone: noon on its first day is that day everywhere. */
const zipTime = new Date(1980, 0, 1, 12);

/**
 * Packs the extension in `folder`, signed with `privateKey` (PEM, RSA).
 * @throws Error when the extension's manifest names another key, since its id would then be another one
 */
export function packExtension(folder: string, privateKey: string): Uint8Array {
  const { key } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { key?: string };
  if (key !== identityOf(privateKey).key) {
    throw new Error('the extension was built for another key: build it with KORTBRO_EXTENSION_KEY naming this one');
  }
  return crx3(zipOf(folder), privateKey);
}

/** A CRX3 file of `archive`. */
export function crx3(archive: Uint8Array, privateKey: string): Uint8Array {
  const key = createPrivateKey(privateKey);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const crxId = createHash('sha256').update(publicKey).digest().subarray(0, 16);
  const signedHeader = field(1, crxId);
  const signature = sign(
    'sha256',
    Buffer.concat([signatureContext, uint32(signedHeader.length), signedHeader, archive]),
    key,
  );
  const proof = Buffer.concat([field(1, publicKey), field(2, signature)]);
  const header = Buffer.concat([field(2, proof), field(10_000, signedHeader)]);
  return Buffer.concat([magic, uint32(version), uint32(header.length), header, archive]);
}

/** Every file below `folder`, in the order of their names. */
function zipOf(folder: string): Uint8Array {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replace(/^\/+/, ''))
    .sort();
  const files: Zippable = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
  return zipSync(files, { level: 9, mtime: zipTime });
}

/** A field of bytes in the encoding of Protocol Buffers: tag with wire type 2, length, bytes. */
function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

// The signed package of the extension: that it is what Chromium's crx_file describes, and the same for the same files and key.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { hostManifest as hostManifestOfUser } from '../../agent/commands/install/host-manifest.ts';
import { packExtension } from '../../installer/extension/crx.ts';
import { givenIdentity, identityDefinitions, identityOf, keyVariable } from '../../installer/extension/identity.mjs';
import { updateManifest } from '../../installer/extension/update-manifest.ts';
import { hostManifest } from '../../installer/written-files.ts';
import { extensionId, extensionKey } from '../../shared/names.ts';

const newKey = (bits = 2048) =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

describe('The extension as a signed package', () => {
  const { privateKey, publicKey } = newKey();
  let directory: string;
  let folder: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-crx-test-'));
    folder = join(directory, 'extension');
    mkdirSync(join(folder, 'popup'), { recursive: true });
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ key: identityOf(privateKey).key, version: '0.1.0' }));
    writeFileSync(join(folder, 'popup/popup.html'), '<!doctype html>');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is CRX3: key, signature over the id and the archive, and the archive', () => {
    const crx = Buffer.from(packExtension(folder, privateKey));
    assert.equal(crx.toString('latin1', 0, 4), 'Cr24');
    assert.equal(crx.readUInt32LE(4), 3);
    const length = crx.readUInt32LE(8);
    const [header, archive] = [crx.subarray(12, 12 + length), crx.subarray(12 + length)];
    const { 2: proof, 10000: signedHeader } = fields(header);
    const { 1: key, 2: signature } = fields(proof!);
    assert.deepEqual(key, createPublicKey(publicKey).export({ type: 'spki', format: 'der' }));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(signedHeader!.length);
    const signed = Buffer.concat([Buffer.from('CRX3 SignedData\0'), size, signedHeader!, archive]);
    assert.ok(verify('sha256', signed, publicKey, signature!));
    const digits = fields(signedHeader!)[1]!.toString('hex');
    const letters = Array.from(digits, (digit) => 'abcdefghijklmnop'[parseInt(digit, 16)]);
    assert.equal(letters.join(''), identityOf(privateKey).id);
    assert.deepEqual(Object.keys(unzipSync(archive)), ['manifest.json', 'popup/popup.html']);
  });

  it('is the same whenever and wherever it is made', () => {
    const first = packExtension(folder, privateKey);
    const other = join(directory, 'elsewhere');
    cpSync(folder, other, { recursive: true });
    for (const name of ['manifest.json', 'popup/popup.html']) utimesSync(join(other, name), 1e9, 1e9);
    assert.deepEqual(packExtension(other, privateKey), first);
  });

  it('is not made with another key than the one that the extension was built for', () => {
    assert.throws(() => packExtension(folder, newKey().privateKey), /built for another key/);
  });

  it('is offered to browsers by an update manifest', () => {
    const offer = { id: 'a'.repeat(32), version: '0.1.0', minimumChromeVersion: '123' };
    assert.equal(
      updateManifest({ ...offer, codebase: 'https://it.example.se/kortbro.crx?a=1&b=2' }),
      `<?xml version="1.0" encoding="utf-8"?>
<gupdate xmlns="http://www.google.com/update2/response" protocol="2.0">
  <app appid="${offer.id}">
    <updatecheck codebase="https://it.example.se/kortbro.crx?a=1&amp;b=2" version="0.1.0" prodversionmin="123"/>
  </app>
</gupdate>
`,
    );
  });
});

describe('The extension that a build is for', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kortbro-key-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("is the product's own unless a key is named", () => {
    for (const environment of [{}, { [keyVariable]: '' }]) {
      assert.equal(givenIdentity(environment), undefined);
      assert.deepEqual(identityDefinitions(environment), { __EXTENSION_ID__: 'undefined' });
    }
    const own = `-----BEGIN PUBLIC KEY-----\n${extensionKey}\n-----END PUBLIC KEY-----\n`;
    assert.deepEqual(identityOf(own), { key: extensionKey, id: extensionId });
  });

  it('follows from the key that is named, by either half', () => {
    const { privateKey, publicKey } = newKey();
    const identities = [privateKey, publicKey].map((pem) => {
      writeFileSync(join(directory, 'key.pem'), pem);
      return givenIdentity({ [keyVariable]: join(directory, 'key.pem') });
    });
    assert.deepEqual(identities[0], identities[1]);
    assert.match(identities[0]!.id, /^[a-p]{32}$/);
  });

  it('cannot be one that browsers would not take', () => {
    assert.throws(() => identityOf(newKey(1024).publicKey), /2048/);
    const { publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    assert.throws(() => identityOf(publicKey), /RSA/);
    assert.throws(() => givenIdentity({ [keyVariable]: join(directory, 'none.pem') }), /ENOENT/);
  });

  it('is the one that the host manifest lets in; otherwise it is what install --user writes', () => {
    assert.equal(hostManifest('/usr/lib/kortbro/host', extensionId), hostManifestOfUser('/usr/lib/kortbro/host'));
    const own = JSON.parse(hostManifest('kortbro.exe', 'b'.repeat(32))) as { path: string; allowed_origins: string[] };
    assert.deepEqual([own.path, own.allowed_origins], ['kortbro.exe', [`chrome-extension://${'b'.repeat(32)}/`]]);
  });
});

/** The fields of a message of Protocol Buffers that has fields of bytes only, each once. */
function fields(message: Buffer): Record<number, Buffer> {
  const found: Record<number, Buffer> = {};
  let offset = 0;
  const varint = (): number => {
    let number = 0;
    for (let place = 1; ; place *= 128) {
      const byte = message.readUInt8(offset++);
      number += (byte & 0x7f) * place;
      if (byte < 0x80) return number;
    }
  };
  while (offset < message.length) {
    const tag = varint();
    assert.equal(tag % 8, 2);
    const length = varint();
    assert.ok(!((tag - 2) / 8 in found));
    found[(tag - 2) / 8] = message.subarray(offset, offset + length);
    offset += length;
  }
  return found;
}

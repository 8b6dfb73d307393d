// Signs the file that it is given, in a process of its own, and tells in JSON how long it took and by how much the process grew:
// `sign-large.ts pades|cms FILE CERTIFICATE KEY`.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { signCms } from '../../../agent/signatures/cms.ts';
import { signPades } from '../../../agent/signatures/pades.ts';
import { signerOf } from '../../signatures/signing.ts';

const [container, file = '', certificateFile = '', keyFile = ''] = process.argv.slice(2);
const document = readFileSync(file);
const privateKey = createPrivateKey(readFileSync(keyFile));
const certificate = new X509Certificate(readFileSync(certificateFile)).raw;
const signer = signerOf({ certificate, chain: [], privateKey, publicKey: createPublicKey(privateKey) }, 'ES256');
const surroundings = { now: new Date() };
const field = { page: 2, x: 300, y: 60, width: 200, height: 50 };

const before = process.resourceUsage().maxRSS;
const start = performance.now();
const making =
  container === 'pades'
    ? signPades(document, { field }, signer, surroundings)
    : signCms(document, { attached: true }, signer, surroundings);
void making.then((signed) => {
  const grown = (process.resourceUsage().maxRSS - before) * 1024;
  const time = Math.round(performance.now() - start);
  process.stdout.write(JSON.stringify({ document: document.length, signed: signed.length, grown, time }));
});

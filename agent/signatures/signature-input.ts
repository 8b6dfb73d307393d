// Bytes that are themselves what a container's signature is made over: CMS and PDF, XML, JWS. Signed as they are, they would be that
// container's signature over a document that nobody has shown: as good as a hash, and looking like a document.
import { objectIdentifier, readElement, tag } from './der.ts';

/** In the signed attributes of every CMS signature (RFC 5652 11.2), however its length is written. */
const messageDigest = Buffer.from(readElement(objectIdentifier('1.2.840.113549.1.9.4')).content);

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const SPACE = 0x20;
const spaces = [SPACE, 0x09, 0x0a, 0x0d];
const DOT = 0x2e;

/** Whether somebody could put a signature over `bytes` into a container. What cannot be that is told by its first bytes. */
export function isSignatureInput(bytes: Uint8Array): boolean {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isSignedAttributes(input) || isSignedInfo(input) || isJwsInput(input);
}

/** A SET OF attributes (RFC 5652 5.4). Not parsed: whoever verifies may be laxer. */
function isSignedAttributes(input: Buffer): boolean {
  return input[0] === tag.set && input.includes(messageDigest);
}

/**
 * A canonical form begins with the element itself, by whatever prefix; space or `>` follow its name (Canonical XML 1.0 2.3), and more
 * may where nobody makes it canonical.
 */
function isSignedInfo(input: Buffer): boolean {
  if (input[0] !== LT) return false;
  const ends = [...spaces, GT, SLASH].map((octet) => input.indexOf(octet)).filter((at) => at >= 0);
  return /^<(?:.*:)?SignedInfo$/s.test(input.toString('latin1', 0, Math.min(input.length, ...ends)));
}

/** A JSON header in base64url before the first dot (RFC 7515 5.1). Many who verify leave out what is no base64, wherever it stands. */
function isJwsInput(input: Buffer): boolean {
  const header = Buffer.from(input.subarray(0, Math.max(0, input.indexOf(DOT))));
  // Node stops there, others go on.
  for (let at = header.indexOf(EQUALS); at >= 0; at = header.indexOf(EQUALS, at + 1)) header[at] = SPACE;
  return /^\s*\{.*\}\s*$/s.test(Buffer.from(header.toString('latin1'), 'base64url').toString('utf8'));
}

// openssl and the other judges that nobody here wrote, as functions: each writes its input to a folder and runs the program there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { children, contextTag, type DerElement, readElement, tag } from '../../../agent/signatures/der.ts';

export interface Verdict {
  accepted: boolean;
  /** Everything that the program wrote, stdout first. */
  output: string;
}

/** Runs `program` in a folder of its own that holds `files`. */
export function judge(program: string, words: readonly string[], files: Readonly<Record<string, Uint8Array>>): Verdict {
  const directory = mkdtempSync(join(tmpdir(), 'kortbro-judge-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
    const { status, stdout, stderr } = spawnSync(program, words, {
      cwd: directory,
      encoding: 'latin1',
      timeout: 60_000,
      env: { ...process.env, LC_ALL: 'C', HOME: directory },
      maxBuffer: 200_000_000,
    });
    return { accepted: status === 0, output: stdout + stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `openssl cms -verify -cades`; `content` when it is detached. */
export function opensslCms(cms: Uint8Array, rootFile: string, content?: Uint8Array): Verdict {
  const words = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'cms.der', '-CAfile', rootFile];
  const detached = content === undefined ? [] : ['-content', 'content'];
  return judge('openssl', [...words, ...detached, '-out', 'out'], {
    'cms.der': cms,
    ...(content === undefined ? {} : { content }),
  });
}

/** `openssl ts -verify` of a token over `data`. */
export function opensslTimeStamp(token: Uint8Array, data: Uint8Array, rootFile: string): Verdict {
  const words = ['ts', '-verify', '-token_in', '-in', 'token.der', '-data', 'data', '-CAfile', rootFile];
  return judge('openssl', words, { 'token.der': token, data });
}

/** The parts of a CMS signature that tests look at. */
export interface CmsParts {
  version: number;
  certificates: Uint8Array[];
  revocation: DerElement[];
  signedAttributes: Uint8Array;
  signatureValue: Uint8Array;
  unsignedAttributes: DerElement[];
}

/** Takes a SignedData with one signer apart. */
export function partsOf(cms: Uint8Array): CmsParts {
  const [, explicit] = children(readElement(cms), tag.sequence);
  const [version, , , ...rest] = children(children(explicit, contextTag(0))[0], tag.sequence);
  const list = (n: number): DerElement[] => {
    const found = rest.find((part) => part.tag === contextTag(n));
    return found === undefined ? [] : children(found, contextTag(n));
  };
  const [signerInfo] = children(rest.at(-1), tag.set);
  const [, , , signedAttributes, , value, unsigned] = children(signerInfo, tag.sequence);
  return {
    version: version!.content[0]!,
    certificates: list(0).map(({ der }) => der),
    revocation: list(1),
    signedAttributes: signedAttributes!.content,
    signatureValue: value!.content,
    unsignedAttributes: unsigned === undefined ? [] : children(unsigned, contextTag(1)),
  };
}

/** The time-stamp token among the unsigned attributes. */
export function tokenIn(cms: Uint8Array): Uint8Array {
  const [attribute] = partsOf(cms).unsignedAttributes;
  return children(children(attribute, tag.sequence)[1], tag.set)[0]!.der;
}

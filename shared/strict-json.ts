// JSON (RFC 8259) as a boundary reads it: one value, bounded depth, no duplicate key, no `__proto__`, no lone surrogate.
// JSON.parse keeps the last of two equal keys and takes lone surrogates; two hops could then read two different messages.
import { limits } from './limits.ts';
import { KortbroError } from './errors.ts';

/**
 * Parses `text`.
 * @throws KortbroError ERR_REQUEST_INVALID when it is not JSON or not strict JSON.
 */
export function parseStrictJson(text: string, maximumDepth: number = limits.jsonDepth): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KortbroError('ERR_REQUEST_INVALID');
  }
  if (!isStrict(text, maximumDepth)) throw new KortbroError('ERR_REQUEST_INVALID');
  return value;
}

/** Parses UTF-8 bytes; an invalid sequence or a byte order mark is a refusal, not a repair. */
export function parseStrictJsonBytes(bytes: Uint8Array, maximumDepth?: number): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new KortbroError('ERR_REQUEST_INVALID');
  }
  return parseStrictJson(text, maximumDepth);
}

/** Walks text that JSON.parse has already accepted: strings and brackets are all that has to be told apart. */
function isStrict(text: string, maximumDepth: number): boolean {
  const keys: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') {
      keys.push(character === '{' ? new Set() : undefined);
      expectsKey = character === '{';
      if (keys.length > maximumDepth) return false;
    } else if (character === '}' || character === ']') {
      keys.pop();
      expectsKey = false;
    } else if (character === ',') {
      expectsKey = keys.at(-1) !== undefined;
    } else if (character === '"') {
      const end = endOfString(text, i);
      const string = JSON.parse(text.slice(i, end + 1)) as string;
      if (!string.isWellFormed()) return false;
      if (expectsKey) {
        const names = keys.at(-1);
        if (names === undefined || names.has(string) || string === '__proto__') return false;
        names.add(string);
        expectsKey = false;
      }
      i = end;
    }
  }
  return true;
}

/** By the engine's own search: our processes run without an optimising compiler, and a piece of a document is 700 KB. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length - 1;
}

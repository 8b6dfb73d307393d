// Reads the machine's policy. A missing file means the defaults; a broken one is refused with the line and the reason, and
// until it is mended every request is refused too: settings that nobody can read must not loosen anything.
import { type FSWatcher, lstatSync, readFileSync, statSync, watch as watchDirectory } from 'node:fs';
import { basename, dirname } from 'node:path';
import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { limits } from '../../shared/limits.ts';
import { defaultPolicy, policySchema, type Policy, type PolicySettings } from '../../shared/policy.ts';
import { parseStrictJson } from '../../shared/strict-json.ts';

/** The policy in force, or why there is none. `settings`: what the file says, defaults left out. `line` counts from 1. */
export type PolicyOutcome =
  | { ok: true; policy: Policy; source: 'file'; settings: PolicySettings }
  | { ok: true; policy: Policy; source: 'registry' | 'defaults' }
  | { ok: false; path: string; line: number; reason: string };

/** Nobody has set anything. */
export const noPolicy: PolicyOutcome = { ok: true, policy: defaultPolicy, source: 'defaults' };

/** Levels that a policy may have; three are in use. */
const maximumDepth = 6;

/** Reads and checks the file at `path`. `owner`: the only user who may own it, with nobody else able to write it. */
export function loadPolicy(path: string, owner?: number): PolicyOutcome {
  const refused = (reason: string): PolicyOutcome => ({ ok: false, path, line: 1, reason });
  try {
    const status = statSync(path);
    if (!status.isFile()) return refused('no file of text');
    if (owner !== undefined && (status.uid !== owner || (status.mode & 0o022) !== 0)) {
      return refused('must belong to root and be writable by root alone');
    }
    if (status.size > limits.policySize) return refused(`larger than ${limits.policySize} bytes`);
    return parsePolicy(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)), path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return refused('not UTF-8 text');
    if (code === 'ENOENT' && !isLink(path)) return noPolicy;
    return refused(`cannot be read (${code})`);
  }
}

/** A link that leads nowhere is a policy that cannot be read, not one that is missing. */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Parses the text of a policy file. Pure. */
export function parsePolicy(text: string, path: string): PolicyOutcome {
  const refused = (offset: number, reason: string): PolicyOutcome => ({
    ok: false,
    path,
    line: lineAt(text, offset),
    reason,
  });
  const deep = tooDeep(text);
  if (deep !== undefined) return refused(deep, `nests deeper than ${maximumDepth} levels`);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (first !== undefined || tree === undefined) {
    const reason = first === undefined ? 'empty' : `not JSON: ${printParseErrorCode(first.error)}`;
    return refused(first?.offset ?? 0, reason);
  }
  let value: unknown;
  try {
    value = parseStrictJson(text, maximumDepth);
  } catch {
    const key = forbiddenKey(tree);
    return refused(key ?? 0, key === undefined ? 'not strict JSON' : 'a key stands twice, or is __proto__');
  }
  const outcome = policySchema.safeParse(value);
  if (outcome.success) return { ok: true, policy: outcome.data, source: 'file', settings: value as PolicySettings };
  const [issue] = outcome.error.issues;
  const where = issue?.path.filter((step) => typeof step !== 'symbol') ?? [];
  const extra = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const offset = nearestNode(tree, [...where, ...extra]).offset;
  return refused(offset, `${where.join('.') || 'policy'}: ${issue?.message ?? 'invalid'}`);
}

/**
 * Calls `changed` after the file may have changed. Its directory is watched, since editors replace the file; while there is
 * none, the nearest one above it. Best effort.
 */
export function watchPolicyFile(path: string, changed: () => void): { stop: () => void } {
  let watcher: FSWatcher | undefined;
  const watch = (): void => {
    const directory = nearestDirectory(dirname(path));
    const watched = inode(directory);
    try {
      watcher = watchDirectory(directory, { persistent: false }, (_event, name) => {
        if (nearestDirectory(dirname(path)) !== directory || inode(directory) !== watched) {
          watcher?.close();
          watch();
          changed();
        } else if (directory === dirname(path) && (name === null || name === basename(path))) changed();
      });
      watcher.on('error', () => watcher?.close());
    } catch {
      // No watch left on this machine: the policy of the start stays in force.
    }
  };
  watch();
  return { stop: () => watcher?.close() };
}

function nearestDirectory(path: string): string {
  return inode(path) === undefined && path !== '/' ? nearestDirectory(dirname(path)) : path;
}

function inode(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

function nearestNode(tree: Node, path: (string | number)[]): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return node;
  }
  return tree;
}

/** Where the text nests too deep, strings left aside: looked at first, for what parses it goes down one call a level. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > maximumDepth) return index;
  }
  return undefined;
}

function forbiddenKey(node: Node): number | undefined {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    if (child.type === 'property') {
      const [key] = child.children ?? [];
      const name = String(key?.value);
      if (seen.has(name) || name === '__proto__') return child.offset;
      seen.add(name);
    }
    const below = forbiddenKey(child);
    if (below !== undefined) return below;
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

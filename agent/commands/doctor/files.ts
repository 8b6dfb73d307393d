// Files that doctor reads: bounded, and nothing instead of an error. What cannot be read is seen in the picture.
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** A manifest or a policy is a few kilobytes. */
const largestText = 1_000_000;

/** Characters of the audit log that are looked at; the file itself is bounded by its rotation. */
const mostLogText = 100_000;

/** The names in a directory, in order; none when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** The text of an ordinary file, or undefined. */
export function readText(path: string, maximum: number = largestText): string | undefined {
  try {
    const status = statSync(path);
    return status.isFile() && status.size <= maximum ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/** The end of a file, or '' when it cannot be read. */
export function lastText(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-mostLogText);
  } catch {
    return '';
  }
}

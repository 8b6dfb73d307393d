// Appends audit events as JSON lines to a file of this user's own, rotated by size. A log that cannot be written never
// stops a login: it is tried again with the next event.
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { type AuditEvent } from './audit-event.ts';

/** Where events go. */
export interface AuditLog {
  write(event: AuditEvent): void;
}

/** Opens the log in `directory` (made 0700); files are `audit.jsonl`, `audit.1.jsonl` (newest old one), ... */
export function openAuditLog(directory: string, now: () => Date = () => new Date()): AuditLog {
  const path = join(directory, 'audit.jsonl');
  return {
    write(event) {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        rotateIfFull(directory, path);
        appendFileSync(path, `${JSON.stringify({ time: now().toISOString(), ...event })}\n`, { mode: 0o600 });
      } catch {
        // A full or read-only disk must not keep anybody from logging in.
      }
    },
  };
}

function rotateIfFull(directory: string, path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < limits.auditFileSize) return;
  const old = (number: number) => join(directory, `audit.${number}.jsonl`);
  for (let number = limits.auditFiles - 1; number >= 1; number--) {
    if (statSync(old(number), { throwIfNoEntry: false }) !== undefined) renameSync(old(number), old(number + 1));
  }
  renameSync(path, old(1));
}

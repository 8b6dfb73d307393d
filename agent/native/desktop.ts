// The desktop of this session: its lock, and who may come to its front. Windows.
import { addon } from './addon.ts';

/** Locks the screen as Windows+L does; it happens a moment later. False where it cannot be (no desktop, another session's screen). */
export function lockWorkstation(): boolean {
  return addon().lockWorkstation();
}

/** Lets one program bring its window to the front once; false when this process may not either (AllowSetForegroundWindow). */
export function allowForeground(processId: number): boolean {
  return addon().allowForeground(processId);
}

// What a process of ours that may see a PIN asks of the system about itself.
import { constants } from 'node:os';
import { addon } from './addon.ts';

/**
 * With false no other program of the same user can read this process's memory, attach a debugger to it or take its open files.
 * Linux: prctl(PR_SET_DUMPABLE), which means no core either; an execve makes the process dumpable again. Windows: the access
 * lists of the process and of each of its threads, a later one's from its first moment on; administrators and the system keep all
 * rights, children are not touched, and what was opened before stays open. With true, threads that are there stay closed.
 */
export function setDumpable(dumpable: boolean): void {
  addon().setDumpable(dumpable);
}

/** Linux: RLIMIT_CORE 0, soft and hard. Windows: no crash dialog and no report, or one without the heap. Children inherit it. */
export function disableCoreDumps(): void {
  addon().disableCoreDumps();
}

/**
 * prctl(PR_SET_PDEATHSIG): this process gets the signal when the thread that started it ends. Says nothing of a parent that is
 * dead already: compare process.ppid afterwards with the parent's id that was passed along. On Windows nothing is to be asked
 * for: a child that is not detached is in its parent's job, which ends with it.
 */
export function setParentDeathSignal(signal: NodeJS.Signals): void {
  if (process.platform !== 'win32') addon().setParentDeathSignal(constants.signals[signal]);
}

/**
 * Windows: no library is loaded from the current directory, the network or a place for low-integrity programs, and System32 comes
 * first. Answers what the system would not do ('current-directory', 'image-load'). On Linux there is nothing to do.
 */
export function restrictLibraries(): readonly string[] {
  return process.platform === 'win32' ? addon().restrictLibraries() : [];
}

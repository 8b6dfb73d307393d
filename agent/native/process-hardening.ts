// What a process of ours that may see a PIN asks of the kernel about itself. Linux.
import { constants } from 'node:os';
import { addon } from './addon.ts';

/**
 * prctl(PR_SET_DUMPABLE): with false no core is written, and other processes of the same user can neither attach a debugger
 * nor read /proc/PID/mem or /proc/PID/fd. An execve makes the process dumpable again.
 */
export function setDumpable(dumpable: boolean): void {
  addon().setDumpable(dumpable);
}

/** RLIMIT_CORE 0, soft and hard; children inherit it. */
export function disableCoreDumps(): void {
  addon().disableCoreDumps();
}

/**
 * prctl(PR_SET_PDEATHSIG): this process gets the signal when the thread that started it ends. Says nothing of a parent that is
 * dead already: compare process.ppid afterwards with the parent's id that was passed along.
 */
export function setParentDeathSignal(signal: NodeJS.Signals): void {
  addon().setParentDeathSignal(constants.signals[signal]);
}

// Why a file that sees the PIN (a card driver, the PIN dialog), or that decides whom the agent believes, is not to be used.

/** `at` is the file or folder that is to blame. */
export interface FileProblem {
  /** `not-owned-by-root`: nor by anybody else who was to be trusted. `too-many-links`: on Windows, any. */
  reason: 'not-absolute' | 'missing' | 'not-a-file' | 'not-owned-by-root' | 'writable-by-others' | 'too-many-links';
  at: string;
}

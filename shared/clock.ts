// Time as something that can be handed in: tests use one of their own and wait for nothing.

/** Milliseconds of a clock that never goes back, and calls after a while. */
export interface Clock {
  now(): number;
  /** Calls `action` once after `milliseconds`; the result calls it off. Does not keep a process alive. */
  after(milliseconds: number, action: () => void): () => void;
}

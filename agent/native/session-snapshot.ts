// The shape of what the session watch delivers, shared by the addon's types and session-events.ts.

/** Everything the watch knows at one moment; each snapshot replaces the one before. */
export interface SessionSnapshot {
  /** Session.Lock and Unlock signals and the LockedHint property, whichever came last; undefined while not connected. */
  readonly locked: boolean | undefined;
  /** The session's Active property: it owns the seat's screen. Undefined while not connected. */
  readonly active: boolean | undefined;
  /** Between PrepareForSleep(true) and PrepareForSleep(false). */
  readonly suspending: boolean;
  /** The bus and logind are there and the session was found. False also while a connection is being tried. */
  readonly connected: boolean;
  /** logind has removed the session: the user has logged out, though the program may still run. */
  readonly ended: boolean;
}

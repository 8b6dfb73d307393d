// The shape of what the session watch delivers, shared by the addon's types and session-events.ts.

/** Everything the watch knows at one moment; each snapshot replaces the one before. */
export interface SessionSnapshot {
  /**
   * Linux: Session.Lock and Unlock signals and the LockedHint property, whichever came last; undefined while not connected.
   * Windows: WTS_SESSION_LOCK and _UNLOCK, and SessionFlags at the start; undefined while nobody has told.
   */
  readonly locked: boolean | undefined;
  /** Linux: the session's Active property. Windows: WTSActive. It owns a screen, here or afar. Undefined while not connected. */
  readonly active: boolean | undefined;
  /** Between PrepareForSleep(true) and (false); between PBT_APMSUSPEND and a resume. */
  readonly suspending: boolean;
  /** The bus and logind, or the window and its announcements, are there. False also while a connection is being tried. */
  readonly connected: boolean;
  /** The user has logged out (logind has removed the session; WM_ENDSESSION), though the program may still run. */
  readonly ended: boolean;
}

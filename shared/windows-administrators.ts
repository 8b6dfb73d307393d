// Who may change what a user of a Windows machine relies on, beside that user.

/** SYSTEM, Administrators, TrustedInstaller: their security identifiers are the same everywhere. */
export const administrators: readonly string[] = [
  'S-1-5-18',
  'S-1-5-32-544',
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
];

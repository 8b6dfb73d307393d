// Whether this is a remote session, by the variables that each kind of server sets. A hint for the texts, not a proof.

const marks: readonly (readonly [name: RegExp, kind: string])[] = [
  [/^XRDP_(SESSION|SOCKET_PATH)$/, 'xrdp'],
  [/^CITRIX_/, 'Citrix'],
  [/^VIEWCLIENT_/i, 'Horizon'],
  [/^X2GO_SESSION$/, 'X2Go'],
  [/^NXSESSIONID$/, 'NX'],
  // Last: the others may have been reached through it.
  [/^SSH_(CONNECTION|TTY)$/, 'SSH'],
];

/** The kind of remote session, or undefined for a local one. */
export function remoteSession(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const names = Object.keys(environment).filter((name) => (environment[name] ?? '') !== '');
  return marks.find(([mark]) => names.some((name) => mark.test(name)))?.[1];
}

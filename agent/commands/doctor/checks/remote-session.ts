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

/** SESSIONNAME as each kind of server sets it ("ICA-TCP#3", "RDP-Tcp#0"); the machine's own screen is "Console". */
const stations: readonly (readonly [mark: RegExp, kind: string])[] = [
  [/^ICA/i, 'Citrix'],
  [/^RDP/i, 'RDP'],
  [/^PCoIP/i, 'Horizon PCoIP'],
  [/^(Blast|VMware)/i, 'Horizon Blast'],
];

/** The same on Windows. */
export function windowsRemoteSession(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const station = environment['SESSIONNAME'] ?? '';
  const named = stations.find(([mark]) => mark.test(station))?.[1];
  if (named !== undefined) return named;
  const other = remoteSession(environment);
  if (other !== undefined) return other;
  // A session that was the machine's own and has been taken over keeps its station's name.
  const client = environment['CLIENTNAME'] ?? '';
  return client === '' || /^console$/i.test(client) ? undefined : `CLIENTNAME ${client}`;
}

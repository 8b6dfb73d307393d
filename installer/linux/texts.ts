// The texts that only the Debian package has: launchers, the entry that starts the agent at logon, and what dpkg wants to know.
import { nodeVariables } from '../../shared/foreign-variables.ts';

const node = '/usr/bin/node';
const folder = '/usr/lib/kortbro';

/** /usr/bin/kortbro. */
export const commandLauncher = `#!/bin/sh
# The kortbro command: nothing of the environment may load foreign code into it.
unset ${nodeVariables.join(' ')}
exec ${node} ${folder}/agent/kortbro.js "$@"
`;

/** What the browser starts, made of native-host/launcher.sh. */
export function hostLauncher(template: string): string {
  return template.replaceAll('@NODE@', node);
}

/** Desktop Application Autostart Specification 0.5. A desktop that finds no such program leaves it alone. */
export const autostartEntry = `[Desktop Entry]
Type=Application
Name=Kortbro
Comment=Web pages use the smart card in the reader
Comment[sv]=Webbsidor använder kortet i kortläsaren
TryExec=/usr/bin/kortbro
Exec=env ${nodeVariables.map((name) => `-u ${name}`).join(' ')} ${node} ${folder}/agent/main.js
Terminal=false
NoDisplay=true
`;

/** What dpkg is told. `libraries`: what the native code links, as dpkg-shlibdeps finds it. */
export function control(version: string, architecture: string, libraries: string, kilobytes: number): string {
  // libpcsclite is opened at run time, when there is a reader to look for.
  const pinentry = ['pinentry-gnome3', 'pinentry-gtk2', 'pinentry-qt', 'pinentry-fltk'].join(' | ');
  return `Package: kortbro
Version: ${version}
Architecture: ${architecture}
Maintainer: Kortbro <kortbro@example.se>
Installed-Size: ${kilobytes}
Depends: nodejs (>= 20.19), ${libraries}, libpcsclite1, ${pinentry}
Recommends: pcscd, opensc-pkcs11
Section: web
Priority: optional
Description: web pages use the smart card in the reader
 Kortbro lets a web page in Chromium, Chrome or Edge use the smart card in the
 reader: log in with the PIN once, be logged out everywhere when the card is
 pulled. This package holds the agent, the native-messaging host that the
 browsers start, and the kortbro command. The browser extension is installed
 separately.
`;
}

/** Debian's form of a changelog; what people notice is in the project's own. */
export function changelog(version: string, date: number): string {
  const time = new Date(date * 1000).toUTCString().replace('GMT', '+0000');
  return `kortbro (${version}) unstable; urgency=medium\n\n  * Release ${version}.\n\n -- Kortbro <kortbro@example.se>  ${time}\n`;
}

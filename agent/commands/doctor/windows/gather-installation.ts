// What the MSI has put on this computer, and what else there is that uses smart cards. Reads only.
import { existsSync } from 'node:fs';
import { win32 } from 'node:path';
import { installationKey } from '../../../policy/windows-places.ts';
import { namesIn } from '../files.ts';
import { type AutostartSight, type InstallationSight } from './picture.ts';
import { numberOf, textOf, type ReadKey } from './registry-values.ts';

/** The files that the programs need; the MSI's list is longer. */
export const neededFiles = [
  'kortbro-agent.exe',
  'kortbro.exe',
  'kortbro-pin.exe',
  'kortbro.node',
  'pkcs11.node',
  'opensc.conf',
  'native-host.json',
] as const;

const currentVersion = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion';

/** Never throws: a part of the registry that cannot be read counts as empty. */
export function quietly(readKey: ReadKey): ReadKey {
  return (root, key, view) => {
    try {
      return readKey(root, key, view);
    } catch {
      return undefined;
    }
  };
}

export function gatherInstallation(folder: string, readKey: ReadKey): InstallationSight {
  return {
    folder,
    missing: neededFiles.filter((name) => !existsSync(win32.join(folder, name))),
    version: textOf(readKey('HKLM', installationKey, 64)?.values['Version']),
  };
}

/** Start type of Windows' card service (HKLM\SYSTEM\CurrentControlSet\Services). */
export function cardServiceStart(readKey: ReadKey): number | undefined {
  return numberOf(readKey('HKLM', 'SYSTEM\\CurrentControlSet\\Services\\SCardSvr', 64)?.values['Start']);
}

/** Cards for which a minidriver is registered ("80000001" names its DLL); Windows' own are called Identity Device. */
export function gatherMinidrivers(readKey: ReadKey): string[] {
  const calais = 'SOFTWARE\\Microsoft\\Cryptography\\Calais\\SmartCards';
  const cards = readKey('HKLM', calais, 64)?.subkeys ?? [];
  return cards.filter((name) => {
    const module = textOf(readKey('HKLM', `${calais}\\${name}`, 64)?.values['80000001']);
    return module !== undefined && !name.startsWith('Identity Device');
  });
}

/** The Run key's entry; Task Manager notes what is switched off in StartupApproved: an odd first byte. */
export function gatherAutostart(readKey: ReadKey): AutostartSight | undefined {
  const command = textOf(readKey('HKLM', `${currentVersion}\\Run`, 64)?.values['Kortbro']);
  if (command === undefined) return undefined;
  const program = /^"([^"]*)"|^\S+/.exec(command)?.[1] ?? command;
  const approved = `${currentVersion}\\Explorer\\StartupApproved\\Run`;
  const isOff = (['HKCU', 'HKLM'] as const).some((root) => {
    const first = readKey(root, approved, 64)?.values['Kortbro']?.data[0] ?? 0;
    return first % 2 === 1;
  });
  return { program, exists: existsSync(program), enabled: !isOff };
}

/** By the names under which programs are listed as installed, and those of their folders. */
const cardPrograms: readonly (readonly [name: string, mark: RegExp])[] = [
  ['Net iD', /\bnet ?id\b/i],
  ['SafeNet Authentication Client', /safenet/i],
  ['SITHS eID', /siths/i],
  ['OpenSC', /\bopensc\b/i],
  ['Web eID', /\bweb[ -]?eid\b/i],
];

/** Names of other card programs on this computer. */
export function gatherOtherSoftware(
  environment: Readonly<Record<string, string | undefined>>,
  readKey: ReadKey,
): string[] {
  const folders = [environment['ProgramFiles'], environment['ProgramFiles(x86)']];
  const seen = [...folders.flatMap((folder) => (folder === undefined ? [] : namesIn(folder))), ...listed(readKey)];
  return cardPrograms.filter(([, mark]) => seen.some((name) => mark.test(name))).map(([name]) => name);
}

/** The names in Windows' list of programs. */
function listed(readKey: ReadKey): string[] {
  const places = [
    ['HKLM', 64],
    ['HKLM', 32],
    ['HKCU', 64],
  ] as const;
  const uninstall = `${currentVersion}\\Uninstall`;
  return places.flatMap(([root, view]) =>
    (readKey(root, uninstall, view)?.subkeys ?? []).flatMap(
      (name) => textOf(readKey(root, `${uninstall}\\${name}`, view)?.values['DisplayName']) ?? [],
    ),
  );
}

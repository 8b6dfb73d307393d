// `kortbro install --user` and `uninstall --user`. Either everything is written or nothing: a foreign file in the way stops it first.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { browsers } from '../browsers.ts';
import { type Programs } from '../programs.ts';
import { type Text } from '../text.ts';
import { type UserPlaces } from '../user-places.ts';
import { recordDirectories, recordedDirectories, removeRecord } from './install-record.ts';
import { removeEmptyDirectories, removeOwnFile, standingOf, writeOwnFile } from './own-files.ts';
import { ownDirectory, plannedFiles } from './planned-file.ts';

/** What was done, or why nothing was, in lines to be printed. */
export interface InstallReport {
  done: boolean;
  lines: Text[];
}

export interface InstallOptions {
  /** Also for browsers that this user has not used. */
  all: boolean;
  /** Replace files that are not ours. */
  force: boolean;
}

/** Writes what is missing or outdated. May be run again. */
export function installForUser(places: UserPlaces, programs: Programs, options: InstallOptions): InstallReport {
  return reportingFailures(() => install(places, programs, options));
}

/** Removes what is ours and leaves the rest. May be run again. */
export function uninstallForUser(places: UserPlaces, programs: Programs): InstallReport {
  return reportingFailures(() => uninstall(places, programs));
}

function install(places: UserPlaces, programs: Programs, { all, force }: InstallOptions): InstallReport {
  const refusal = refusalOf(places) ?? missingProgram(programs);
  if (refusal !== undefined) return { done: false, lines: [refusal] };
  const served = browsers.filter((browser) => all || existsSync(join(places.configHome, browser.configDirectory)));
  const files = plannedFiles(places, programs, served).map((file) => ({ file, standing: standingOf(file) }));
  const foreign = files.filter(({ standing }) => standing === 'foreign');
  if (foreign.length > 0 && !force)
    return { done: false, lines: [...foreign.map(({ file }) => inTheWay(file.path)), tryForce] };

  const lines: Text[] = [];
  const made: string[] = [];
  try {
    for (const { file, standing } of files) {
      if (standing !== 'same') made.push(...writeOwnFile(file));
      lines.push(
        standing === 'same' ? unchanged(file.path) : standing === 'absent' ? written(file.path) : replaced(file.path),
      );
    }
  } finally {
    recordDirectories(places, made);
  }
  if (served.length === 0) lines.push(noBrowser);
  else lines.push(connected(served.map(({ name }) => name).join(', ')));
  return { done: true, lines };
}

function uninstall(places: UserPlaces, programs: Programs): InstallReport {
  const refusal = refusalOf(places);
  if (refusal !== undefined) return { done: false, lines: [refusal] };
  const lines: Text[] = [];
  // The launcher goes last: until then every manifest that is left names a program.
  for (const file of plannedFiles(places, programs, browsers).reverse()) {
    const standing = standingOf(file);
    if (standing === 'foreign') lines.push(left(file.path));
    if (standing !== 'same' && standing !== 'ours') continue;
    removeOwnFile(file);
    lines.push(removed(file.path));
  }
  const directories = recordedDirectories(places);
  removeRecord(places);
  for (const directory of removeEmptyDirectories([...directories, ownDirectory(places)]))
    lines.push(removed(directory));
  if (lines.length === 0) lines.push(nothing);
  const log = join(places.stateHome, 'kortbro');
  if (existsSync(log)) lines.push(logStays(log));
  return { done: true, lines };
}

/** What the file system refuses (no room, no right, a directory in the place of a file) is said with path and code. */
function reportingFailures(action: () => InstallReport): InstallReport {
  try {
    return action();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined || path === undefined) throw error;
    return {
      done: false,
      lines: [
        {
          sv: `Det gick inte att ändra ${path} (${code}). Rätta det och kör om.`,
          en: `${path} could not be changed (${code}). Mend that and run this again.`,
        },
      ],
    };
  }
}

/** Under sudo HOME may be another user's, who could then not change what was written there. */
function refusalOf({ home }: UserPlaces): Text | undefined {
  const status = statSync(home, { throwIfNoEntry: false });
  if (status?.isDirectory() === true && status.uid === process.getuid?.()) return undefined;
  return {
    sv: `Hemkatalogen ${home} är inte din egen. Kör kommandot som användaren själv, utan sudo.`,
    en: `The home directory ${home} is not your own. Run this as the user, without sudo.`,
  };
}

function missingProgram({ nativeHost, agent }: Programs): Text | undefined {
  const missing = [nativeHost, agent].find((path) => !existsSync(path));
  if (missing === undefined) return undefined;
  return {
    sv: `Installationen är inte hel: ${missing} saknas. Installera om Kortbro (från källkod: npm run build).`,
    en: `The installation is not complete: ${missing} is missing. Install Kortbro again (from source: npm run build).`,
  };
}

const written = (path: string): Text => ({ sv: `Skrev      ${path}`, en: `Wrote      ${path}` });
const replaced = (path: string): Text => ({ sv: `Ersatte    ${path}`, en: `Replaced   ${path}` });
const unchanged = (path: string): Text => ({ sv: `Finns      ${path}`, en: `Unchanged  ${path}` });
const removed = (path: string): Text => ({ sv: `Tog bort   ${path}`, en: `Removed    ${path}` });
const left = (path: string): Text => ({
  sv: `Lät vara   ${path} (inte skriven av install --user)`,
  en: `Left       ${path} (not written by install --user)`,
});
const inTheWay = (path: string): Text => ({
  sv: `I vägen    ${path} (inte skriven av install --user)`,
  en: `In the way ${path} (not written by install --user)`,
});
const tryForce: Text = {
  sv: 'Ingenting ändrades. Flytta undan filen, eller ersätt den med --force.',
  en: 'Nothing was changed. Move the file away, or replace it with --force.',
};
const nothing: Text = { sv: 'Det fanns inget att ta bort.', en: 'There was nothing to remove.' };
const noBrowser: Text = {
  sv: 'Ingen webbläsare har använts här. Starta den en gång och kör om, eller använd --all.',
  en: 'No browser has been used here. Start it once and run this again, or use --all.',
};
const connected = (names: string): Text => ({
  sv: `Anslutna webbläsare: ${names}. Starta om dem. Tillägget installeras för sig.`,
  en: `Browsers connected: ${names}. Restart them. The extension is installed separately.`,
});
const logStays = (path: string): Text => ({
  sv: `Händelseloggen finns kvar i ${path}. En agent som är igång slutar när du loggar ut.`,
  en: `The audit log stays in ${path}. An agent that is running ends when you log out.`,
});

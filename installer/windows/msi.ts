// Builds the MSI from a folder with everything that it installs: wixl makes it from product.wxs, msibuild mends what wixl cannot
// say. The same input and date give the same bytes. Needs wixl and msitools 0.101 (Debian 12) or later.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeHostName } from '../../shared/names.ts';
import { windowsFiles } from '../file-list.ts';
import { fileVersion } from './file-version.ts';
import { guidOf } from './uuid.ts';
import { element, xmlDocument } from './xml.ts';

const template = fileURLToPath(new URL('product.wxs', import.meta.url));

/** What all versions of the product have in common for Windows Installer. Never changes. */
export const upgradeCode = '797AF20C-CB38-5495-9253-24FBE8DDEB85';

/** What IT may give on the command line of msiexec. */
export const givenProperties = ['EXTENSIONID', 'EXTENSIONUPDATEURL', 'POLICYFILE'] as const;

export interface MsiOptions {
  /** A folder that holds the files of installer/file-list.ts and no others, signed already if they are to be. */
  files: string;
  /** The .msi to write. */
  outfile: string;
  /** Three numbers; a later one replaces an earlier one. */
  version: string;
  /** The extension that feature ForceExtension installs when no other is named. */
  extensionId: string;
  /** For the list of installed programs: the bytes of an .ico file. */
  icon: Uint8Array;
  /** What is written wherever a time must stand: seconds since 1970 (SOURCE_DATE_EPOCH). */
  date: number;
}

/** @throws Error when a file is missing, or there is one that is not in the list */
export function buildMsi(options: MsiOptions): void {
  checkFiles(options.files);
  const work = mkdtempSync(join(tmpdir(), 'kortbro-msi-'));
  try {
    const staged = windowsFiles.map((name) => stage(join(options.files, name), join(work, name), options.date));
    writeFileSync(join(work, 'files.wxs'), filesFragment());
    writeFileSync(join(work, 'kortbro.ico'), options.icon);
    const unfinished = join(work, 'unfinished.msi');
    run('wixl', [...wixlOptions(options), '-o', unfinished, template, join(work, 'files.wxs')], work);
    run('msibuild', [unfinished, ...amendments(staged).flatMap((query) => ['-q', query])], work);
    writeSummary(unfinished, packageCode(options, staged), options.date, work);
    mkdirSync(dirname(options.outfile), { recursive: true });
    copyFileSync(unfinished, options.outfile);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Each version is a product of its own: only then Windows Installer sees an upgrade. */
export function productCode(version: string): string {
  return guidOf(`product ${version}`);
}

/** The component of one file. */
export function componentCode(name: string): string {
  return guidOf(`component ${name}`);
}

/** The id of one file in the tables: letters, digits, dots and underscores. */
export function fileId(name: string): string {
  return name.replaceAll('-', '_');
}

function checkFiles(folder: string): void {
  const there = readdirSync(folder);
  const missing = windowsFiles.filter((name) => !there.includes(name));
  const foreign = there.filter((name) => !windowsFiles.includes(name));
  if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}`);
  if (foreign.length > 0)
    throw new Error(`${folder} has what installer/file-list.ts does not name: ${foreign.join(', ')}`);
}

/** The cabinet takes time and mode from the file. @returns the copy's path */
function stage(from: string, to: string, date: number): string {
  copyFileSync(from, to);
  chmodSync(to, 0o644);
  utimesSync(to, date, date);
  return to;
}

/** One component a file, so that repair finds each. */
function filesFragment(): string {
  const components = windowsFiles.map((name) =>
    element('Component', { Id: fileId(name), Guid: componentCode(name), Win64: 'yes' }, [
      element('File', { Id: fileId(name), Name: name, Source: name, KeyPath: 'yes' }),
    ]),
  );
  const references = windowsFiles.map((name) => element('ComponentRef', { Id: fileId(name) }));
  return xmlDocument(
    element('Wix', { xmlns: 'http://schemas.microsoft.com/wix/2006/wi' }, [
      element('Fragment', {}, [
        element('DirectoryRef', { Id: 'InstallFolder' }, components),
        element('ComponentGroup', { Id: 'Files' }, references),
      ]),
    ]),
  );
}

function wixlOptions({ version, extensionId }: MsiOptions): string[] {
  const variables = {
    ProductCode: productCode(version),
    UpgradeCode: upgradeCode,
    Version: version,
    ExtensionId: extensionId,
    HostName: nativeHostName,
    SettingsGuid: componentCode('Settings'),
    HostsGuid: componentCode('Hosts'),
    AutostartGuid: componentCode('Autostart'),
    ForceExtensionGuid: componentCode('ForceExtension'),
  };
  return ['-a', 'x64', ...Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`])];
}

/** SQL of what wixl has no words for, or says wrongly. */
function amendments(staged: readonly string[]): string[] {
  const secure = [...givenProperties, 'WIX_DOWNGRADE_DETECTED', 'WIX_UPGRADE_DETECTED'].join(';');
  const features = { disallowAdvertise: 8, disallowAbsent: 16 };
  const missingAddress = 'The feature ForceExtension needs the property EXTENSIONUPDATEURL.';
  return [
    `UPDATE \`Property\` SET \`Value\` = '${secure}' WHERE \`Property\` = 'SecureCustomProperties'`,
    `UPDATE \`Feature\` SET \`Attributes\` = ${features.disallowAdvertise}`,
    `UPDATE \`Feature\` SET \`Attributes\` = ${features.disallowAdvertise + features.disallowAbsent} WHERE \`Feature\` = 'Core'`,
    // Type 19: ends the installation with this text. After the features of an earlier version have been taken over (1200).
    `INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Target\`) VALUES ('NeedsUpdateUrl', 19, '${missingAddress}')`,
    `INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('NeedsUpdateUrl', '&ForceExtension = 3 AND NOT EXTENSIONUPDATEURL', 1210)`,
    // Searched for once, where it is installed: what the dialogs' own sequence found would not all get there.
    `DELETE FROM \`InstallUISequence\` WHERE \`Action\` = 'AppSearch'`,
    `DELETE FROM \`InstallUISequence\` WHERE \`Action\` = 'LaunchConditions'`,
    ...staged.flatMap(versionAmendments),
  ];
}

/** A file with a version must have it in the table: without it Windows Installer leaves any that is already there. */
function versionAmendments(path: string): string[] {
  const version = fileVersion(readFileSync(path));
  if (version === undefined) return [];
  const id = fileId(path.slice(path.lastIndexOf('/') + 1));
  return [
    `UPDATE \`File\` SET \`Version\` = '${version}', \`Language\` = '0' WHERE \`File\` = '${id}'`,
    `DELETE FROM \`MsiFileHash\` WHERE \`File_\` = '${id}'`,
  ];
}

/** The code of exactly these bytes: Windows Installer takes two packages with one code for the same file. */
function packageCode({ version, extensionId, date }: MsiOptions, staged: readonly string[]): string {
  const hash = createHash('sha256').update(
    JSON.stringify([version, extensionId, date, readFileSync(template, 'utf8')]),
  );
  for (const path of staged) hash.update(createHash('sha256').update(readFileSync(path)).digest());
  return guidOf(`package ${hash.digest('hex')}`);
}

/** wixl writes the time of the build and a code of chance into the summary. */
function writeSummary(msi: string, code: string, date: number, work: string): void {
  const old = run('msiinfo', ['export', msi, '_SummaryInformation'], work);
  const time = new Date(date * 1000).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
  const values: Readonly<Record<string, string>> = { '9': `{${code}}`, '12': time, '13': time };
  const lines = old.split('\r\n').map((line) => {
    const [property = ''] = line.split('\t', 1);
    return property in values ? `${property}\t${String(values[property])}` : line;
  });
  writeFileSync(join(work, 'summary.idt'), lines.join('\r\n'));
  run('msibuild', [msi, '-i', join(work, 'summary.idt')], work);
}

/** In UTC: cabinets hold local time. */
function run(program: string, words: readonly string[], cwd: string): string {
  const result = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
  if (result.error !== undefined) throw result.error;
  const complaint = result.stderr.trim();
  if (result.status !== 0 || complaint !== '') throw new Error(`${program}: ${complaint || String(result.status)}`);
  return result.stdout;
}

// An MSI made from small files, and its tables as msiinfo exports them. Needs wixl and msitools.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { windowsFiles } from '../../installer/file-list.ts';
import { productIcon } from '../../installer/windows/icon.ts';
import { buildMsi, type MsiOptions } from '../../installer/windows/msi.ts';
import { extensionId } from '../../shared/names.ts';

/** One row by the names of its columns; an empty column is an empty text. */
export type Row = Readonly<Record<string, string>>;

/** 2026-01-02 03:04:06: cabinets know even seconds only. */
export const buildDate = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;

/** Files with the names of the real ones; the programs have a version, as the real ones have. */
export function writePlaceholders(folder: string, version: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of windowsFiles) {
    const content = name.endsWith('.exe') ? emptyProgram(version) : `${name} of ${version}\n`;
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Builds an MSI of placeholders. @returns its path */
export function buildSampleMsi(directory: string, options: Partial<MsiOptions> & { version: string }): string {
  const files = options.files ?? writePlaceholders(join(directory, `files-${options.version}`), options.version);
  const outfile = join(directory, `kortbro-${options.version}.msi`);
  buildMsi({ files, outfile, extensionId, icon: productIcon(), date: buildDate, ...options });
  return outfile;
}

/** A table of an MSI. */
export function table(msi: string, name: string): Row[] {
  const text = execFileSync('msiinfo', ['export', msi, name], { encoding: 'utf8' });
  const [columns = '', , , ...rows] = text.trimEnd().split('\r\n');
  return rows.map((row) => {
    const values = row.split('\t');
    return Object.fromEntries(columns.split('\t').map((column, index) => [column, values[index] ?? '']));
  });
}

/** One column of a table by another. */
export function columnBy(msi: string, name: string, key: string, value: string): Record<string, string> {
  return Object.fromEntries(table(msi, name).map((row) => [row[key] ?? '', row[value] ?? '']));
}

function emptyProgram(version: string): Uint8Array {
  const executable = NtExecutable.createEmpty(false, false);
  const resources = NtExecutableResource.from(executable);
  const info = Resource.VersionInfo.createEmpty();
  info.setFileVersion(`${version}.0`);
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(executable);
  return new Uint8Array(executable.generate());
}

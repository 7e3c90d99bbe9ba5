import { accessSync, constants, type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CliError } from '../exit-codes.js';
import { isReadableZip } from './read-zip.js';

export interface PackageEntry {
  /** With forward slashes, relative to the package. */
  name: string;
  path: string;
  bytes: number;
}

export type ExportPackage =
  | { kind: 'folder'; path: string; label: string; entries: PackageEntry[]; bytes: number }
  | { kind: 'zip'; path: string; label: string; bytes: number };

/** Looks at what the user named before anything is started; every way it can be wrong is one sentence. */
export async function inspectPackage(path: string): Promise<ExportPackage> {
  const absolute = resolve(path);
  const found = findStats(absolute);
  if (found === undefined) {
    throw wrong(
      `There is no file or folder ${absolute}; name the OctopusPro export, as a folder or a .zip file.`,
    );
  }
  const label = basename(absolute);
  if (found.isDirectory()) {
    const entries = listEntries(absolute, '').sort((a, b) => (a.name < b.name ? -1 : 1));
    if (entries.length === 0)
      throw wrong(`The folder ${absolute} is empty; put the exported files into it and run again.`);
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (bytes === 0) throw wrong(`All files in ${absolute} are empty; export again.`);
    return { kind: 'folder', path: absolute, label, entries, bytes };
  }
  if (!found.isFile()) throw wrong(`${absolute} is neither a file nor a folder; name the OctopusPro export.`);
  assertReadable(absolute);
  if (!(await isReadableZip(absolute))) {
    throw wrong(
      `${absolute} is not a complete zip file; name the export's folder or its .zip, and copy it again if it was cut off.`,
    );
  }
  return { kind: 'zip', path: absolute, label, bytes: found.size };
}

/** What systems leave in folders; never part of an export. */
const leftovers = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini', '__MACOSX', '.git']);

function listEntries(root: string, under: string): PackageEntry[] {
  return readFolder(join(root, under)).flatMap((child) => {
    const name = under === '' ? child.name : `${under}/${child.name}`;
    const path = join(root, name);
    if (leftovers.has(child.name)) return [];
    if (child.isDirectory()) return listEntries(root, name);
    // A link could lead anywhere on this machine; what is sent must be what lies in the folder.
    if (!child.isFile())
      throw wrong(`${path} is a link or a device; replace it by the file itself and run again.`);
    assertReadable(path);
    return [{ name, path, bytes: statSync(path).size }];
  });
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw wrong(`The folder ${path} cannot be read; check its permissions and run again.`, error);
  }
}

function findStats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw wrong(`${path} cannot be read; check its permissions and run again.`, error);
  }
}

function assertReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw wrong(`The file ${path} cannot be read; check its permissions and run again.`, error);
  }
}

function wrong(sentence: string, cause?: unknown): CliError {
  return new CliError('usage', sentence, { cause });
}

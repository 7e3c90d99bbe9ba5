import { type Readable, Transform } from 'node:stream';
import { crc32 } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { PackageRefused } from './refused.js';

export interface ZipLimits {
  maxEntries: number;
  maxTotalBytes: number;
  /** Unpacked to packed, judged over the package and for each entry of more than 1 MiB. DEFLATE cannot exceed 1032. */
  maxRatio: number;
}

/** An L tenant has ~200,000 attachments; text packs 5 to 20 times, our own generator's best file 60 times. */
export const zipLimits: ZipLimits = { maxEntries: 400_000, maxTotalBytes: 64 * 2 ** 30, maxRatio: 200 };

/** One file of a package. `path` is relative, with `/`, and safe to show; it is never used on our disk. */
export interface PackageEntry {
  path: string;
  bytes: number;
  /** The content, to be read to its end: a wrong length or checksum fails with `damaged_entry`. */
  open(): Promise<Readable>;
}

/**
 * Opens a package (a path, or an open file that is closed with it) and hands its files out in path order. Everything that can be judged from the directory is judged
 * before the first byte is unpacked: names, links, encryption, doubles, sizes. Archives inside are files like any
 * other and are not followed.
 */
export async function withZip<T>(
  file: string | number,
  packedBytes: number,
  work: (entries: PackageEntry[]) => Promise<T>,
  limits: ZipLimits = zipLimits,
): Promise<T> {
  const zip = await openZip(file);
  try {
    const entries = await listEntries(zip, packedBytes, limits);
    return await work(entries);
  } finally {
    zip.close();
  }
}

async function openZip(file: string | number): Promise<ZipFile> {
  // Names are decoded and judged by us: yauzl would repair backslashes and report all faults alike.
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
  try {
    return await (typeof file === 'number'
      ? yauzl.fromFdPromise(file, options)
      : yauzl.openPromise(file, options));
  } catch (error) {
    throw new PackageRefused(
      'not_a_zip',
      'The package could not be opened as a ZIP archive: it is another kind of file, or cut off. Export or upload it again.',
      { cause: error },
    );
  }
}

async function listEntries(zip: ZipFile, packedBytes: number, limits: ZipLimits): Promise<PackageEntry[]> {
  const found = new Map<string, PackageEntry>();
  let total = 0;
  let count = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      count += 1;
      if (count > limits.maxEntries)
        throw refuse('too_many_entries', `holds more than ${limits.maxEntries} files`, 'Split it');
      const name = nameOf(entry, count);
      if (name.endsWith('/')) continue;
      judge(entry, name, limits);
      total += entry.uncompressedSize;
      if (total > limits.maxTotalBytes)
        throw refuse('too_large_unpacked', `unpacks to more than ${limits.maxTotalBytes} bytes`, 'Split it');
      const folded = name.normalize('NFC').toLowerCase();
      if (found.has(folded))
        throw refuse(
          'duplicate_entry',
          `holds two files with the name of entry ${count}`,
          'Remove or rename one of them',
        );
      found.set(folded, {
        path: name,
        bytes: entry.uncompressedSize,
        open: () => openEntry(zip, entry, name),
      });
    }
  } catch (error) {
    if (error instanceof PackageRefused) throw error;
    throw new PackageRefused(
      'not_a_zip',
      `The directory of the ZIP archive is damaged after ${count} entries. Export or upload the package again.`,
      { cause: error },
    );
  }
  if (total > packedBytes * limits.maxRatio)
    throw refuse(
      'suspicious_ratio',
      `unpacks to more than ${limits.maxRatio} times its size`,
      'Pack it again',
    );
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function nameOf(entry: Entry, position: number): string {
  const raw = entry.fileNameRaw ?? (entry.fileName as unknown as Buffer);
  const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields ?? [], true);
  const segments = name.replace(/\/$/, '').split('/');
  const unsafe =
    name === '' ||
    name.length > 1_000 ||
    name.includes('\\') ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    /[\u0000-\u001f\u007f]/.test(name) ||
    /^[a-zA-Z]:/.test(name) ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (unsafe)
    throw refuse(
      'unsafe_entry',
      `has a file (entry ${position}) whose name leads outside of it or cannot be used`,
      'Pack it with plain relative names',
    );
  return name;
}

function judge(entry: Entry, name: string, limits: ZipLimits): void {
  const unixMode = (entry.externalFileAttributes >>> 16) & 0o170000;
  if (unixMode !== 0 && unixMode !== 0o100000)
    throw refuse('unsafe_entry', `holds a link or device (${name})`, 'Replace it by the file itself');
  if (entry.isEncrypted())
    throw refuse('encrypted_entry', `is protected by a password (${name})`, 'Pack it without one');
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw refuse('unsupported_entry', `uses an unusual compression (${name})`, 'Pack it as a plain ZIP');
  if (entry.uncompressedSize > 2 ** 20 && entry.uncompressedSize > entry.compressedSize * limits.maxRatio)
    throw refuse(
      'suspicious_ratio',
      `holds a file that unpacks to more than ${limits.maxRatio} times its size (${name})`,
      'Pack it again',
    );
}

function refuse(code: PackageRefused['code'], found: string, remedy: string): PackageRefused {
  return new PackageRefused(code, `The package ${found}. ${remedy} and upload it again.`);
}

async function openEntry(zip: ZipFile, entry: Entry, name: string): Promise<Readable> {
  const damaged = (cause: unknown) =>
    new PackageRefused(
      'damaged_entry',
      `The file ${name} could not be unpacked: its content is damaged. Export or upload the package again.`,
      { cause },
    );
  const source = await zip.openReadStreamPromise(entry).catch((error: unknown) => {
    throw damaged(error);
  });
  let sum = 0;
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush(done) {
      done(sum === entry.crc32 ? null : damaged(new Error('checksum differs')));
    },
  });
  // By hand, because pipeline() would hand yauzl's own error on before ours.
  source.on('error', (error) => checked.destroy(damaged(error)));
  checked.on('close', () => source.destroy());
  source.pipe(checked);
  return checked;
}

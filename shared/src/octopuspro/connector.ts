import type { Readable } from 'node:stream';
import type { StagedColumn } from '../staging/read-staged.js';
import { type CanonicalObject, canonicalObjects } from './canonical-fields.js';
import { type CsvRecord, createCsvReader } from './formats/csv.js';
import { type Delimiter, decodeText, detectDelimiter, type Encoding } from './formats/text.js';
import { matchHeaders, objectOfFileName, storedColumns } from './headers.js';

export type FileKind = 'table' | 'json' | 'attachment' | 'manifest' | 'unknown';

/** What a file of a package is by its name. Content may still settle an unknown table (understandHead). */
export interface Classified {
  kind: FileKind;
  object: string | null;
}

/** How a table is written and what its columns are; `columns` and `dropped` go to export_file. */
export interface TableHead {
  object: string | null;
  encoding: Encoding;
  delimiter: Delimiter;
  columns: StagedColumn[];
  /** Headers of the columns that are dropped at the door (D44). */
  dropped: string[];
}

/** How much of a table is looked at before it is staged. */
export const headBytes = 256 * 1024;

/** Decides by name what a file is; nothing is left out, what we do not know is `unknown`. */
export function classifyFile(path: string): Classified {
  const segments = path.split('/');
  const name = segments.at(-1) ?? '';
  if (segments[0] === '__MACOSX' || name.startsWith('.')) return { kind: 'unknown', object: null };
  if (path.toLowerCase() === 'manifest.json') return { kind: 'manifest', object: null };
  if (segments.length > 1 && segments[0]?.toLowerCase() === 'attachments')
    return { kind: 'attachment', object: null };
  const extension = name.includes('.') ? (name.split('.').at(-1)?.toLowerCase() ?? '') : '';
  const object = objectOfFileName(path)?.object ?? null;
  if (['csv', 'tsv', 'txt'].includes(extension)) return { kind: object ? 'table' : 'unknown', object };
  if (['json', 'geojson', 'ndjson', 'jsonl'].includes(extension))
    return { kind: object ? 'json' : 'unknown', object };
  if (mediaExtensions.has(extension)) return { kind: 'attachment', object: null };
  return { kind: 'unknown', object };
}

const mediaExtensions = new Set(
  'jpg jpeg png gif webp heic tif tiff bmp svg pdf doc docx mp3 m4a wav ogg mp4 mov avi'.split(' '),
);

/**
 * True for a file that is left as it is and that data must be supposed in: named like an object of the export (`object`), or
 * a workbook, an archive or a database of any name. A file that a record names is an attachment whatever it is called.
 */
export function holdsUnreadData(path: string, object: string | null): boolean {
  return object !== null || unreadFormats.test(path);
}

const unreadFormats =
  /\.(xlsx|xlsm|xlsb|xls|ods|numbers|parquet|sqlite3?|db|mdb|accdb|sql|gz|tgz|bz2|xz|zst|zip|7z|rar|tar)$/i;

/** True for a name that may be a table of unknown name: its header can tell. */
export function mayBeTable(path: string): boolean {
  return /\.(csv|tsv|txt)$/i.test(path);
}

/**
 * Packages are often packed with their folder: when all files lie in one folder that is not ours, it is taken off. What a
 * Mac adds beside it (`__MACOSX/…`) does not count.
 */
export function withoutCommonFolder(paths: ReadonlyArray<string>): (path: string) => string {
  const real = paths.filter((path) => !path.startsWith('__MACOSX/'));
  const folder = `${real[0]?.split('/')[0] ?? ''}/`;
  const wrapped =
    folder.toLowerCase() !== 'attachments/' &&
    real.length > 0 &&
    real.every((path) => path.startsWith(folder));
  return wrapped ? (path) => (path.startsWith(folder) ? path.slice(folder.length) : path) : (path) => path;
}

/** Reads the first rows of a table: delimiter, columns, and what must not come in. `object` null: told by its header. */
export function understandHead(
  head: string,
  encoding: Encoding,
  object: CanonicalObject | undefined,
): TableHead {
  const delimiter = detectDelimiter(head);
  const reader = createCsvReader(delimiter);
  const records = [...reader.push(head), ...reader.end()];
  const header = records[0] ?? [];
  const definition = object ?? objectOfHeader(header);
  const base = { object: definition?.object ?? null, encoding, delimiter };
  if (!definition) return { ...base, columns: [], dropped: [] };
  const match = matchHeaders(definition, header);
  const secret = match.columns.map(
    (column, index) => column.secret || holdsCardNumbers(column.field, records, index),
  );
  const columns = match.columns.map((column, index) => ({ ...column, secret: secret[index] ?? false }));
  return {
    ...base,
    columns: storedColumns({ ...match, columns }),
    dropped: columns.filter((column) => column.secret).map((column) => column.header),
  };
}

/** The one object of which the header has every required column under its own name; undefined when none or several. */
function objectOfHeader(header: string[]): CanonicalObject | undefined {
  if (header.length < 2) return undefined;
  const fitting = canonicalObjects.filter(
    (definition) =>
      definition.key !== null &&
      matchHeaders(definition, header).missing.length === 0 &&
      header.some((cell) => cell.trim() === definition.fields[0]?.header),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/**
 * Card numbers under an innocent header: nearly all filled cells of the first rows are 13 to 19 digits of a card
 * scheme with a right check digit (one number in ten has it by chance, so few filled cells prove nothing).
 */
function holdsCardNumbers(field: string | null, records: CsvRecord[], index: number): boolean {
  if (field?.endsWith('_id')) return false;
  const filled = records
    .slice(1)
    .map((record) => record?.[index]?.trim() ?? '')
    .filter((cell) => cell !== '');
  if (filled.length < 3) return false;
  return filled.filter(isCardNumber).length / filled.length >= 0.8;
}

function isCardNumber(cell: string): boolean {
  const digits = cell.replace(/[ -]/g, '');
  if (!/^[3-6]\d{12,18}$/.test(digits)) return false;
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    sum += place % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** The records of a table in pieces of the stream's size; the first record of all is the header. */
export async function* readTable(
  content: Readable,
  encoding: Encoding,
  delimiter: Delimiter,
): AsyncGenerator<CsvRecord[], void, undefined> {
  const reader = createCsvReader(delimiter);
  for await (const text of decodeText(content, encoding)) {
    const records = reader.push(text);
    if (records.length > 0) yield records;
  }
  const records = reader.end();
  if (records.length > 0) yield records;
}

/** Rows of a table whose columns say nothing to us; null for a text that is no table at all (a read-me). */
export async function countTableRows(
  content: Readable,
  head: TableHead,
  start: string,
): Promise<number | null> {
  if (!looksLikeTable(start, head.delimiter)) {
    content.destroy();
    return null;
  }
  let records = 0;
  for await (const piece of readTable(content, head.encoding, head.delimiter)) records += piece.length;
  return Math.max(0, records - 1);
}

/** Prose has commas, too, but neither names above them nor as many on every line. */
function looksLikeTable(start: string, delimiter: Delimiter): boolean {
  const reader = createCsvReader(delimiter);
  // The last record may be cut off.
  const records = reader.push(start);
  const [header, ...rows] = records.length > 1 ? records : [...records, ...reader.end()];
  return (
    header !== undefined &&
    header !== null &&
    header.length > 1 &&
    header.every((cell) => cell.trim() !== '') &&
    rows.slice(0, 20).every((row) => row === null || row.length === header.length)
  );
}

/** Rows of a JSON file: of its array, of its one array, or of its lines (NDJSON); null when it is none of these. */
export function countJsonRows(text: string): number | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.length > 0 && lines.every((line) => /^\s*\{.*\}\s*$/.test(line)) ? lines.length : null;
  }
  if (Array.isArray(parsed)) return parsed.length;
  if (parsed === null || typeof parsed !== 'object') return null;
  const arrays = Object.values(parsed).filter((value) => Array.isArray(value));
  return arrays.length === 1 ? (arrays[0]?.length ?? null) : Object.keys(parsed).length;
}

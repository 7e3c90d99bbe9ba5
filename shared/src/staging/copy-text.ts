import { hash } from 'node:crypto';
import { type CanonicalObject, objectOfWord } from '../octopuspro/canonical-fields.js';
import type { CsvRecord } from '../octopuspro/formats/csv.js';
import { uniqueHeaders } from '../octopuspro/headers.js';
import { cleanId, idsOfCell } from '../octopuspro/ids.js';
import type { StagedColumn } from './read-staged.js';

/** How the records of one file become rows; made once a file, so that the loop over rows only looks up. */
export interface RowPlan {
  object: string;
  fileId: string;
  /** The file's headers, as `uniqueHeaders` names them; a whole record has as many cells. */
  header: ReadonlyArray<string>;
  /** Positions of the stored cells; a dropped column's is not among them. */
  kept: number[];
  keyCell: number;
  references: Array<{
    relation: string;
    cell: number;
    object: string | null;
    objectCell: number;
    many: boolean;
  }>;
  /** Part of each row's hash: the same cells under other headers are another row. */
  hashSeed: string;
}

/** A row with characters that could not be read, and the first of its stored cells that has one. */
export interface DamagedRow {
  rowNumber: number;
  sourceId: string | null;
  cell: number;
}

/** What decodeText puts in the place of a character that it cannot read. */
const unreadable = '\uFFFD';

/** The columns that `encodeRows` writes, in its order; tenant and export are defaults of the table. */
export const copyColumns = 'object, row_number, file_id, source_id, cells, row_hash, refs';

export function planRows(
  definition: CanonicalObject,
  fileId: string,
  header: ReadonlyArray<string>,
  columns: ReadonlyArray<StagedColumn>,
): RowPlan {
  const positions = new Map(columns.map((column) => [column.header, header.indexOf(column.header)]));
  const cellOf = (field: string | null) => {
    const column = field === null ? undefined : columns.find((candidate) => candidate.field === field);
    return column ? (positions.get(column.header) ?? -1) : -1;
  };
  const keyCell = cellOf(definition.key);
  return {
    object: definition.object,
    fileId,
    header,
    kept: columns.map((column) => positions.get(column.header) ?? -1),
    // A file with display numbers only is keyed by them (6.3 step 4).
    keyCell: keyCell === -1 && definition.key !== null ? cellOf(definition.display) : keyCell,
    references: definition.parents
      .map((parent) => ({
        relation: parent.field,
        cell: cellOf(parent.field),
        object: typeof parent.object === 'string' ? parent.object : null,
        objectCell: typeof parent.object === 'string' ? -1 : cellOf(parent.object.field),
        many: parent.many === true,
      }))
      .filter((reference) => reference.cell !== -1),
    hashSeed: `${columns.map((column) => column.header).join(separator)}\n`,
  };
}

/** Cells are joined by a character that none of them holds: decodeText lets no NUL through. */
const separator = '\u0000';

/**
 * Rows in COPY's text format. A record of another width than the header, or with broken quotes, becomes a row
 * without cells: which cell is which would be a guess, and a shifted password would come in under another name. So does
 * the header when it comes again, with a hash to be told by: it is no broken record, and none at all.
 */
export function encodeRows(
  plan: RowPlan,
  records: ReadonlyArray<CsvRecord>,
  firstRow: number,
  seeDamage: (row: DamagedRow) => void = () => {},
): string {
  const { object, fileId, kept, header } = plan;
  const width = header.length;
  const lines: string[] = [];
  let rowNumber = firstRow;
  for (const record of records) {
    if (record === null || record.length !== width || isHeader(record, header)) {
      const hashed = record !== null && record.length === width ? headerHash : emptyHash;
      lines.push(`${object}\t${rowNumber}\t${fileId}\t\\N\t{}\t${hashed}\t{}\n`);
      rowNumber += 1;
      continue;
    }
    let cells = record;
    if (kept.length !== width) {
      cells = [];
      for (const position of kept) cells.push(record[position] ?? '');
    }
    const joined = cells.join(separator);
    const key = plan.keyCell === -1 ? '' : cleanId(record[plan.keyCell] ?? '');
    // 128 bits tell rows apart; the hash never proves anything to anybody outside.
    const digest = hash('sha256', plan.hashSeed + joined).slice(0, 32);
    const id = key === '' ? '\\N' : copyText(key);
    if (joined.includes(unreadable))
      seeDamage({
        rowNumber,
        sourceId: key === '' ? null : key,
        cell: cells.findIndex((cell) => cell.includes(unreadable)),
      });
    lines.push(
      `${object}\t${rowNumber}\t${fileId}\t${id}\t${cells.length === 0 ? '{}' : textArray(joined)}\t\\\\x${digest}\t${referencesOf(plan, record)}\n`,
    );
    rowNumber += 1;
  }
  return lines.join('');
}

const emptyHash = '\\\\x';
const headerHash = '\\\\x00';

/** Nearly every record is told by one cell that its column's own name would not stand in. */
function isHeader(record: ReadonlyArray<string>, header: ReadonlyArray<string>): boolean {
  const last = header.length - 1;
  if (record[last]?.trim() !== header[last] && record[0]?.trim() !== header[0]) return false;
  const again = uniqueHeaders(record);
  return header.every((name, index) => name === again[index]);
}

/** Triples of relation, parent object and parent id, as a two-dimensional array. */
function referencesOf(plan: RowPlan, record: string[]): string {
  let triples = '';
  for (const reference of plan.references) {
    const cell = record[reference.cell] ?? '';
    if (cell === '') continue;
    const object = reference.object ?? objectOfWord(record[reference.objectCell] ?? '');
    if (!object) continue;
    const ids = reference.many || cell.startsWith('[') ? idsOfCell(cell) : [cleanId(cell)];
    for (const id of ids) {
      if (id === '') continue;
      triples += `${triples === '' ? '' : ','}{${reference.relation},${object},"${quoted(id)}"}`;
    }
  }
  return `{${triples}}`;
}

/** All cells of a row at once: one pass over the row is several times faster than one over each cell. */
function textArray(joined: string): string {
  return `{"${quoted(joined).replaceAll(separator, '","')}"}`;
}

/** What stands between the quotes of an array's element, inside COPY's text: both layers escape with a backslash. */
function quoted(text: string): string {
  if (!special.test(text)) return text;
  const escaped = text.includes('\\') ? text.replaceAll('\\', '\\\\\\\\') : text;
  return onOneLine(escaped.includes('"') ? escaped.replaceAll('"', '\\\\"') : escaped);
}

/** A value in COPY's text format. */
export function copyText(text: string): string {
  if (!special.test(text)) return text;
  return onOneLine(text.replaceAll('\\', '\\\\'));
}

const special = /[\t\n\r"\\]/;

/** One replaceAll for each character: native, and several times faster than one expression with a function. */
function onOneLine(text: string): string {
  let line = text;
  if (line.includes('\n')) line = line.replaceAll('\n', '\\n');
  if (line.includes('\t')) line = line.replaceAll('\t', '\\t');
  if (line.includes('\r')) line = line.replaceAll('\r', '\\r');
  return line;
}

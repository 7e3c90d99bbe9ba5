import { type DateSettings, parseWhen } from '@octopipe/shared/domain/convert/date';
import { parseEmails } from '@octopipe/shared/domain/convert/email';
import { parseMoney } from '@octopipe/shared/domain/convert/money';
import type { FindingCode } from '@octopipe/shared/domain/findings';
import type { FieldType } from '@octopipe/shared/octopuspro/canonical-fields';
import { sql } from 'kysely';
import type { FindingsList } from './findings-list.js';
import {
  type AssessSettings,
  type FoundRow,
  foundRow,
  objectsOf,
  openRows,
  positionsOf,
  type StagedExport,
} from './staged-export.js';

interface CellCheck {
  types: ReadonlyArray<FieldType>;
  code: FindingCode;
  /** Postgres pattern of cells that are surely fine; the others come here and are read as the mapper reads them. */
  plain: string;
  /** Postgres pattern (any case) of cells that look plain and still have to be read. */
  except?: string;
  reader(settings: AssessSettings): (cell: string) => boolean;
}

const day =
  '((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))';
const clock = '([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-][0-9]{2}:?[0-9]{2})?)?';

const checks: ReadonlyArray<CellCheck> = [
  {
    types: ['date', 'datetime'],
    code: 'unparseable_date',
    plain: `^(19[89][0-9]|20[0-9]{2})-${day}${clock}$`,
    reader: ({ dateFormat, timeZone }) => readsAsDate({ dateFormat, timeZone }),
  },
  {
    types: ['money'],
    code: 'unparseable_number',
    plain: '^-?[0-9]+([.][0-9]+)?$',
    reader:
      ({ currency }) =>
      (cell) =>
        parseMoney(cell, currency) !== undefined,
  },
  {
    types: ['number', 'int'],
    code: 'unparseable_number',
    plain: '^-?[0-9]+([.][0-9]+)?$',
    reader:
      ({ currency }) =>
      (cell) =>
        parseMoney(cell.replace(/\s*(?:%|°?[a-z²³]{1,8})$/i, ''), currency) !== undefined,
  },
  {
    types: ['email'],
    code: 'invalid_email',
    plain: '^[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+[.])+[A-Za-z]{2,}$',
    except: '^(none|no|na|noemail|test)@',
    reader: () => (cell) => parseEmails(cell).invalid === 0,
  },
];

/** Finds the dates, amounts, numbers and addresses that cannot be read. The row passes; the field will be empty. */
export async function checkCells(staged: StagedExport, findings: FindingsList): Promise<void> {
  for (const object of objectsOf(staged)) {
    for (const check of checks) {
      const isReadable = check.reader(staged.settings);
      for await (const cells of oddCells(staged, object, check)) {
        for (const found of cells) {
          if (!isNothing(found.cell) && !isReadable(found.cell))
            findings.addRow(check.code, found, { column: found.header });
        }
      }
    }
  }
}

/** Ways of writing "nothing" that exports are known for (6.1). */
function isNothing(cell: string): boolean {
  return /^(null|n\/a|none|-)$/i.test(cell);
}

/** One day stands in many rows, and a tenant's own format is slow to read: each text is read once. */
function readsAsDate(settings: DateSettings): (cell: string) => boolean {
  const known = new Map<string, boolean>();
  return (cell) => {
    const before = known.get(cell);
    if (before !== undefined) return before;
    const readable = parseWhen(cell, settings) !== undefined;
    if (known.size < 200_000) known.set(cell, readable);
    return readable;
  };
}

const pageSize = 20_000;

type OddCell = FoundRow & { cell: string; header: string };

/** In pages by row number, so that a column in another format does not come into memory at once. */
async function* oddCells(
  staged: StagedExport,
  object: string,
  check: CellCheck,
): AsyncGenerator<OddCell[], void, undefined> {
  const positions = positionsOf(staged, object).filter((position) => check.types.includes(position.type));
  if (positions.length === 0) return;
  for (let afterRow = 0; ; ) {
    const { rows } = await sql<OddCell>`
      select ${foundRow}, cell, p.header
      from ingest.staged_row r
      join jsonb_to_recordset(${JSON.stringify(positions)}::jsonb) as p(file_id uuid, position int, header text)
        on p.file_id = r.file_id
      cross join lateral (select btrim(r.cells[p.position], E' \\t\\r\\n\\u00a0') as cell) c
      where ${openRows(staged, object)} and r.row_number > ${afterRow}
        and cell <> '' and (cell !~ ${check.plain} ${check.except ? sql`or cell ~* ${check.except}` : sql``})
      order by r.row_number, p.position
      limit ${pageSize}`.execute(staged.tx);
    // A page may end within a row: that row's cells come again with the next one.
    const complete = rows.length < pageSize ? rows : withoutLastRow(rows);
    yield complete;
    const last = complete.at(-1);
    if (rows.length < pageSize || !last) return;
    afterRow = last.rowNumber;
  }
}

function withoutLastRow(rows: OddCell[]): OddCell[] {
  const last = rows.at(-1)?.rowNumber;
  return rows.filter((row) => row.rowNumber !== last);
}

import { canonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import { namedByNumber, numberRules } from '@octopipe/shared/staging/named-by-number';
import { sql } from 'kysely';
import type { FindingsList } from './findings-list.js';
import { type FoundRow, foundRow, openRows, type StagedExport, tablesOf } from './staged-export.js';

/** Rows that name a record by a number that several records carry (D22, D23): which of them is meant would be a guess. */
export async function findSharedNumbers(staged: StagedExport, findings: FindingsList): Promise<void> {
  for (const rule of numberRules) {
    const named = namedByNumber(rule, tablesOf(staged), sql`ingest.staged_row`, staged);
    if (!named) continue;
    const { rows } = await sql<FoundRow & { records: number }>`
      select ${foundRow}, max(named.records)::int as records
      from (${named}) named join ingest.staged_row r on r.row_number = named.row_number
      where named.records > 1 and ${openRows(staged, rule.object)}
      group by r.object, r.row_number, r.source_id, r.file_id order by r.row_number`.execute(staged.tx);
    const { fields } = canonicalObject(rule.object);
    const column = fields.find((field) => field.field === rule.number)?.header ?? rule.number;
    for (const row of rows)
      findings.addRow('number_not_unique', row, { column, facts: { records: row.records } });
  }
}

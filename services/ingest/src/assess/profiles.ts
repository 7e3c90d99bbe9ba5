import { sql } from 'kysely';
import { objectsOf, type StagedExport, tablesOf } from './staged-export.js';

/**
 * What each column of each object holds, over all rows: the evidence of the mapping proposal. One scan a column: a
 * single query over all columns sorts every cell of the object (measured on 60,000 rows of 77 columns: 27 s, against
 * 5 s). Distinct values are counted by a 64-bit hash, which sorts far faster than text and is exact for any count we
 * can hold. The type is read off some 2,000 rows spread over the object: it is a proposal, and every cell of a known
 * type is looked at by cell-checks.ts anyway.
 */
export async function writeProfiles(staged: StagedExport): Promise<void> {
  const { tx, tenantId, exportId } = staged;
  await sql`delete from ingest.field_profile where tenant_id = ${tenantId} and export_id = ${exportId}`.execute(
    tx,
  );
  for (const object of objectsOf(staged)) {
    const files = tablesOf(staged).filter((file) => file.object === object);
    const rows = files.reduce((sum, file) => sum + (file.rowCount ?? 0), 0);
    const headers = new Set(files.flatMap((file) => file.columns.map((column) => column.header)));
    for (const header of headers) {
      const positions = files.map((file) => ({
        file_id: file.id,
        position: file.columns.findIndex((column) => column.header === header) + 1,
      }));
      await writeProfile(staged, { object, header, rows, positions });
    }
  }
}

const sampledRows = 2_000;

async function writeProfile(
  { tx, tenantId, exportId }: StagedExport,
  column: {
    object: string;
    header: string;
    rows: number;
    positions: Array<{ file_id: string; position: number }>;
  },
): Promise<void> {
  const step = Math.max(1, Math.floor(column.rows / sampledRows));
  await sql`
    insert into ingest.field_profile
      (tenant_id, export_id, object, header, row_count, filled, distinct_count, max_length, inferred_type)
    select ${tenantId}, ${exportId}, ${column.object}, ${column.header}, ${column.rows},
      filled, distinct_count, max_length,
      case
        when filled = 0 then 'empty'
        when seen > 0 and booleans = seen then 'bool'
        when seen > 0 and integers = seen then 'integer'
        when seen > 0 and numbers = seen then 'number'
        when seen > 0 and dates = seen then 'date'
        when seen > 0 and times = seen then 'datetime'
        when seen > 0 and emails = seen then 'email'
        when max_length > 255 then 'longtext'
        else 'text'
      end
    from (
      select count(cell)::int as filled,
        count(distinct hashtextextended(cell, 0))::int as distinct_count,
        coalesce(max(length(cell)), 0) as max_length,
        count(sample) as seen,
        count(*) filter (where sample ~* '^(true|false|yes|no)$') as booleans,
        count(*) filter (where sample ~ '^-?[0-9]{1,15}$') as integers,
        count(*) filter (where sample ~ '^-?[0-9]{1,15}([.][0-9]+)?$') as numbers,
        count(*) filter (where sample ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') as dates,
        count(*) filter (where sample ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{5,8}.*)?$') as times,
        count(*) filter (where sample ~ '^[^@ ]+@[^@ ]+[.][^@ ]+$') as emails
      from (
        select cell, case when r.row_number % ${step}::int = 0 then cell end as sample
        from ingest.staged_row r
        join jsonb_to_recordset(${JSON.stringify(column.positions)}::jsonb) as p(file_id uuid, position int)
          on p.file_id = r.file_id
        cross join lateral (select nullif(btrim(r.cells[p.position]), '') as cell offset 0) c
        where r.tenant_id = ${tenantId} and r.export_id = ${exportId} and r.object = ${column.object}
      ) cells
    ) counted`.execute(tx);
}

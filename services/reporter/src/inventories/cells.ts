import type { Tx } from '@octopipe/shared/db/index';
import { columnsOf, withoutVerdict } from '@octopipe/shared/staging/read-staged';
import { type RawBuilder, sql } from 'kysely';

/**
 * Columns of a staged object as a relation `(c0, c1, …)` of texts, empty ones null, for counting in the database:
 * an object with a million rows is not carried through memory to be counted. Undefined when the object is not staged.
 */
export async function cellsOf(
  tx: Tx,
  tenantId: string,
  exportId: string,
  object: string,
  fields: ReadonlyArray<string>,
): Promise<RawBuilder<unknown> | undefined> {
  const files = await tx
    .selectFrom('ingest.exportFile')
    .select(['id', 'columns'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('object', '=', object)
    .where('kind', '=', 'table')
    .where('state', '=', 'staged')
    .orderBy('path')
    .execute();
  if (files.length === 0) return undefined;
  // Cells stand in the order of their own file's columns: parts of one object may differ in theirs.
  const parts = files.map((file) => {
    const columns = columnsOf(file.columns);
    const cells = fields.map((field, index) => {
      const place = columns.findIndex((column) => column.field === field) + 1;
      const cell = place === 0 ? sql`null::text` : sql`nullif(btrim(r.cells[${sql.lit(place)}]), '')`;
      return sql`${cell} as ${sql.id(`c${index}`)}`;
    });
    return sql`select ${sql.join(cells)} from ingest.staged_row r
      where r.tenant_id = ${tenantId} and r.export_id = ${exportId} and r.object = ${object}
        and r.file_id = ${file.id} and ${withoutVerdict}`;
  });
  return sql`(${sql.join(parts, sql` union all `)}) as cells`;
}

/** Rows of an object in which at least one of the columns is filled. */
export async function countFilled(
  tx: Tx,
  tenantId: string,
  exportId: string,
  object: string,
  fields: ReadonlyArray<string>,
): Promise<number> {
  const cells = await cellsOf(tx, tenantId, exportId, object, fields);
  if (!cells) return 0;
  const { rows } = await sql<{ filled: number }>`
    select count(*) filter (where coalesce(${sql.join(fields.map((_, index) => sql.id(`c${index}`)))}) is not null)::int as filled
    from ${cells}`.execute(tx);
  return rows[0]?.filled ?? 0;
}

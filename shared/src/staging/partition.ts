import { sql } from 'kysely';
import type { Tx } from '../db/index.js';
import { copyColumns } from './copy-text.js';
import { namedByNumber, numberRules } from './named-by-number.js';
import { columnsOf } from './read-staged.js';

/**
 * An export's rows live in a table of their own, and so do the references they hold. It is made detached, so that COPY
 * may fill it (Postgres refuses COPY into a table with row-level security), and becomes a partition of staged_row,
 * with that security, when all files are in. Until then nobody but ingest can see it.
 */
export async function createDetachedTable(tx: Tx, tenantId: string, exportId: string): Promise<void> {
  const table = partitionOf('staged_row', exportId);
  const { rows } = await sql<{ found: string | null }>`
    select to_regclass(${`ingest.${nameOf('staged_row', exportId)}`})::text as found`.execute(tx);
  if (rows[0]?.found) return;
  await sql`create table ${table} (
    like ingest.staged_row,
    check (export_id = ${sql.lit(exportId)}::uuid)
  )`.execute(tx);
  await sql`alter table ${table}
    alter column tenant_id set default ${sql.lit(tenantId)}::uuid,
    alter column export_id set default ${sql.lit(exportId)}::uuid`.execute(tx);
}

/** The indexes, row-level security, the references, then attach: from here on everybody's queries see the rows. */
export async function attachTable(tx: Tx, tenantId: string, exportId: string): Promise<void> {
  await indexRows(tx, exportId);
  await createRefs(tx, tenantId, exportId);
  await attach(tx, 'staged_ref', exportId);
  await attach(tx, 'staged_row', exportId);
}

export async function indexRows(tx: Tx, exportId: string): Promise<void> {
  const rows = partitionOf('staged_row', exportId);
  await sql`create unique index on ${rows} (object, row_number)`.execute(tx);
  await sql`create index on ${rows} (object, source_id)`.execute(tx);
}

/** Filled first and indexed afterwards: a third of the time of a row at a time. */
async function createRefs(tx: Tx, tenantId: string, exportId: string): Promise<void> {
  const refs = partitionOf('staged_ref', exportId);
  await sql`create table ${refs} (like ingest.staged_ref, check (export_id = ${sql.lit(exportId)}::uuid))`.execute(
    tx,
  );
  await sql`
    insert into ${refs} (tenant_id, export_id, object, row_number, relation, parent_object, parent_id)
    select ${tenantId}, ${exportId}, object, row_number, refs[i][1], refs[i][2], refs[i][3]
    from ${partitionOf('staged_row', exportId)}, generate_subscripts(refs, 1) i`.execute(tx);
  await addRefsByNumber(tx, tenantId, exportId);
  await sql`create index on ${refs} (parent_object, parent_id)`.execute(tx);
  await sql`create index on ${refs} (object, row_number)`.execute(tx);
}

/** A number that several records carry leads nowhere: assessing tells of it. One that nobody carries may be an id after all. */
async function addRefsByNumber(tx: Tx, tenantId: string, exportId: string): Promise<void> {
  const files = await tx
    .selectFrom('ingest.exportFile')
    .select(['id', 'object', 'columns'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('kind', '=', 'table')
    .execute();
  const tables = files.map(({ id, object, columns }) => ({ id, object, columns: columnsOf(columns) }));
  for (const rule of numberRules) {
    const named = namedByNumber(rule, tables, partitionOf('staged_row', exportId), { tenantId, exportId });
    if (!named) continue;
    await sql`
      insert into ${partitionOf('staged_ref', exportId)}
        (tenant_id, export_id, object, row_number, relation, parent_object, parent_id)
      select ${tenantId}, ${exportId}, ${rule.object}, row_number, ${rule.relation}, ${rule.parent}, parent_id
      from (${named}) named where records <= 1`.execute(tx);
  }
}

async function attach(tx: Tx, parent: Parent, exportId: string): Promise<void> {
  const table = partitionOf(parent, exportId);
  await sql`alter table ${table} enable row level security`.execute(tx);
  await sql`alter table ${table} force row level security`.execute(tx);
  await sql`create policy of_tenant on ${table} using (tenant_id = current_setting('app.tenant')::uuid)`.execute(
    tx,
  );
  await sql`alter table ${sql.id('ingest', parent)} attach partition ${table}
    for values in (${sql.lit(exportId)}::uuid)`.execute(tx);
}

/** Takes a file's rows out again, before it is staged anew. */
export async function deleteRowsOfFile(tx: Tx, exportId: string, fileId: string): Promise<void> {
  await sql`delete from ${partitionOf('staged_row', exportId)} where file_id = ${fileId}`.execute(tx);
}

/** An export's tables go, attached or not; answers how many rows they held. Under the lock of the export's row. */
export async function dropTablesOf(tx: Tx, exportId: string): Promise<Record<string, number>> {
  const held: Record<string, number> = {};
  for (const parent of parents) {
    const rows = await rowsIn(tx, parent, exportId);
    if (rows === undefined) continue;
    held[`ingest.${parent}`] = rows;
    await sql`drop table ${partitionOf(parent, exportId)}`.execute(tx);
  }
  return held;
}

/** Rows of all exports of a tenant, those that are still being staged included. */
export async function countStagedRows(tx: Tx, tenantId: string): Promise<Record<string, number>> {
  const exports = await tx
    .selectFrom('ingest.export')
    .select('id')
    .where('tenantId', '=', tenantId)
    .execute();
  const counts: Record<string, number> = {};
  for (const { id } of exports) {
    for (const parent of parents) {
      const name = `ingest.${parent}`;
      const rows = (await rowsIn(tx, parent, id)) ?? 0;
      if (rows > 0) counts[name] = (counts[name] ?? 0) + rows;
    }
  }
  return counts;
}

/** Undefined when there is no such table: the export was refused, or is not that far. */
async function rowsIn(tx: Tx, parent: Parent, exportId: string): Promise<number | undefined> {
  const { rows: found } = await sql<{ table: string | null }>`
    select to_regclass(${`ingest.${nameOf(parent, exportId)}`})::text as table`.execute(tx);
  if (!found[0]?.table) return undefined;
  const { rows } = await sql<{ count: string }>`
    select count(*) as count from ${partitionOf(parent, exportId)}`.execute(tx);
  return Number(rows[0]?.count ?? 0);
}

/** Statistics for the planner: COPY leaves none, and the questions of assess and mapping are joins. */
export async function analyzeRows(tx: Tx, exportId: string): Promise<void> {
  await sql`analyze ${partitionOf('staged_row', exportId)}, ${partitionOf('staged_ref', exportId)}`.execute(
    tx,
  );
}

/** What COPY is told to write to. */
export function copyTargetOf(exportId: string): string {
  return `ingest.${nameOf('staged_row', exportId)} (${copyColumns})`;
}

const parents = ['staged_ref', 'staged_row'] as const;
type Parent = (typeof parents)[number];

function partitionOf(parent: Parent, exportId: string) {
  return sql.id('ingest', nameOf(parent, exportId));
}

/** The id goes into SQL as a name, so it must be a uuid and nothing else. */
function nameOf(parent: Parent, exportId: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(exportId)) throw new Error('not an export id');
  return `${parent}_${exportId.replaceAll('-', '')}`;
}

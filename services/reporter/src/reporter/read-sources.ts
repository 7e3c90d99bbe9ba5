import type { Tx } from '@octopipe/shared/db/index';
import { type Run, streamRows } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';

/*
 * What only the reports read of other services' tables. A query moves to the owner's module in `shared` when a
 * second service needs it.
 */

export interface FindingCount {
  code: string;
  severity: string;
  count: number;
}

/** A row that was set aside, with the place where its owner finds it. */
export interface RejectedRow {
  object: string;
  sourceId: string | null;
  file: string | null;
  /** 1-based data row of that file. */
  fileRow: number | null;
  code: string;
}

export interface PlannedRecord {
  targetKey: string;
  entity: string;
  payload: unknown;
  payloadHash: string;
}

/** Findings about the export, and those of this run's mapping; another mapping's findings are not this run's. */
export async function findingCounts(tx: Tx, tenantId: string, run: Run): Promise<FindingCount[]> {
  return tx
    .selectFrom('core.finding')
    .select(['code', sql<string>`min(severity)`.as('severity'), sql<number>`count(*)::int`.as('count')])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', run.exportId)
    .where((where) =>
      where.or([where('setId', 'is', null), ...(run.setId === null ? [] : [where('setId', '=', run.setId)])]),
    )
    .groupBy('code')
    .orderBy('code')
    .execute();
}

/** Files of the package whose format is not read: by name, and with their rows where the manifest tells them. */
export async function unreadFiles(
  tx: Tx,
  tenantId: string,
  exportId: string,
): Promise<Array<{ file: string; rows: number | null }>> {
  const { rows } = await sql<{ file: string; rows: number | null }>`
    select coalesce(file, object) as file, (facts ->> 'rows')::int as rows from core.finding
    where tenant_id = ${tenantId} and export_id = ${exportId} and code = 'unread_file' and set_id is null
    order by 1`.execute(tx);
  return rows;
}

/** Row numbers run over all files of an object; the file is the last one that begins at or before the row. */
export function rejectedRows(tx: Tx, tenantId: string, run: Run): AsyncGenerator<RejectedRow> {
  return streamRows<RejectedRow>(
    tx,
    sql`select outcome.object, outcome.source_id, file.path as file,
        outcome.row_number - file.first_row + 1 as file_row, outcome.reason as code
      from transform.source_outcome outcome
      left join lateral (
        select path, first_row from ingest.export_file
        where export_id = ${run.exportId} and tenant_id = ${tenantId}
          and object = outcome.object and first_row <= outcome.row_number
        order by first_row desc limit 1
      ) file on true
      where outcome.tenant_id = ${tenantId} and outcome.set_id = ${run.setId}::uuid and outcome.outcome = 'rejected'
      order by outcome.object collate "C", outcome.row_number`,
  );
}

/** Everything the run was to write, by target key in byte order. */
export function plannedRecords(tx: Tx, tenantId: string, run: Run): AsyncGenerator<PlannedRecord> {
  return streamRows<PlannedRecord>(
    tx,
    sql`select target_key, entity, payload, payload_hash from transform.mapped_record
      where tenant_id = ${tenantId} and set_id = ${run.setId}::uuid
      order by target_key collate "C"`,
  );
}

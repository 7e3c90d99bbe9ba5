import { inTransaction } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { analyzeRows, attachTable } from '@octopipe/shared/staging/partition';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';

/** When all tables are in: indexes, references, attach, `staged`; once, whoever comes first. True when this call did it. */
export async function finishStaging(
  ctx: IngestContext,
  tenantId: string,
  exportId: string,
): Promise<boolean> {
  return inTransaction(ctx.db, { role: 'ingest', tenantId }, async (tx) => {
    const found = await tx
      .selectFrom('ingest.export')
      .select(['migrationId', 'state'])
      .where('tenantId', '=', tenantId)
      .where('id', '=', exportId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (found.state !== 'staging') return false;
    const files = await tx
      .selectFrom('ingest.exportFile')
      .select([
        sql<number>`count(*) filter (where state = 'pending')::int`.as('pending'),
        sql<number>`count(*)::int`.as('files'),
        sql<number>`coalesce(sum(row_count), 0)::int`.as('rows'),
      ])
      .where('tenantId', '=', tenantId)
      .where('exportId', '=', exportId)
      .executeTakeFirstOrThrow();
    if (files.pending > 0) return false;
    await attachTable(tx, tenantId, exportId);
    await analyzeRows(tx, exportId);
    await tx
      .updateTable('ingest.export')
      .set({ state: 'staged' })
      .where('tenantId', '=', tenantId)
      .where('id', '=', exportId)
      .execute();
    await appendEvent(tx, tenantId, {
      migrationId: found.migrationId,
      kind: 'export.staged',
      facts: { export_id: exportId, files: files.files, rows: files.rows },
    });
    return true;
  });
}

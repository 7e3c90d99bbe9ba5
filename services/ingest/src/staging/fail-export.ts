import { inTransaction } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import type { PackageRefused } from '@octopipe/shared/octopuspro/formats/refused';
import type { IngestContext } from '../context.js';

/** Ends an export whose package cannot be taken. The original stays, for support; what was unpacked of it goes. */
export async function failExport(
  ctx: IngestContext,
  tenantId: string,
  exportId: string,
  refusal: PackageRefused,
): Promise<void> {
  const blobs = await inTransaction(ctx.db, { role: 'ingest', tenantId }, async (tx) => {
    const failed = await tx
      .updateTable('ingest.export')
      .set({ state: 'failed', errorCode: refusal.code, errorDetail: refusal.message })
      .where('tenantId', '=', tenantId)
      .where('id', '=', exportId)
      .where('state', '=', 'received')
      .returning('migrationId')
      .executeTakeFirst();
    if (!failed) return [];
    await appendEvent(tx, tenantId, {
      migrationId: failed.migrationId,
      kind: 'export.failed',
      facts: { export_id: exportId, code: refusal.code },
    });
    return tx
      .deleteFrom('ingest.exportFile')
      .where('tenantId', '=', tenantId)
      .where('exportId', '=', exportId)
      .returning('blob')
      .execute();
  });
  for (const { blob } of blobs) await ctx.files.remove(tenantId, blob);
}

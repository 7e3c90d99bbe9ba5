import { inTransaction } from '@octopipe/shared/db/index';
import { PackageRefused } from '@octopipe/shared/octopuspro/formats/refused';
import { defineJob } from '@octopipe/shared/queue/worker';
import { getExport } from '@octopipe/shared/staging/read-staged';
import type { IngestContext } from '../context.js';
import { failExport } from '../staging/fail-export.js';
import { finishStaging } from '../staging/finish-staging.js';
import { listPackage } from '../staging/list-package.js';

/**
 * At least once. A second run finds the files of the first in export_file and goes on after them; a file stored but
 * not yet listed when the process died stays behind as an unreferenced, encrypted blob.
 */
export const stageExport = defineJob<IngestContext, 'stage-export'>({
  job: 'stage-export',
  async handle(ctx, { tenantId, exportId }, signal, log) {
    const scope = { role: 'ingest', tenantId } as const;
    const found = await inTransaction(ctx.db, scope, (tx) => getExport(tx, tenantId, exportId));
    log.setBindings({ migrationId: found.migrationId });
    if (found.state === 'received') {
      try {
        await listPackage(ctx, tenantId, found, signal);
      } catch (error) {
        if (!(error instanceof PackageRefused)) throw error;
        log.warn({ code: error.code }, 'package refused');
        await failExport(ctx, tenantId, exportId, error);
        return;
      }
    } else if (found.state !== 'staging') return;
    const pending = await inTransaction(ctx.db, scope, (tx) =>
      tx
        .selectFrom('ingest.exportFile')
        .select('id')
        .where('tenantId', '=', tenantId)
        .where('exportId', '=', exportId)
        .where('state', '=', 'pending')
        .orderBy('path')
        .execute(),
    );
    for (const file of pending)
      await ctx.producer.send('stage-file', { tenantId, exportId, fileId: file.id });
    if (pending.length === 0 && (await finishStaging(ctx, tenantId, exportId)))
      await ctx.producer.send('assess-export', { tenantId, exportId });
  },
});

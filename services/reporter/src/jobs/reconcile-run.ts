import { failpoint } from '@octopipe/shared/core/failpoints';
import { inTransaction } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { removeUnnamed } from '@octopipe/shared/files/remove-unnamed';
import { defineJob } from '@octopipe/shared/queue/worker';
import { getRun } from '@octopipe/shared/run/read-run';
import type { ReporterContext } from '../context.js';
import { lockOfDocuments, namedBlobs, type ReportDocument, replaceDocuments } from '../reporter/documents.js';
import { isReported } from '../reporter/reported-statuses.js';
import { writeDocuments } from '../reporter/write-documents.js';

/**
 * Prints the documents of a run that has ended. At-least-once: files are written first, then all rows change in one
 * transaction, then the files of the former rows go. Run twice, it replaces equal by equal. Killed before the rows
 * change, it leaves encrypted files that nobody refers to (a few, bounded by the number of kills); killed after, or
 * with a commit whose answer was lost, the former files: all go with the tenant's folder at the purge.
 */
export const reconcileRun = defineJob<ReporterContext, 'reconcile-run'>({
  job: 'reconcile-run',
  async handle(ctx, { tenantId, runId }, _signal, log) {
    const scope = { role: 'reporter', tenantId } as const;
    const run = await inTransaction(ctx.db, scope, (tx) => getRun(tx, tenantId, runId));
    log.setBindings({ migrationId: run.migrationId });
    if (!isReported(run)) {
      log.info({ status: run.status }, 'run has no report in this status, or of this kind');
      return;
    }
    const dataKey = await ctx.dataKey(tenantId);
    const written: ReportDocument[] = [];
    let former: string[];
    try {
      await inTransaction(ctx.db, scope, (tx) => writeDocuments(ctx, tx, tenantId, run, dataKey, written));
      failpoint('reporter.before_save');
      former = await inTransaction(ctx.db, scope, async (tx) => {
        const replaced = await replaceDocuments(tx, tenantId, runId, written);
        // Printed again for the same end they are the same documents: nobody needs to hear of it twice.
        const { finishedAt } = run;
        if (!replaced.some(({ createdAt }) => finishedAt !== null && createdAt >= finishedAt))
          await appendEvent(tx, tenantId, {
            migrationId: run.migrationId,
            runId,
            kind: 'report.ready',
            facts: { documents: written.length },
          });
        return replaced.map(({ blob }) => blob);
      });
    } catch (error) {
      await removeUnnamed(
        ctx,
        scope,
        {
          blobs: written.map(({ blob }) => blob),
          lock: lockOfDocuments(runId),
          named: (tx, blobs) => namedBlobs(tx, tenantId, runId, blobs),
        },
        log,
      );
      throw error;
    }
    for (const blob of former) await ctx.files.remove(tenantId, blob);
    log.info({ documents: written.length }, 'run reconciled');
  },
});

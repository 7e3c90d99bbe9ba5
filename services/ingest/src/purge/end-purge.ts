import { RetryLater } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { receiptHashOf } from '@octopipe/shared/purge/receipt';
import { addRows, inStep, type PurgeJob } from '@octopipe/shared/purge/run-step';
import { endTables } from '@octopipe/shared/purge/tables';
import { queueNames } from '@octopipe/shared/queue/catalog';
import { dropTablesOf } from '@octopipe/shared/staging/partition';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';

/** The tables of each export, one export in a transaction: dropping a partition shuts all others out for that moment. */
export async function dropStagedTables(
  ctx: IngestContext,
  job: PurgeJob,
  signal: AbortSignal,
): Promise<void> {
  const exports = await inStep(ctx.db, 'ingest', job, (tx) =>
    tx.selectFrom('ingest.export').select('id').where('tenantId', '=', job.tenantId).execute(),
  );
  for (const { id: exportId } of exports) {
    if (signal.aborted) throw new RetryLater(1_000, 'shutting_down');
    await inStep(ctx.db, 'ingest', job, async (tx, count) => {
      // Others queue behind whoever waits for the whole table: better to come back than to wait.
      await sql`select set_config('lock_timeout', '500ms', true)`.execute(tx);
      // Whoever makes these tables holds this row.
      await tx.selectFrom('ingest.export').select('id').where('id', '=', exportId).forUpdate().execute();
      for (const [table, rows] of Object.entries(await dropTablesOf(tx, exportId))) await count(table, rows);
    });
    failpoint('purge.after_slice', 'ingest.staged_row');
  }
}

/** Counted once, when nothing can come any more and before the first of them goes. */
export async function removeFiles(ctx: IngestContext, job: PurgeJob): Promise<void> {
  await ctx.files.retire(job.tenantId);
  const usage = await ctx.files.usage(job.tenantId);
  await inStep(ctx.db, 'ingest', job, (tx) =>
    tx
      .updateTable('core.purge')
      .set({ files: String(usage.files), bytes: String(usage.bytes) })
      .where('id', '=', job.purgeId)
      .where('files', 'is', null)
      .execute(),
  );
  failpoint('purge.after_retire');
  await ctx.files.removeRetired(job.tenantId);
}

/** What waits in the queues names the tenant by id. A hint that a sweep sends at this very moment finds nothing to do. */
export async function removeHints(ctx: IngestContext, job: PurgeJob): Promise<void> {
  for (const queue of queueNames)
    await ctx.queue.remove(queue, (data) => (data as { tenantId?: unknown }).tenantId === job.tenantId);
}

/** The tenant and its keys go, the receipt is written: one transaction. A row that is still there anywhere forbids it. */
export async function endPurge(ctx: IngestContext, { tenantId, purgeId }: PurgeJob): Promise<void> {
  failpoint('purge.before_end');
  await inSystemTransaction(ctx.db, async (tx) => {
    const open = await tx
      .selectFrom('core.purge')
      .selectAll()
      .where('id', '=', purgeId)
      .where('step', '=', 'ingest')
      .forUpdate()
      .executeTakeFirst();
    if (!open) return;
    const uses = await tx
      .deleteFrom('core.rateUse')
      .where('familyId', 'in', (keys) =>
        keys.selectFrom('core.apiKey').select('familyId').where('tenantId', '=', tenantId),
      )
      .executeTakeFirst();
    const keys = await tx.deleteFrom('core.apiKey').where('tenantId', '=', tenantId).executeTakeFirst();
    const tenants = await tx.deleteFrom('core.tenant').where('id', '=', tenantId).executeTakeFirst();
    const [keyTable, tenantTable] = endTables;
    await addRows(tx, purgeId, 'core.rate_use', Number(uses.numDeletedRows));
    await addRows(tx, purgeId, keyTable, Number(keys.numDeletedRows));
    await addRows(tx, purgeId, tenantTable, Number(tenants.numDeletedRows));
    const { rowsRemoved } = await tx
      .selectFrom('core.purge')
      .select('rowsRemoved')
      .where('id', '=', purgeId)
      .executeTakeFirstOrThrow();
    const done = { ...open, rowsRemoved, step: 'done', finishedAt: new Date() };
    await tx
      .updateTable('core.purge')
      .set({ step: done.step, finishedAt: done.finishedAt, receiptHash: receiptHashOf(done) })
      .where('id', '=', purgeId)
      .execute();
  });
}

import { inTransaction } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { AdmittedBatch } from './admit.js';

/**
 * Closes our turn: done when every record has its outcome; settling while some wait for the walk; else pending again
 * (not written: a 429, a spent day, a stop). Does nothing when the batch is no longer ours.
 */
export async function finishBatch(
  ctx: LoaderContext,
  batch: AdmittedBatch,
): Promise<{ waiting: number; unknown: number }> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const { waiting, unknown } = await tx
      .selectFrom('transform.loadBatch as batch')
      .select([
        sql<number>`(select count(*)::int from unnest(batch.target_keys) as key where not exists (
          select from loader.record_outcome o where o.run_id = ${batch.runId} and o.target_key = key))`.as(
          'waiting',
        ),
        sql<number>`(select count(*)::int from loader.intent i where i.connection_id = ${batch.connectionId}
          and i.target_key = any(batch.target_keys) and i.state in ('sent', 'ambiguous'))`.as('unknown'),
      ])
      .where('batch.id', '=', batch.batchId)
      .executeTakeFirstOrThrow();
    await tx
      .updateTable('loader.batchProgress')
      .set({
        state: waiting === 0 ? 'done' : unknown > 0 ? 'settling' : 'pending',
        lockedBy: null,
        leaseUntil: null,
        crashes: 0,
      })
      .where('runId', '=', batch.runId)
      .where('batchId', '=', batch.batchId)
      .where('state', '=', 'leased')
      .where('fence', '=', String(batch.fence))
      .execute();
    return { waiting, unknown };
  });
}

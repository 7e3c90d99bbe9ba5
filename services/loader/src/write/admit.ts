import { RunStopped } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { type Entity, phases } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';

export interface AdmittedBatch {
  tenantId: string;
  runId: string;
  migrationId: string;
  connectionId: string;
  setId: string;
  batchId: string;
  entity: Entity;
  /** Our turn on this batch; every later write of ours repeats it. */
  fence: bigint;
}

/** A batch whose worker died this often without handing it back is not tried again before a person has looked. */
const mostCrashes = 5;

/**
 * The only gate to the write path: decides whether a hinted batch may run now, and leases it. The run must be running
 * and in the batch's phase, and the batch free (or its worker gone for longer than its lease). Times are Postgres' own,
 * so a worker's clock does not matter. Answers undefined when not: the hint ends as a no-op and will come again.
 */
export async function admit(
  ctx: LoaderContext,
  payload: { tenantId: string; runId: string; batchId: string },
): Promise<AdmittedBatch | undefined> {
  const admitted = await lease(ctx, payload);
  if (admitted === 'keeps_dying')
    throw new RunStopped(
      'batch_keeps_dying',
      `A worker died ${mostCrashes} times in a row on batch ${payload.batchId}; look into the loader's log for what kills it, then resume the run to try again.`,
    );
  return admitted;
}

async function lease(
  ctx: LoaderContext,
  payload: { tenantId: string; runId: string; batchId: string },
): Promise<AdmittedBatch | 'keeps_dying' | undefined> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: payload.tenantId }, async (tx) => {
    const run = await tx
      .selectFrom('loader.run')
      .select(['id', 'migrationId', 'connectionId', 'setId', 'phase', 'status'])
      .where('id', '=', payload.runId)
      .executeTakeFirst();
    if (!run || run.setId === null || run.status !== 'running') return undefined;
    const entity = phases.find((phase) => phase.name === run.phase)?.entity;
    if (!entity) return undefined;
    const leased = await tx
      .updateTable('loader.batchProgress')
      .set({
        state: 'leased',
        lockedBy: ctx.workerId,
        leaseUntil: leaseEnd(ctx),
        fence: sql<string>`fence + 1`,
        crashes: sql<number>`crashes + case when state = 'leased' then 1 else 0 end`,
      })
      .where('runId', '=', run.id)
      .where('batchId', '=', payload.batchId)
      .where('entity', '=', entity)
      .where((where) =>
        where.or([
          where('state', '=', 'pending'),
          where.and([where('state', '=', 'leased'), where('leaseUntil', '<', sql<Date>`now()`)]),
        ]),
      )
      .returning(['fence', 'crashes'])
      .executeTakeFirst();
    if (!leased) return undefined;
    if (leased.crashes >= mostCrashes) {
      await tx
        .updateTable('loader.batchProgress')
        .set({ state: 'pending', lockedBy: null, leaseUntil: null, crashes: 0 })
        .where('runId', '=', run.id)
        .where('batchId', '=', payload.batchId)
        .execute();
      return 'keeps_dying';
    }
    return {
      tenantId: payload.tenantId,
      runId: run.id,
      migrationId: run.migrationId,
      connectionId: run.connectionId,
      setId: run.setId,
      batchId: payload.batchId,
      entity,
      fence: BigInt(leased.fence),
    };
  });
}

/** Before each slice: true while the batch is still ours, with a full lease ahead (longer than a request may take). */
export async function renewLease(ctx: LoaderContext, batch: AdmittedBatch): Promise<boolean> {
  const result = await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, (tx) =>
    tx
      .updateTable('loader.batchProgress')
      .set({ leaseUntil: leaseEnd(ctx) })
      .where('runId', '=', batch.runId)
      .where('batchId', '=', batch.batchId)
      .where('state', '=', 'leased')
      .where('fence', '=', String(batch.fence))
      .executeTakeFirst(),
  );
  return result.numUpdatedRows > 0n;
}

function leaseEnd(ctx: LoaderContext) {
  return sql<Date>`now() + ${ctx.settings.leaseMs} * interval '1 millisecond'`;
}

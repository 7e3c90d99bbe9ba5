import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction, type Scope, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import { findMappingVersion, type MappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { defineJob } from '@octopipe/shared/queue/worker';
import { getExport, listStagedObjects } from '@octopipe/shared/staging/read-staged';
import type { TransformContext } from '../context.js';
import { loadCatalogue } from '../mapping/catalogue.js';
import { exportedAtOf } from '../mapping/exported-at.js';
import { failSet, finishSet } from '../mapping/finish-set.js';
import { type MapJob, MapperError, mapSlice, type Progress } from '../mapping/map-slices.js';

/**
 * Maps all objects of an export into a set. At least once, and in any number of processes: each slice takes the lock
 * on the set's row, does a page of rows and saves the cursor in one transaction, so a slice is done exactly once and a
 * job that dies loses at most the page it was on. A second job finds the row locked and leaves.
 */
export const mapExport = defineJob<TransformContext, 'map-export'>({
  job: 'map-export',
  async handle(ctx, { tenantId, exportId, mappingVersionId }, signal, log) {
    const scope: Scope = { role: 'transform', tenantId };
    const job = await inTransaction(ctx.db, scope, (tx) => openSet(tx, tenantId, exportId, mappingVersionId));
    if (job === 'not_confirmed') {
      log.warn('mapping version is not confirmed, nothing was mapped');
      return;
    }
    if (job !== 'closed') {
      log.setBindings({ migrationId: job.migrationId });
      const state = await runSlices(ctx, scope, job, signal, log);
      if (state === 'left') return;
    }
    await wakeRuns(ctx, scope, exportId, mappingVersionId);
  },
});

/** Makes the set if it is missing and reads what all slices need. */
async function openSet(
  tx: Tx,
  tenantId: string,
  exportId: string,
  mappingVersionId: string,
): Promise<MapJob | 'closed' | 'not_confirmed'> {
  const version = await findMappingVersion(tx, tenantId, mappingVersionId);
  // A superseded version was confirmed once: a run that was started under it keeps it.
  if (!version || version.exportId !== exportId || version.confirmedAt === null) return 'not_confirmed';
  const set = await getOrCreateSet(tx, tenantId, version);
  if (set.state !== 'mapping') return 'closed';
  const staged = await listStagedObjects(tx, tenantId, exportId);
  return {
    tenantId,
    exportId,
    setId: set.id,
    migrationId: version.migrationId,
    content: version.content,
    exportedAt: exportedAtOf(await getExport(tx, tenantId, exportId)),
    catalogue: await loadCatalogue(tx, tenantId, exportId),
    staged: staged.map((object) => object.object),
    headers: new Map(
      staged.flatMap((object) =>
        object.columns.flatMap((column) =>
          column.field === null ? [] : [[`${object.object}\n${column.field}`, column.header] as const],
        ),
      ),
    ),
  };
}

async function getOrCreateSet(
  tx: Tx,
  tenantId: string,
  version: MappingVersion,
): Promise<{ id: string; state: string }> {
  await tx
    .insertInto('transform.mappedSet')
    .values({
      tenantId,
      migrationId: version.migrationId,
      exportId: version.exportId,
      mappingVersionId: version.id,
      state: 'mapping',
      progress: JSON.stringify({ step: 'companies', afterRow: 0 } satisfies Progress),
    })
    .onConflict((conflict) => conflict.columns(['exportId', 'mappingVersionId']).doNothing())
    .execute();
  return tx
    .selectFrom('transform.mappedSet')
    .select(['id', 'state'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', version.exportId)
    .where('mappingVersionId', '=', version.id)
    .executeTakeFirstOrThrow();
}

async function runSlices(
  ctx: TransformContext,
  scope: Scope,
  job: MapJob,
  signal: AbortSignal,
  log: Logger,
): Promise<'closed' | 'left'> {
  for (;;) {
    if (signal.aborted) return 'left';
    const state = await inTransaction(ctx.db, scope, (tx) => nextSlice(tx, job, log)).catch(
      (error: unknown) => {
        if (error instanceof MapperError) return failOn(ctx, scope, job, error, log);
        throw error;
      },
    );
    if (state !== 'more') return state;
    failpoint('transform.mid_object');
  }
}

async function nextSlice(tx: Tx, job: MapJob, log: Logger): Promise<'more' | 'closed' | 'left'> {
  const set = await tx
    .selectFrom('transform.mappedSet')
    .select(['state', 'progress'])
    .where('tenantId', '=', job.tenantId)
    .where('id', '=', job.setId)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (!set) return 'left';
  if (set.state !== 'mapping') return 'closed';
  const progress = progressOf(set.progress);
  if (progress.step === 'finish') {
    const broken = await finishSet(tx, job);
    if (broken) {
      log.error(
        { setId: job.setId, code: broken.fault, where: broken.where },
        'the mapped set failed its proof',
      );
      await failSet(tx, job, broken.fault, broken.where);
    }
    return 'closed';
  }
  const next = await mapSlice(tx, job, progress);
  await tx
    .updateTable('transform.mappedSet')
    .set({ progress: JSON.stringify(next) })
    .where('tenantId', '=', job.tenantId)
    .where('id', '=', job.setId)
    .execute();
  return 'more';
}

/** A bug on one row stops the set, loudly and once: the sweep would otherwise run into it for ever. */
async function failOn(
  ctx: TransformContext,
  scope: Scope,
  job: MapJob,
  error: MapperError,
  log: Logger,
): Promise<'closed'> {
  log.error({ setId: job.setId, sourceKey: error.sourceKey, err: error }, 'the mapper failed on a row');
  await inTransaction(ctx.db, scope, (tx) => failSet(tx, job, 'mapper_error', error.sourceKey));
  return 'closed';
}

/** `progress` is written by this file only, in this form. */
function progressOf(stored: unknown): Progress {
  return stored as Progress;
}

/** Runs that wait for this set look again; a hint that is lost is made again by the loader's sweep. */
async function wakeRuns(
  ctx: TransformContext,
  scope: Scope,
  exportId: string,
  mappingVersionId: string,
): Promise<void> {
  const runs = await inTransaction(ctx.db, scope, (tx) =>
    tx
      .selectFrom('loader.run')
      .select('id')
      .where('tenantId', '=', scope.tenantId)
      .where('exportId', '=', exportId)
      .where('mappingVersionId', '=', mappingVersionId)
      .where('status', 'not in', [...endedStatuses])
      .execute(),
  );
  for (const run of runs) {
    await ctx.producer.send('advance-run', { tenantId: scope.tenantId, runId: run.id, cause: 'mapped' });
  }
}

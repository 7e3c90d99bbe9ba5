import { inSystemTransaction } from '@octopipe/shared/db/index';
import { hintPurges } from '@octopipe/shared/purge/run-step';
import type { TransformContext } from './context.js';

/** Finds sets that are not finished, and runs that wait for a set nobody has begun, and hints them again. */
export async function sweep(ctx: TransformContext): Promise<void> {
  await hintPurges(ctx, 'transform');
  const pending = await inSystemTransaction(ctx.db, async (tx) => {
    const sets = await tx
      .selectFrom('transform.mappedSet')
      .select(['tenantId', 'exportId', 'mappingVersionId'])
      .where('state', '=', 'mapping')
      .orderBy('createdAt')
      .limit(200)
      .execute();
    const runs = await tx
      .selectFrom('loader.run as run')
      .select(['run.tenantId', 'run.exportId', 'run.mappingVersionId'])
      .where('run.phase', '=', 'mapping')
      .where('run.status', 'in', ['queued', 'running'])
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('transform.mappedSet as set')
              .select('set.id')
              .whereRef('set.exportId', '=', 'run.exportId')
              .whereRef('set.mappingVersionId', '=', 'run.mappingVersionId'),
          ),
        ),
      )
      .orderBy('run.createdAt')
      .limit(200)
      .execute();
    return [...sets, ...runs];
  });
  for (const hint of pending) await ctx.producer.send('map-export', hint);
}

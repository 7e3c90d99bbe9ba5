import { inSystemTransaction } from '@octopipe/shared/db/index';
import { hintPurges } from '@octopipe/shared/purge/run-step';
import type { LoaderContext } from './context.js';

/**
 * Every live run gets an advance hint: whatever was lost (a queue, a worker, a hint), the run row says what is next.
 * Cheap: one row per run, and advance-run does nothing when nothing has changed.
 */
export async function sweep(ctx: LoaderContext): Promise<void> {
  await hintPurges(ctx, 'loader');
  const runs = await inSystemTransaction(ctx.db, (tx) =>
    tx
      .selectFrom('loader.run')
      .select(['id', 'tenantId'])
      .where('status', 'in', ['queued', 'running', 'waiting_budget'])
      .execute(),
  );
  for (const run of runs)
    await ctx.producer.send('advance-run', { tenantId: run.tenantId, runId: run.id, cause: 'sweep' });
}

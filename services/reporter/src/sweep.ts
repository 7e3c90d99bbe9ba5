import { inSystemTransaction } from '@octopipe/shared/db/index';
import { hintPurges } from '@octopipe/shared/purge/run-step';
import type { ReporterContext } from './context.js';
import { runsWithoutReports } from './reporter/runs-without-reports.js';

/** Hints the reports of ended runs that have none: after a lost queue, a crash, or a loader that died before its hint. */
export async function sweep(ctx: ReporterContext): Promise<void> {
  await hintPurges(ctx, 'reporter');
  const runs = await inSystemTransaction(ctx.db, (tx) =>
    runsWithoutReports(tx).select(['run.id', 'run.tenantId']).orderBy('run.finishedAt').limit(100).execute(),
  );
  for (const run of runs) {
    await ctx.producer.send('reconcile-run', { tenantId: run.tenantId, runId: run.id });
  }
}

import { inSystemTransaction } from '@octopipe/shared/db/index';
import type { ReporterContext } from './context.js';
import { reportedStatuses } from './reporter/reported-statuses.js';

/** Hints the reports of ended runs that have none: after a lost queue, a crash, or a loader that died before its hint. */
export async function sweep(ctx: ReporterContext): Promise<void> {
  const runs = await inSystemTransaction(ctx.db, (tx) =>
    tx
      .selectFrom('loader.run as run')
      .select(['run.id', 'run.tenantId'])
      .where('run.status', 'in', reportedStatuses)
      // All documents of a run are saved in one transaction: one of them stands for all.
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('reporter.document as document')
              .select('document.name')
              .whereRef('document.runId', '=', 'run.id')
              .where('document.name', '=', 'summary.json'),
          ),
        ),
      )
      .orderBy('run.finishedAt')
      .limit(100)
      .execute(),
  );
  for (const run of runs) {
    await ctx.producer.send('reconcile-run', { tenantId: run.tenantId, runId: run.id });
  }
}

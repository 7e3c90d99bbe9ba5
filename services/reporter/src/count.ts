import type { Sample } from '@octopipe/shared/core/metrics';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { ReporterContext } from './context.js';
import { runsWithoutReports } from './reporter/runs-without-reports.js';

/** Runs that ended and have no reports yet, and how long the oldest has waited. */
export async function count(ctx: ReporterContext): Promise<Sample[]> {
  const { runs, oldestSeconds } = await inSystemTransaction(ctx.db, (tx) =>
    runsWithoutReports(tx)
      .select([
        sql<number>`count(*)::int`.as('runs'),
        sql<number | null>`extract(epoch from now() - min(run.finished_at))::float`.as('oldestSeconds'),
      ])
      .executeTakeFirstOrThrow(),
  );
  return [
    { name: 'octopipe_reports_missing', labels: {}, value: runs },
    { name: 'octopipe_unmoved_seconds', labels: {}, value: oldestSeconds ?? 0 },
  ];
}

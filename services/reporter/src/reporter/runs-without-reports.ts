import type { Tx } from '@octopipe/shared/db/index';
import { reportedStatuses } from './reported-statuses.js';

/** Of all tenants (system role): runs that get documents and have none of their (last) end. */
export function runsWithoutReports(tx: Tx) {
  return (
    tx
      .selectFrom('loader.run as run')
      .where('run.status', 'in', reportedStatuses)
      // Nothing came of it but its plan.
      .where('run.kind', '<>', 'dry_run')
      // All documents of a run are saved in one transaction: one of them stands for all.
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('reporter.document as document')
              .select('document.name')
              .whereRef('document.runId', '=', 'run.id')
              .where('document.name', '=', 'summary.json')
              .whereRef('document.createdAt', '>=', 'run.finishedAt'),
          ),
        ),
      )
  );
}

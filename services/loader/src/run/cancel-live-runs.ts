import { TenantGone } from '@octopipe/shared/core/errors';
import { type Database, inSystemTransaction, inTransaction } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import { changeStatus } from './change-status.js';

/** What was done about a run that was live; ids alone. */
export interface CancelledRun {
  runId: string;
  tenantId: string;
  connectionId: string;
  /** The status it was found in; `purged`: its tenant is being removed, and its runs with it. */
  was: string;
}

/**
 * Notes that the database was restored, and that every connection is in doubt for it: not only those with a live run, for
 * a load may have begun after the backup. One that is made later is in doubt from its beginning, by the same note
 * (routes/post-connection.ts). Answers how many there are. May be repeated while no loader runs.
 */
export async function doubtConnections(db: Database): Promise<number> {
  const { at, connections } = await inSystemTransaction(db, async (tx) => ({
    ...(await tx.insertInto('loader.restore').defaultValues().returning('at').executeTakeFirstOrThrow()),
    connections: await tx.selectFrom('loader.connection').select(['id', 'tenantId']).execute(),
  }));
  let doubted = 0;
  for (const { id, tenantId } of connections) {
    try {
      await inTransaction(db, { role: 'loader', tenantId }, (tx) =>
        tx
          .updateTable('loader.connection')
          .set({ doubtedAt: at, doubtSettledAt: null })
          .where('id', '=', id)
          .execute(),
      );
      doubted += 1;
    } catch (error) {
      if (!(error instanceof TenantGone)) throw error;
    }
  }
  return doubted;
}

/**
 * Ends every run of the installation where it is, as a person does with one of them: for a database that was restored
 * and does not know what its runs have written since. Each in a transaction of its own, so that a second call goes on
 * where a first one was cut off; what has ended is left alone. `tell` hears of each after its commit.
 */
export async function cancelLiveRuns(db: Database, tell: (run: CancelledRun) => void): Promise<number> {
  const live = await inSystemTransaction(db, (tx) =>
    tx
      .selectFrom('loader.run')
      .select(['id', 'tenantId', 'migrationId', 'connectionId', 'status'])
      .where('status', 'not in', [...endedStatuses])
      .orderBy('tenantId')
      .orderBy('createdAt')
      .execute(),
  );
  let cancelled = 0;
  for (const run of live) {
    const told = { runId: run.id, tenantId: run.tenantId, connectionId: run.connectionId };
    try {
      const isCancelled = await inTransaction(db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
        changeStatus(tx, run, {
          to: 'cancelled',
          reasonCode: 'database_restored',
          reason:
            'The database was restored to an earlier time. What this run wrote after that is not known here; the next run looks for each record before it makes it.',
        }),
      );
      if (!isCancelled) continue;
      cancelled += 1;
      tell({ ...told, was: run.status });
    } catch (error) {
      if (!(error instanceof TenantGone)) throw error;
      tell({ ...told, was: 'purged' });
    }
  }
  return cancelled;
}

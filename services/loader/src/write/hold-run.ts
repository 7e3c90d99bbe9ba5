import { RetryLater } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { CallPurpose } from '@octopipe/shared/pipedrive/planned-calls';
import type { Account } from '../destination/account.js';

/**
 * Holds a run as it is until the transaction ends; answers false when it has ended. Asked before anything is noted that
 * others will take as said: whoever ends the run waits for us, and then finds each call that may still leave for it in
 * the intents; after that none leaves any more. So the next run on the account need not wait for a worker to hear of it.
 *
 * The run's row comes before any other that is locked, as it does for whoever moves the run. Several may hold it at once.
 */
export async function holdRun(tx: Tx, runId: string): Promise<boolean> {
  const run = await tx
    .selectFrom('loader.run')
    .select('id')
    .where('id', '=', runId)
    .where('status', 'not in', [...endedStatuses])
    .forShare()
    .executeTakeFirst();
  return run !== undefined;
}

/** Counts the use of a write that has no intent, right before it leaves; false, and nothing counted, when its run has ended. */
export async function countUseInRun(
  account: Account,
  operation: OperationName,
  purpose?: CallPurpose,
): Promise<boolean> {
  const { runId, connection } = account;
  if (runId === null) throw new Error('a write beside the records belongs to a run');
  return inTransaction(account.db, { role: 'loader', tenantId: connection.tenantId }, async (tx) => {
    if (!(await holdRun(tx, runId))) return false;
    await account.countUseIn(tx, operation, 1, purpose);
    return true;
  });
}

/**
 * As `countUseInRun`, for one call in a row of many that change the account's schema. Of a run that has ended the job goes
 * no further: it is handed back, and its next try finds that there is nothing to do.
 */
export async function countUseOrEnd(
  account: Account,
  operation: OperationName,
  purpose?: CallPurpose,
): Promise<void> {
  if (!(await countUseInRun(account, operation, purpose))) throw new RetryLater(0, 'run_has_ended');
}

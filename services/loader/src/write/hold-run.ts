import type { Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';

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

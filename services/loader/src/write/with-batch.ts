import { isDatabaseAway, onceDatabaseAnswers } from '@octopipe/shared/core/database-away';
import { RetryLater, RunStopped } from '@octopipe/shared/core/errors';
import type { Logger } from '@octopipe/shared/core/logger';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { withAccount } from '../destination/open-account.js';
import { withBudget } from '../run/with-budget.js';
import { type AdmittedBatch, admit, type BatchDirection, finishBatch, standsTrial } from './admit.js';
import { alone, besideOthers } from './alone.js';
import { whileLeased } from './while-leased.js';

type Payload = { tenantId: string; runId: string; batchId: string };
type Work = (account: Account, batch: AdmittedBatch) => Promise<void>;

/** One turn on a hinted batch: admitted, worked on within the budget, handed back, and the run asked to go on. */
export async function withBatch(
  ctx: LoaderContext,
  payload: Payload,
  direction: BatchDirection,
  log: Logger,
  work: Work,
): Promise<void> {
  const besides = (await standsTrial(ctx, payload, log)) ? alone : besideOthers;
  await besides(() => takeTurn(ctx, payload, direction, log, work));
}

async function takeTurn(
  ctx: LoaderContext,
  payload: Payload,
  direction: BatchDirection,
  log: Logger,
  work: Work,
): Promise<void> {
  const batch = await admit(ctx, payload, direction);
  if (!batch) return;
  log.setBindings({ migrationId: batch.migrationId });
  try {
    await withBudget(ctx, { tenantId: batch.tenantId, id: batch.runId }, () =>
      withAccount(ctx, { ...batch, id: batch.runId }, (account) =>
        whileLeased(ctx, batch, log, () => work(account, batch)),
      ),
    );
  } catch (error) {
    // What was foreseen hands the batch back at once; a bug keeps its lease, so that its repeats are apart and counted.
    // A database that was away is no bug of the batch: neither a lease to wait for, nor a death to count.
    if (error instanceof RetryLater || error instanceof RunStopped || isDatabaseAway(error))
      await onceDatabaseAnswers(() => finishBatch(ctx, batch));
    throw error;
  }
  await onceDatabaseAnswers(() => finishBatch(ctx, batch));
  await ctx.producer.send('advance-run', {
    tenantId: batch.tenantId,
    runId: batch.runId,
    cause: `batch-${batch.batchId}`,
  });
}

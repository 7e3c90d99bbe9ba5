import { RetryLater, RunStopped } from '@octopipe/shared/core/errors';
import type { Logger } from '@octopipe/shared/core/logger';
import type { JobPayload } from '@octopipe/shared/queue/catalog';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { withBudget } from '../run/with-budget.js';
import { admit, finishBatch, standsTrial } from '../write/admit.js';
import { alone, besideOthers } from '../write/alone.js';
import { loadBatch } from '../write/load-batch.js';

/** Guarantee: see write/load-batch.ts. A hint that is not admitted ends here. */
export const loadBatchJob = defineJob<LoaderContext, 'load-batch'>({
  job: 'load-batch',
  async handle(ctx, payload, signal, log) {
    const besides = (await standsTrial(ctx, payload)) ? alone : besideOthers;
    await besides(() => writeBatch(ctx, payload, signal, log));
  },
});

async function writeBatch(
  ctx: LoaderContext,
  payload: JobPayload<'load-batch'>,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const batch = await admit(ctx, payload);
  if (!batch) return;
  log.setBindings({ migrationId: batch.migrationId });
  try {
    await withBudget(ctx, { tenantId: batch.tenantId, id: batch.runId }, () =>
      withAccount(ctx, { ...batch, id: batch.runId }, (account) =>
        loadBatch(ctx, account, batch, signal, log),
      ),
    );
  } catch (error) {
    // What was foreseen hands the batch back at once; a bug keeps its lease, so that its repeats are apart and counted.
    if (error instanceof RetryLater || error instanceof RunStopped) await finishBatch(ctx, batch);
    throw error;
  }
  await finishBatch(ctx, batch);
  await ctx.producer.send('advance-run', {
    tenantId: batch.tenantId,
    runId: batch.runId,
    cause: `batch-${batch.batchId}`,
  });
}

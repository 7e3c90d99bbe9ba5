import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { matchExisting } from '../match/match-existing.js';
import { readRunningRun } from '../run/read-live-run.js';
import { withBudget } from '../run/with-budget.js';

/** Guarantee: see match/match-existing.ts. */
export const matchExistingJob = defineJob<LoaderContext, 'match-existing'>({
  job: 'match-existing',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    if (run?.phase !== 'matching') return;
    await withBudget(ctx, run, () =>
      withAccount(ctx, run, (account) => matchExisting(ctx, account, run, signal, log)),
    );
    await ctx.producer.send('advance-run', { tenantId: run.tenantId, runId: run.id, cause: 'matched' });
  },
});

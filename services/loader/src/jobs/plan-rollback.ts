import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { planRollback } from '../rollback/plan-rollback.js';
import { readRunningRun } from '../run/read-live-run.js';
import { withBudget } from '../run/with-budget.js';

/** Guarantee: see rollback/plan-rollback.ts. */
export const planRollbackJob = defineJob<LoaderContext, 'plan-rollback'>({
  job: 'plan-rollback',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    if (run?.kind !== 'rollback' || run.phase !== 'look') return;
    log.setBindings({ migrationId: run.migrationId });
    await withBudget(ctx, run, () =>
      withAccount(ctx, run, (account) => planRollback(ctx, account, run, signal, log)),
    );
    await ctx.producer.send('advance-run', { tenantId: run.tenantId, runId: run.id, cause: 'looked' });
  },
});

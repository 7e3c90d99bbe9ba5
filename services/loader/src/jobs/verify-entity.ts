import { entities } from '@octopipe/shared/domain/run/states';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { readRunningRun } from '../run/read-live-run.js';
import { withBudget } from '../run/with-budget.js';
import { verifyEntity } from '../verify/verify-entity.js';

/** Guarantee: see verify/verify-entity.ts. */
export const verifyEntityJob = defineJob<LoaderContext, 'verify-entity'>({
  job: 'verify-entity',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    const entity = entities.find((name) => name === payload.entity);
    if (!run || !entity || run.phase !== 'verify') return;
    log.setBindings({ migrationId: run.migrationId });
    await withBudget(ctx, run, () =>
      withAccount(ctx, run, (account) => verifyEntity(ctx, account, run, entity, signal, log)),
    );
    await ctx.producer.send('advance-run', {
      tenantId: run.tenantId,
      runId: run.id,
      cause: `verified-${entity}`,
    });
  },
});

import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { readRunningRun } from '../run/read-live-run.js';
import { withBudget } from '../run/with-budget.js';
import { settleUnknown } from '../write/settle-unknown.js';

/** Guarantee: see write/settle-unknown.ts. */
export const settleUnknownJob = defineJob<LoaderContext, 'settle-unknown'>({
  job: 'settle-unknown',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    const entity = entities.find((name) => name === payload.entity) as Entity | undefined;
    if (!run || !entity) return;
    log.setBindings({ migrationId: run.migrationId });
    await withBudget(ctx, run, () =>
      withAccount(ctx, run, (account) => settleUnknown(ctx, account, run, entity, signal, log)),
    );
    await ctx.producer.send('advance-run', {
      tenantId: run.tenantId,
      runId: run.id,
      cause: `settled-${entity}`,
    });
  },
});

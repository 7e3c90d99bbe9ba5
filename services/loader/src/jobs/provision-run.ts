import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { provisionRun } from '../provision/provision-run.js';
import { withSingleWriter } from '../provision/with-single-writer.js';
import { readRunningRun } from '../run/read-live-run.js';

/** Guarantee: single writer per account; may run twice or die anywhere. */
export const provisionRunJob = defineJob<LoaderContext, 'provision-run'>({
  job: 'provision-run',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    if (run?.phase !== 'provision') return;
    log.setBindings({ migrationId: run.migrationId });
    await withSingleWriter(ctx, run, (account) => provisionRun(ctx, account, run, signal, log));
    await ctx.producer.send('advance-run', { tenantId: run.tenantId, runId: run.id, cause: 'provisioned' });
  },
});

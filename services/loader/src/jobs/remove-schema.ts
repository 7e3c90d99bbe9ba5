import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { withSingleWriter } from '../provision/with-single-writer.js';
import { removeSchema } from '../rollback/remove-schema.js';
import { readRunningRun } from '../run/read-live-run.js';

/** Guarantee: single writer per account; see rollback/remove-schema.ts. */
export const removeSchemaJob = defineJob<LoaderContext, 'remove-schema'>({
  job: 'remove-schema',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    if (run?.kind !== 'rollback' || run.phase !== 'schema') return;
    log.setBindings({ migrationId: run.migrationId });
    await withSingleWriter(ctx, run, (account) => removeSchema(ctx, account, run, signal, log));
    await ctx.producer.send('advance-run', {
      tenantId: run.tenantId,
      runId: run.id,
      cause: 'schema-removed',
    });
  },
});

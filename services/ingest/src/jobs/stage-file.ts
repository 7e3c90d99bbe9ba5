import { defineJob } from '@octopipe/shared/queue/worker';
import type { IngestContext } from '../context.js';
import { finishStaging } from '../staging/finish-staging.js';
import { stageTable } from '../staging/stage-table.js';

/** At least once. Rows and the file's state are one transaction: a second run of a staged file does nothing. */
export const stageFile = defineJob<IngestContext, 'stage-file'>({
  job: 'stage-file',
  async handle(ctx, { tenantId, exportId, fileId }, _signal, log) {
    const outcome = await stageTable(ctx, tenantId, exportId, fileId, log);
    if (outcome.next) await ctx.producer.send('stage-file', { tenantId, exportId, fileId: outcome.next });
    if (outcome.allStaged && (await finishStaging(ctx, tenantId, exportId)))
      await ctx.producer.send('assess-export', { tenantId, exportId });
  },
});

import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { undoBatch } from '../rollback/undo-batch.js';
import { withBatch } from '../write/with-batch.js';

/** Guarantee: see rollback/undo-batch.ts. A hint that is not admitted ends here. */
export const undoBatchJob = defineJob<LoaderContext, 'undo-batch'>({
  job: 'undo-batch',
  handle: (ctx, payload, signal, log) =>
    withBatch(ctx, payload, 'undo', log, (account, batch) => undoBatch(ctx, account, batch, signal, log)),
});

import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { loadBatch } from '../write/load-batch.js';
import { withBatch } from '../write/with-batch.js';

/** Guarantee: see write/load-batch.ts. A hint that is not admitted ends here. */
export const loadBatchJob = defineJob<LoaderContext, 'load-batch'>({
  job: 'load-batch',
  handle: (ctx, payload, signal, log) =>
    withBatch(ctx, payload, 'load', log, (account, batch) => loadBatch(ctx, account, batch, signal, log)),
});

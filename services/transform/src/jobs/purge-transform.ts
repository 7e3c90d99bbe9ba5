import { runStep } from '@octopipe/shared/purge/run-step';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { TransformContext } from '../context.js';

/** At least once: see shared/src/purge/run-step.ts. */
export const purgeTransform = defineJob<TransformContext, 'purge-transform'>({
  job: 'purge-transform',
  handle: (ctx, job, signal) => runStep(ctx, 'transform', job, signal),
});

import { runStep } from '@octopipe/shared/purge/run-step';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { ReporterContext } from '../context.js';

/** At least once: see shared/src/purge/run-step.ts. */
export const purgeReporter = defineJob<ReporterContext, 'purge-reporter'>({
  job: 'purge-reporter',
  handle: (ctx, job, signal) => runStep(ctx, 'reporter', job, signal),
});

import { defineJob } from '@octopipe/shared/queue/worker';
import type { LoaderContext } from '../context.js';
import { advanceRun } from '../run/advance-run.js';
import { wakeFromBudget } from '../run/wake-from-budget.js';

/** Guarantee: see run/advance-run.ts; a run that waits for its budget is woken here when the day has turned. */
export const advanceRunJob = defineJob<LoaderContext, 'advance-run'>({
  job: 'advance-run',
  async handle(ctx, payload, _signal, log) {
    await wakeFromBudget(ctx, payload.tenantId, payload.runId, log);
    await advanceRun(ctx, payload.tenantId, payload.runId);
  },
});

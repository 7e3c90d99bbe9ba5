import type { JobHandler } from '@octopipe/shared/queue/worker';
import type { ReporterContext } from '../context.js';
import { purgeReporter } from './purge-reporter.js';
import { reconcileRun } from './reconcile-run.js';

export const handlers: ReadonlyArray<JobHandler<ReporterContext>> = [reconcileRun, purgeReporter];

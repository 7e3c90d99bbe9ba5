import type { JobHandler } from '@octopipe/shared/queue/worker';
import type { ReporterContext } from '../context.js';
import { reconcileRun } from './reconcile-run.js';

export const handlers: ReadonlyArray<JobHandler<ReporterContext>> = [reconcileRun];

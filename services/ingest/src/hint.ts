import type { Logger } from '@octopipe/shared/core/logger';
import type { JobName, JobPayload } from '@octopipe/shared/queue/catalog';
import type { IngestContext } from './context.js';

/** Sends a job after commit. A queue that is away costs time only: the sweep finds the work in Postgres and hints again. */
export async function hint<N extends JobName>(
  ctx: IngestContext,
  log: Logger,
  job: N,
  payload: Omit<JobPayload<N>, 'version'>,
): Promise<void> {
  try {
    await ctx.producer.send(job, payload);
  } catch (error) {
    log.warn({ err: error, job }, 'hint not sent, the sweep will send it');
  }
}

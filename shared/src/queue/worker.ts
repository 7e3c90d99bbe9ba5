import type { Span } from '@opentelemetry/api';
import { DelayedError, type Job } from 'bullmq';
import { sleep } from '../core/clock.js';
import { isDatabaseAway } from '../core/database-away.js';
import { RetryLater, RunStopped, TenantGone } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Metrics } from '../core/metrics.js';
import { inSpan, traceBindings } from '../core/tracing.js';
import {
  asideQueues,
  catalog,
  type JobName,
  type JobPayload,
  jobNamesOf,
  queuesOf,
  type ServiceName,
} from './catalog.js';
import type { QueueConnection } from './connection.js';

/** What jobs/<name>.ts exports. `handle` may run twice, half, or on two machines at once. */
export interface JobHandler<C, N extends JobName = JobName> {
  job: N;
  handle(ctx: C, payload: JobPayload<N>, signal: AbortSignal, log: Logger): Promise<void>;
}

/** Keeps the pairing of name and payload in one place; jobs/index.ts lists the results by hand. */
export function defineJob<C, N extends JobName>(handler: JobHandler<C, N>): JobHandler<C> {
  return handler as unknown as JobHandler<C>;
}

export interface WorkerOptions<C> {
  service: ServiceName;
  ctx: C;
  handlers: ReadonlyArray<JobHandler<C>>;
  connection: QueueConnection;
  logger: Logger;
  metrics: Metrics;
  /** Of the service's own queue; the others have theirs in the catalogue. */
  concurrency: number;
  /** Called when a job says that its run needs a person; the service writes it to the run. */
  onRunStopped?: (payload: { tenantId: string; runId?: string }, error: RunStopped) => Promise<void>;
}

/**
 * Starts the service's workers, one for each of its queues. The only file that knows BullMQ's special errors: it parses the payload, binds the
 * logger, runs the handler and translates the outcome:
 * RetryLater → the job is handed back with a delay (not an attempt, not a failure);
 * TenantGone → the job is dropped: its tenant is being purged;
 * RunStopped → the run waits for a person; anything else → logged as a bug, the sweep will hint the work again.
 */
export function startWorker<C>(options: WorkerOptions<C>): { drain(): Promise<void> } {
  const handlers = indexHandlers(options.service, options.handlers);
  const draining = new AbortController();
  const concurrencies: Record<string, number> = { ...asideQueues, [options.service]: options.concurrency };
  const workers = queuesOf(options.service).map((queue) =>
    options.connection.createWorker(queue, (job, token) => run(job, token), {
      concurrency: concurrencies[queue] ?? 1,
    }),
  );
  return {
    async drain() {
      draining.abort();
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };

  async function run(job: Job, token: string | undefined): Promise<void> {
    const startedAt = performance.now();
    let outcome: JobOutcome = 'failed';
    try {
      outcome = await inSpan(`job ${job.name}`, 'job', { jobId: job.id ?? '' }, (span) =>
        runInSpan(job, token, span, startedAt),
      );
    } catch (error) {
      if (isDatabaseAway(error)) await untilStoreAnswers();
      throw error;
    } finally {
      // Names that are not ours come from another build or another program: their number has no bound.
      const name = handlers.has(job.name as JobName) ? job.name : 'unknown';
      const seconds = (performance.now() - startedAt) / 1000;
      options.metrics.observe('octopipe_job_seconds', { job: name, outcome }, seconds);
    }
    // The store has the job back already; BullMQ wants to be told by an error.
    if (outcome === 'handed_back') throw new DelayedError();
  }

  /**
   * On Postgres the queue is away with the database, and a job that fails now could not be closed: it would count as running
   * until its lock is over, and every hint of the same id with it.
   */
  async function untilStoreAnswers(): Promise<void> {
    while (!draining.signal.aborted) {
      const answers = await options.connection.ping().then(
        () => true,
        () => false,
      );
      if (answers) return;
      await sleep(askAgainMs, draining.signal);
    }
  }

  async function runInSpan(
    job: Job,
    token: string | undefined,
    span: Span,
    startedAt: number,
  ): Promise<JobOutcome> {
    const name = job.name as JobName;
    const took = () => Math.round(performance.now() - startedAt);
    let log = options.logger.child({ job: name, jobId: job.id, ...traceBindings(span) });
    let payload: (JobPayload<JobName> & { tenantId: string; runId?: string }) | undefined;
    try {
      const handler = handlers.get(name);
      if (!handler) throw new Error(`no handler for job ${job.name}`);
      payload = catalog[name].payload.parse(job.data) as JobPayload<JobName>;
      const ids = idsIn(payload);
      span.setAttributes(ids);
      log = log.child(ids);
      await handler.handle(options.ctx, payload, draining.signal, log);
      log.debug({ tookMs: took() }, 'job done');
      return 'done';
    } catch (error) {
      if (error instanceof RetryLater) {
        log.info({ tookMs: took(), code: error.code, delayMs: error.delayMs }, 'job handed back');
        await job.moveToDelayed(Date.now() + error.delayMs, token);
        return 'handed_back';
      }
      if (error instanceof TenantGone) {
        log.info({ tookMs: took() }, 'job dropped, its tenant is gone');
        return 'dropped';
      }
      if (error instanceof RunStopped && payload && options.onRunStopped) {
        log.warn({ tookMs: took(), code: error.code }, 'job stopped its run');
        await options.onRunStopped(payload, error).catch((failure: unknown) => {
          log.error({ err: failure }, 'the stop of the run was not written');
          throw failure;
        });
        return 'stopped';
      }
      log.error({ tookMs: took(), err: error }, 'job failed');
      throw error;
    }
  }
}

const askAgainMs = 500;

type JobOutcome = 'done' | 'handed_back' | 'dropped' | 'stopped' | 'failed';

/** What every line of the job is found by: the run, the batch, the export … The migration is bound by the handler. */
function idsIn(payload: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).filter(
      (entry): entry is [string, string] => entry[0].endsWith('Id') && typeof entry[1] === 'string',
    ),
  );
}

function indexHandlers<C>(
  service: ServiceName,
  handlers: ReadonlyArray<JobHandler<C>>,
): Map<JobName, JobHandler<C>> {
  const index = new Map<JobName, JobHandler<C>>();
  for (const handler of handlers) {
    if (index.has(handler.job))
      throw new Error(
        `service ${service} has two handlers for job ${handler.job}; keep one in jobs/index.ts`,
      );
    index.set(handler.job, handler);
  }
  const wanted = jobNamesOf(service);
  const missing = wanted.filter((name) => !index.has(name));
  const foreign = [...index.keys()].filter((name) => !wanted.includes(name));
  if (missing.length > 0 || foreign.length > 0) {
    throw new Error(
      `service ${service}: jobs/index.ts lacks [${missing.join(', ')}] and has too many [${foreign.join(', ')}] compared with queue/catalog.ts`,
    );
  }
  return index;
}

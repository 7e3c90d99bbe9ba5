import { setMaxListeners } from 'node:events';
import type { Express } from 'express';
import { sql } from 'kysely';
import { sleep } from '../core/clock.js';
import { isDatabaseAway } from '../core/database-away.js';
import { type RunStopped, SetupError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Sample } from '../core/metrics.js';
import { startTracing } from '../core/tracing.js';
import type { Database } from '../db/index.js';
import { assertSchemaIsCurrent, SchemaIsOlder } from '../db/migrate.js';
import { defaultBodyTimes } from '../http/body-time.js';
import { mountRoutes, type Route } from '../http/route.js';
import { closeServer, createApp, listen } from '../http/server.js';
import type { ServiceName } from '../queue/catalog.js';
import { type JobHandler, startWorker } from '../queue/worker.js';
import { tenantOfCall } from '../tenancy/tenant.js';
import { publishApiPart } from './api-parts.js';
import type { CommonConfig } from './config.js';
import type { CommonContext } from './context.js';
import { createMeasure } from './measure.js';

export interface ServiceParts<C extends CommonContext> {
  name: ServiceName;
  config: CommonConfig;
  ctx: C;
  routes: ReadonlyArray<Route<C>>;
  /** Routes that are not JSON behind a bearer key (the console's pages). Mounted after `routes`, before the 404. */
  addRoutes?(app: Express, ctx: C, closing: AbortSignal): void;
  handlers: ReadonlyArray<JobHandler<C>>;
  /** Finds pending work in Postgres and hints it again; runs every sweepIntervalMs, one at a time. */
  sweep(ctx: C): Promise<void>;
  /** What the service counts in its tables for /metrics: few, cheap questions through the system role. */
  count(ctx: C): Promise<Sample[]>;
  onRunStopped?(ctx: C, payload: { tenantId: string; runId?: string }, error: RunStopped): Promise<void>;
}

export interface RunningService {
  url: string;
  port: number;
  /** Not ready any more, no new jobs; running jobs finish or are handed back, or are cut off when they take too long. */
  drain(): Promise<void>;
  /** Closes what `start` opened, in reverse order. */
  destroy(): Promise<void>;
}

/** Starts HTTP, worker and sweep of one service. Closing is opening backwards; a job cut off runs again elsewhere. */
export async function startService<C extends CommonContext>(parts: ServiceParts<C>): Promise<RunningService> {
  try {
    return await start(parts);
  } catch (error) {
    await parts.ctx.destroy();
    throw error;
  }
}

async function start<C extends CommonContext>(parts: ServiceParts<C>): Promise<RunningService> {
  const { name, config, ctx } = parts;
  const tracing = await startTracing(name, config.tracing);
  let draining: Promise<void> | undefined;
  const closing = new AbortController();
  // Every open stream listens to it.
  setMaxListeners(0, closing.signal);
  let started = false;
  const readiness = {
    checks: {
      postgres: () => pingDatabase(ctx.db),
      queue: () => ctx.queue.ping(),
      schema: () => assertSchemaIsCurrent(ctx.db as never),
    },
    ownChecks: {
      starting: async () => {
        if (!started) throw new Error('the database was not there yet, or not of this build');
      },
      schema: () => assertSchemaIsNoOther(ctx),
    },
    isDraining: () => draining !== undefined,
  };
  const app = createApp(
    ctx.logger,
    { readiness, metrics: ctx.metrics, measure: createMeasure(name, ctx, readiness, parts.count) },
    (express) => {
      mountRoutes(express, ctx, parts.routes, {
        logger: ctx.logger,
        authenticate: ctx.authenticate,
        tenantOf: (caller, slug) => tenantOfCall(ctx.db, caller, slug),
        rates: ctx.rates,
        idempotency: ctx.idempotency,
        bodyTimes: config.http.bodyTimes ?? defaultBodyTimes,
        closing: closing.signal,
      });
      parts.addRoutes?.(express, ctx, closing.signal);
    },
  );
  // First of all answers: until the stores are there, every probe is told what is missing.
  const http = await listen(app, config.http.host, config.http.port);
  let worker: { drain(): Promise<void> };
  try {
    await untilSchemaIsCurrent(ctx);
    await publishApiPart(ctx.db, name, parts.routes);
    worker = startJobs(parts);
  } catch (error) {
    await closeServer(http.server, stopWithinMs.http);
    throw error;
  }
  const sweep = startSweep(parts);
  started = true;
  ctx.logger.info({ port: http.port, lane: ctx.queue.lane }, 'service ready');
  // Whoever asks a second time waits for the same end: destroy must not close what a running job still uses.
  const drain = () => {
    draining ??= stopWork();
    return draining;
  };
  return {
    url: `http://${config.http.host}:${http.port}`,
    port: http.port,
    drain,
    async destroy() {
      await drain();
      await closeServer(http.server, stopWithinMs.http);
      await endsWithin(stopWithinMs.connections, ctx.destroy(), ctx.logger);
      await endsWithin(stopWithinMs.spans, tracing.stop(), ctx.logger);
    },
  };

  async function stopWork(): Promise<void> {
    closing.abort();
    sweep.stop();
    const stopped = Promise.all([sweep.idle(), worker.drain()]);
    if (!(await endsWithin(stopWithinMs.jobs, stopped, ctx.logger)))
      ctx.logger.warn({ afterMs: stopWithinMs.jobs }, 'jobs cut off, they run again elsewhere');
  }
}

/**
 * Each phase of stopping has its limit, 24 s in all: a store that is away, or a request to Pipedrive that takes its
 * 30 s, must not end in a SIGKILL half-way. What is cut off is done again, as after any crash.
 */
const stopWithinMs = { jobs: 15_000, http: 5_000, connections: 3_000, spans: 1_000 } as const;

/** False when the time was over first. What fails has ended, too: without its store a part cannot close in order. */
async function endsWithin(ms: number, work: Promise<unknown>, logger: Logger): Promise<boolean> {
  const over = new AbortController();
  const ended = work.then(
    () => true,
    (error: unknown) => {
      logger.warn({ err: error }, 'a part did not stop in order');
      return true;
    },
  );
  const outcome = await Promise.race([ended, sleep(ms, over.signal).then(() => false)]);
  over.abort();
  return outcome;
}

const lookAgainMs = 500;

/**
 * Waits for a database that is away and for the migrate step that has not run yet: whatever is started first, nothing
 * has to be started twice. A schema that is newer than this build is a mistake in the deployment, and an error.
 */
async function untilSchemaIsCurrent(ctx: CommonContext): Promise<void> {
  for (let said = ''; ; await sleep(lookAgainMs)) {
    try {
      return await assertSchemaIsCurrent(ctx.db as never);
    } catch (error) {
      const code = isDatabaseAway(error)
        ? 'database_away'
        : error instanceof SchemaIsOlder
          ? 'schema_older'
          : '';
      if (code === '') throw error;
      // A mistyped host waits like one that is away: the line tells them apart, and comes again when it is another reason.
      const reason = (error as { code?: string }).code;
      const toSay = `${code} ${reason}`;
      if (said !== toSay) ctx.logger.warn({ code, reason, err: error }, 'waiting for the database');
      said = toSay;
    }
  }
}

function startJobs<C extends CommonContext>(parts: ServiceParts<C>): { drain(): Promise<void> } {
  const { name, config, ctx } = parts;
  return startWorker({
    service: name,
    ctx,
    handlers: parts.handlers,
    connection: ctx.queue,
    logger: ctx.logger,
    metrics: ctx.metrics,
    concurrency: config.queue.concurrency,
    ...(parts.onRunStopped
      ? { onRunStopped: (payload, error) => parts.onRunStopped?.(ctx, payload, error) ?? Promise.resolve() }
      : {}),
  });
}

/** Throws when the schema is known to be another than this build's; a database that gives no answer says nothing. */
async function assertSchemaIsNoOther(ctx: CommonContext): Promise<void> {
  try {
    await assertSchemaIsCurrent(ctx.db as never);
  } catch (error) {
    if (error instanceof SetupError) throw error;
  }
}

async function pingDatabase(db: Database): Promise<void> {
  await sql`select 1`.execute(db);
}

/** One sweep at a time; a failed one is logged and the next comes at its time (Postgres may be away for a while). */
function startSweep<C extends CommonContext>(
  parts: ServiceParts<C>,
): { stop(): void; idle(): Promise<void> } {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const tick = () => {
    running = parts
      .sweep(parts.ctx)
      .catch((error: unknown) => parts.ctx.logger.warn({ err: error }, 'sweep failed'))
      .then(() => {
        if (!stopped) timer = setTimeout(tick, parts.config.queue.sweepIntervalMs);
      });
  };
  tick();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    idle: () => running,
  };
}

/**
 * The body of every main.ts: start, say so on stdout (the supervisor waits for the line), stop on SIGTERM or SIGINT
 * within 25 s (see stopWithinMs); a second signal ends at once. So does the first while it waits for its database:
 * no work has begun, and as the first process of a container it would not be ended by a signal that nobody hears.
 */
export async function runUntilSignal(name: ServiceName, start: () => Promise<RunningService>): Promise<void> {
  let service: RunningService | undefined;
  let stopping = false;
  const stop = () => {
    if (service === undefined) process.exit(0);
    if (stopping) process.exit(1);
    stopping = true;
    const hardStop = setTimeout(() => process.exit(1), 25_000);
    hardStop.unref();
    service.destroy().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  process.stdout.write(`octopipe ${name} ready at ${service.url}\n`);
}

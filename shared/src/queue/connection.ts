import {
  createPostgresBackend,
  type Job,
  type Processor,
  Queue,
  type QueueOptions,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { hearErrors } from '../core/hear-errors.js';

/**
 * The one place that knows which store BullMQ uses. `REDIS_URL` set: Redis through ioredis. Unset: BullMQ's
 * PostgreSQL backend in schema `bullmq` of the same database, so that the embedded default needs nothing installed.
 * On Postgres the whole process shares one small pool, used for nothing else; each worker keeps one of its
 * connections for LISTEN.
 */
export interface QueueConnection {
  lane: 'redis' | 'postgres';
  createQueue(name: string): Queue;
  createWorker(name: string, processor: Processor, options: { concurrency: number }): Worker;
  /** False while the store is known to be away: what is sent now would wait for its return. */
  isUp(): boolean;
  /** Proves that the store answers; throws when it does not. */
  ping(): Promise<void>;
  /** What is in a queue now, for the metrics; throws when the store does not answer. */
  look(name: string): Promise<QueueLook>;
  /** Takes out of a queue what waits there and is theirs; what runs is not touched. Answers how many; throws when the store is away. */
  remove(name: string, isTheirs: (data: unknown) => boolean): Promise<number>;
  close(): Promise<void>;
}

export interface QueueLook {
  waiting: number;
  active: number;
  delayed: number;
  /** How long the oldest waiting job has waited; 0 when none does. Delayed ones do not wait for a worker. */
  oldestWaitingMs: number;
}

/** At most this many connections per process to Postgres for the queue: one LISTEN, the rest for short statements. */
export const queuePoolSize = 4;

const queuePrefix = '{octopipe}';

// A job whose worker dies is only "stalled", never the job's fault: the poison counter is ours, in Postgres.
// BullMQ's default of 1 would fail a job for good after two crashes (measured, engineering-choices finding 4).
const workerSettings = (lockMs: number) => ({
  maxStalledCount: 1_000,
  lockDuration: lockMs,
  stalledInterval: Math.ceil(lockMs / 3),
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  // After a refused connection BullMQ fetches nothing for 15 s, its default: as long as we promise to need at most.
  runRetryDelay: 1_000,
});

/** How long the job of a killed worker counts as running. A live worker renews it; a job that runs twice is harmless here. */
export const defaultLockMs = 10_000;

export interface QueueSettings {
  redisUrl?: string | undefined;
  databaseUrl: string;
  applicationName: string;
  /** Milliseconds; see defaultLockMs. */
  lockMs?: number;
  onError: (error: Error) => void;
}

export function openQueueConnection(settings: QueueSettings): QueueConnection {
  return settings.redisUrl
    ? onRedis(settings.redisUrl, settings.lockMs ?? defaultLockMs, settings.onError)
    : onPostgres(settings);
}

function onRedis(url: string, lockMs: number, onError: (error: Error) => void): QueueConnection {
  const commands = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: false });
  commands.on('error', onError);
  const createQueue = (name: string) =>
    withErrors(new Queue(name, { connection: commands, prefix: queuePrefix }), onError);
  // While it reconnects, ioredis would keep the question until there is an answer.
  const assertReady = () => {
    if (commands.status !== 'ready') throw new Error(`Redis is ${commands.status}`);
  };
  const looks = queuesToLookAt(createQueue);
  return {
    lane: 'redis',
    createQueue,
    createWorker: (name, processor, options) =>
      withErrors(
        new Worker(name, processor, {
          connection: commands,
          prefix: queuePrefix,
          ...workerSettings(lockMs),
          ...options,
        }),
        onError,
      ),
    // Still connecting is not away: the first hints of a process are sent while its connection is made.
    isUp: () => !['close', 'reconnecting', 'end'].includes(commands.status),
    ping: async () => {
      assertReady();
      await commands.ping();
    },
    look: async (name) => {
      assertReady();
      return looks.at(name, lookAt);
    },
    remove: async (name, isTheirs) => {
      assertReady();
      return looks.at(name, (queue) => removeFrom(queue, isTheirs));
    },
    close: async () => {
      await looks.close();
      if (commands.status !== 'ready') return commands.disconnect();
      await commands.quit().catch(() => commands.disconnect());
    },
  };
}

function onPostgres(settings: QueueSettings): QueueConnection {
  const lockMs = settings.lockMs ?? defaultLockMs;
  const classes = withBackend(createPostgresBackend);
  const pool = new pg.Pool({
    connectionString: settings.databaseUrl,
    max: queuePoolSize,
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
    application_name: `${settings.applicationName}-queue`,
    options: '-c search_path=bullmq',
  });
  pool.on('error', settings.onError);
  hearErrors(pool);
  type Connection = QueueOptions<pg.Pool>['connection'];
  const connection: Connection = pool;
  const createQueue = (name: string) =>
    withErrors(new classes.Queue(name, { connection } as never) as unknown as Queue, settings.onError);
  const looks = queuesToLookAt(createQueue);
  return {
    lane: 'postgres',
    createQueue,
    createWorker: (name, processor, options) =>
      withErrors(
        new classes.Worker(
          name,
          processor as (job: Job) => Promise<unknown>,
          { connection, ...workerSettings(lockMs), ...options } as never,
        ) as unknown as Worker,
        settings.onError,
      ),
    // Nothing is kept for later here: a statement is answered or fails.
    isUp: () => true,
    ping: async () => {
      await pool.query('select 1');
    },
    look: (name) => looks.at(name, lookAt),
    remove: (name, isTheirs) => looks.at(name, (queue) => removeFrom(queue, isTheirs)),
    close: async () => {
      await looks.close();
      await pool.end();
    },
  };
}

/** Queues that nothing is sent to from here: made on the first look, closed with the connection. */
function queuesToLookAt(createQueue: (name: string) => Queue) {
  const queues = new Map<string, Queue>();
  return {
    at<T>(name: string, look: (queue: Queue) => Promise<T>): Promise<T> {
      const queue = queues.get(name) ?? createQueue(name);
      queues.set(name, queue);
      return look(queue).catch((error: unknown) => {
        // See producer.ts: one that failed once may fail for ever.
        if (queues.get(name) === queue) queues.delete(name);
        queue.close().catch(() => {});
        throw error;
      });
    },
    async close(): Promise<void> {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** Jobs that are read at a time. */
const pageSize = 500;

async function removeFrom(queue: Queue, isTheirs: (data: unknown) => boolean): Promise<number> {
  // All of them first: removing while reading would move the pages.
  const theirs: Job[] = [];
  for (const state of ['waiting', 'delayed'] as const) {
    for (let from = 0; ; from += pageSize) {
      const page = await queue.getJobs([state], from, from + pageSize - 1);
      theirs.push(...page.filter((job) => job !== undefined && isTheirs(job.data)));
      if (page.length < pageSize) break;
    }
  }
  let removed = 0;
  // A worker may have taken it meanwhile: then it runs, and ends by itself.
  for (const job of theirs) {
    await job.remove().then(
      () => {
        removed += 1;
      },
      async (error: unknown) => {
        if (!(await job.isActive())) throw error;
      },
    );
  }
  return removed;
}

async function lookAt(queue: Queue): Promise<QueueLook> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed');
  // Both stores list the newest first, and the one on Postgres whatever order is asked for.
  const last = Math.max(0, (counts.waiting ?? 0) - 1);
  const [oldest] = await queue.getJobs(['waiting'], last, last, false);
  return {
    waiting: counts.waiting ?? 0,
    active: counts.active ?? 0,
    delayed: counts.delayed ?? 0,
    oldestWaitingMs: oldest === undefined ? 0 : Math.max(0, Date.now() - waitsSince(oldest)),
  };
}

/** A job that was handed back has waited since it ran last, its delay included; neither store keeps when that ended. */
function waitsSince(job: { timestamp: number; processedOn?: number }): number {
  return Math.max(job.timestamp, job.processedOn ?? 0);
}

function withErrors<T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(
  target: T,
  onError: (error: Error) => void,
): T {
  target.on('error', onError);
  return target;
}

export type { Queue, Worker, WorkerOptions };

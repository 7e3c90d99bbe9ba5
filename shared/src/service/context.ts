import type { Request } from 'express';
import type { Logger } from '../core/logger.js';
import { createMetrics, type Metrics } from '../core/metrics.js';
import { type Database, openDatabase } from '../db/index.js';
import { type FileStore, openFileStore } from '../files/store.js';
import type { IdempotencyStore } from '../http/idempotency.js';
import type { RateLimiter } from '../http/rate-limit.js';
import type { ServiceName } from '../queue/catalog.js';
import { openQueueConnection, type QueueConnection } from '../queue/connection.js';
import { createProducer, type Producer } from '../queue/producer.js';
import { type Caller, openAuthenticator } from '../tenancy/api-key.js';
import { openIdempotencyStore } from '../tenancy/idempotency.js';
import { openRateLimiter } from '../tenancy/rate-limit.js';
import { type KeyRing, tenantDataKey } from '../tenancy/secrets.js';
import { assertTenantLives } from '../tenancy/tenant.js';
import { type CommonConfig, defaultIdempotencyLeaseMs } from './config.js';

/** What every service is handed: connections and clients built from its config. Tests pass `overrides`. */
export interface CommonContext {
  db: Database;
  queue: QueueConnection;
  producer: Producer;
  files: FileStore;
  masterKey: KeyRing;
  logger: Logger;
  metrics: Metrics;
  /** The tenant's data key; unwrapped on each call, kept by nobody. */
  dataKey(tenantId: string): Promise<Buffer>;
  authenticate(req: Request): Promise<Caller>;
  rates: RateLimiter;
  idempotency: IdempotencyStore;
  destroy(): Promise<void>;
}

/**
 * Connections of a process beside DATABASE_POOL_SIZE. With its own look-ups of files, ingest's COPYs (WORKER_CONCURRENCY) and
 * a queue on Postgres (queuePoolSize) that is all: docs/scaling.md adds it up, and a test with it.
 */
export const lookoutPoolSize = 1;

export function createCommonContext(
  service: ServiceName,
  config: CommonConfig,
  logger: Logger,
): CommonContext {
  const onError = (error: Error) => logger.warn({ err: error }, 'a connection dropped');
  const database = openDatabase(config.db.url, {
    max: config.db.poolSize,
    onError,
    applicationName: `octopipe-${service}`,
  });
  // A job that prints documents within a transaction must not wait for a second connection of its own pool.
  const lookouts = openDatabase(config.db.url, {
    max: lookoutPoolSize,
    onError,
    applicationName: `octopipe-${service}-files`,
  });
  const queue = openQueueConnection({
    redisUrl: config.queue.redisUrl,
    lockMs: config.queue.lockMs,
    databaseUrl: config.db.url,
    applicationName: `octopipe-${service}`,
    onError,
  });
  const producer = createProducer(queue, (job, error) =>
    logger.warn({ err: error, job }, 'hint not sent, the sweep will send it'),
  );
  return {
    db: database.db,
    queue,
    producer,
    files: openFileStore(config.files.root, (tenantId) => assertTenantLives(lookouts.db, tenantId)),
    masterKey: config.masterKey,
    logger,
    metrics: createMetrics(service),
    dataKey: (tenantId) => tenantDataKey(database.db, config.masterKey, tenantId),
    authenticate: openAuthenticator(database.db, logger),
    rates: openRateLimiter(database.db),
    idempotency: openIdempotencyStore(
      database.db,
      config.masterKey,
      config.http.idempotencyLeaseMs ?? defaultIdempotencyLeaseMs,
    ),
    async destroy() {
      await producer.close();
      await queue.close();
      await lookouts.destroy();
      await database.destroy();
    },
  };
}

import { z } from 'zod';
import type { TracingSettings } from '../core/tracing.js';
import { type BodyTimes, defaultBodyTimes } from '../http/body-time.js';
import { type KeyRing, parseMasterKey } from '../tenancy/secrets.js';

/** How long after the death of a process a repeat of its request may take over. */
export const defaultIdempotencyLeaseMs = 10_000;

/** The environment every service reads; each adds its own keys. Units are in the names. */
export const commonEnv = {
  DATABASE_URL: z.string().startsWith('postgres'),
  REDIS_URL: z.string().startsWith('redis').optional(),
  OCTOPIPE_MASTER_KEY: z.string(),
  /** Keys that open besides, with commas between: while a rotation lasts, see the runbook. */
  OCTOPIPE_OTHER_MASTER_KEYS: z.string().optional(),
  OCTOPIPE_FILES_DIR: z.string(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(4).max(100).default(8),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(4),
  QUEUE_LOCK_MS: z.coerce.number().int().min(500).default(10_000),
  IDEMPOTENCY_LEASE_MS: z.coerce.number().int().min(300).default(defaultIdempotencyLeaseMs),
  /** See http/body-time.ts. */
  BODY_WHOLE_MS: z.coerce.number().int().min(100).default(defaultBodyTimes.wholeMs),
  UPLOAD_IDLE_MS: z.coerce.number().int().min(100).default(defaultBodyTimes.idleMs),
  SWEEP_INTERVAL_MS: z.coerce.number().int().min(50).default(1_000),
  /** Where spans are sent (OTLP over HTTP), like http://collector:4318. Unset: tracing is off. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** `name=value,name=value`, sent with every export. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^[^=,]+=[^,]*(,[^=,]+=[^,]*)*$/, 'like name=value,name=value')
    .optional(),
};

export interface CommonConfig {
  db: { url: string; poolSize: number };
  queue: { redisUrl: string | undefined; concurrency: number; sweepIntervalMs: number; lockMs: number };
  files: { root: string };
  http: { host: string; port: number; idempotencyLeaseMs?: number; bodyTimes?: BodyTimes };
  log: { level: string };
  /** Absent: off. */
  tracing?: TracingSettings;
  masterKey: KeyRing;
}

/** Pure: groups the environment by concern. */
export function commonConfig(env: z.infer<z.ZodObject<typeof commonEnv>>): CommonConfig {
  return {
    db: { url: env.DATABASE_URL, poolSize: env.DATABASE_POOL_SIZE },
    queue: {
      redisUrl: env.REDIS_URL,
      concurrency: env.WORKER_CONCURRENCY,
      sweepIntervalMs: env.SWEEP_INTERVAL_MS,
      lockMs: env.QUEUE_LOCK_MS,
    },
    files: { root: env.OCTOPIPE_FILES_DIR },
    http: {
      host: env.HOST,
      port: env.PORT,
      idempotencyLeaseMs: env.IDEMPOTENCY_LEASE_MS,
      bodyTimes: { wholeMs: env.BODY_WHOLE_MS, idleMs: env.UPLOAD_IDLE_MS },
    },
    log: { level: env.LOG_LEVEL },
    ...(env.OTEL_EXPORTER_OTLP_ENDPOINT
      ? {
          tracing: {
            endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: headersIn(env.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
          },
        }
      : {}),
    masterKey: parseMasterKey(env.OCTOPIPE_MASTER_KEY, env.OCTOPIPE_OTHER_MASTER_KEYS),
  };
}

/** Values may hold what the list cannot: the OTLP rule is percent-encoding. */
function headersIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split(/=(.*)/s, 2).map((part) => decodeURIComponent(part.trim()))),
  ) as Record<string, string>;
}

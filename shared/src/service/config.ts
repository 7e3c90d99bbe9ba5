import { z } from 'zod';
import { type MasterKey, parseMasterKey } from '../tenancy/secrets.js';

/** The environment every service reads; each adds its own keys. Units are in the names. */
export const commonEnv = {
  DATABASE_URL: z.string().startsWith('postgres'),
  REDIS_URL: z.string().startsWith('redis').optional(),
  OCTOPIPE_MASTER_KEY: z.string(),
  OCTOPIPE_FILES_DIR: z.string(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(4).max(100).default(8),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(4),
  QUEUE_LOCK_MS: z.coerce.number().int().min(500).default(10_000),
  SWEEP_INTERVAL_MS: z.coerce.number().int().min(50).default(1_000),
};

export interface CommonConfig {
  db: { url: string; poolSize: number };
  queue: { redisUrl: string | undefined; concurrency: number; sweepIntervalMs: number; lockMs: number };
  files: { root: string };
  http: { host: string; port: number };
  log: { level: string };
  masterKey: MasterKey;
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
    http: { host: env.HOST, port: env.PORT },
    log: { level: env.LOG_LEVEL },
    masterKey: parseMasterKey(env.OCTOPIPE_MASTER_KEY),
  };
}

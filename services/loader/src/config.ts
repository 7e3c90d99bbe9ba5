import { readEnv } from '@octopipe/shared/core/env';
import { type CommonConfig, commonConfig, commonEnv } from '@octopipe/shared/service/config';
import { z } from 'zod';

/** Times of the write path and of the budget, in milliseconds; the defaults are for real accounts, tests shorten them. */
export interface LoaderSettings {
  /** How long one request may take before its outcome counts as unknown. */
  requestTimeoutMs: number;
  /** How long an unknown outcome rests before the first look: the server may still be working on it. */
  settleMs: number;
  /** The gap between the two looks that must both find nothing before a record is sent again. */
  probeGapMs: number;
  /** How long a worker may hold a batch without renewing; longer than a request may take. */
  leaseMs: number;
  /** Share of the day's tokens that is left to the customer's own integrations. */
  reserveShare: number;
  /** While a day is spent: one cheap look this often whether a new one has begun. */
  budgetProbeMs: number;
  /** Records in flight per batch. */
  inFlight: number;
  /** Batches in flight per run. */
  batchesInFlight: number;
  /** Host names (besides *.pipedrive.com) that may be connected to: rehearsals against the simulator. */
  testHosts: string[];
}

export interface LoaderConfig extends CommonConfig {
  settings: LoaderSettings;
}

const ms = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

const loaderEnv = {
  ...commonEnv,
  REQUEST_TIMEOUT_MS: ms(30_000),
  SETTLE_MS: ms(60_000),
  PROBE_GAP_MS: ms(30_000),
  LEASE_MS: ms(45_000),
  TOKEN_RESERVE_SHARE: z.coerce.number().min(0).max(0.9).default(0.2),
  BUDGET_PROBE_MS: ms(900_000),
  RECORDS_IN_FLIGHT: z.coerce.number().int().min(1).max(10).default(4),
  BATCHES_IN_FLIGHT: z.coerce.number().int().min(1).max(8).default(2),
  PIPEDRIVE_TEST_HOSTS: z.string().default(''),
};

/** Reads and checks the environment; all problems in one message. */
export function readConfig(): LoaderConfig {
  const env = readEnv(loaderEnv);
  return {
    ...commonConfig(env),
    settings: {
      requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
      settleMs: env.SETTLE_MS,
      probeGapMs: env.PROBE_GAP_MS,
      leaseMs: env.LEASE_MS,
      reserveShare: env.TOKEN_RESERVE_SHARE,
      budgetProbeMs: env.BUDGET_PROBE_MS,
      inFlight: env.RECORDS_IN_FLIGHT,
      batchesInFlight: env.BATCHES_IN_FLIGHT,
      testHosts: env.PIPEDRIVE_TEST_HOSTS.split(',')
        .map((host) => host.trim())
        .filter((host) => host !== ''),
    },
  };
}

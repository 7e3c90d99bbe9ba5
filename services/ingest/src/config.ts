import { readEnv } from '@octopipe/shared/core/env';
import { type CommonConfig, commonConfig, commonEnv } from '@octopipe/shared/service/config';
import { z } from 'zod';

export type IngestConfig = CommonConfig & {
  upload: { maxBytes: number };
  /** Host names that may receive webhooks at any address and without TLS: rehearsals on this machine. */
  webhooks: { testHosts: string[] };
};

/** Reads and checks the environment; all problems in one message. */
export function readConfig(): IngestConfig {
  const env = readEnv({
    ...commonEnv,
    MAX_UPLOAD_BYTES: z.coerce
      .number()
      .int()
      .positive()
      .default(2 * 2 ** 30),
    WEBHOOK_TEST_HOSTS: z.string().default(''),
  });
  return {
    ...commonConfig(env),
    upload: { maxBytes: env.MAX_UPLOAD_BYTES },
    webhooks: {
      testHosts: env.WEBHOOK_TEST_HOSTS.split(',')
        .map((host) => host.trim())
        .filter((host) => host !== ''),
    },
  };
}

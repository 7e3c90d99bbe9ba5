import { readEnv } from '@octopipe/shared/core/env';
import { type CommonConfig, commonConfig, commonEnv } from '@octopipe/shared/service/config';
import { z } from 'zod';

export type IngestConfig = CommonConfig & {
  upload: { maxBytes: number };
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
  });
  return { ...commonConfig(env), upload: { maxBytes: env.MAX_UPLOAD_BYTES } };
}

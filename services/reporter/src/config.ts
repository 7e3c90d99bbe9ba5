import { readEnv } from '@octopipe/shared/core/env';
import { type CommonConfig, commonConfig, commonEnv } from '@octopipe/shared/service/config';

export type ReporterConfig = CommonConfig;

/** Reads and checks the environment; all problems in one message. */
export function readConfig(): ReporterConfig {
  return commonConfig(readEnv(commonEnv));
}

import { readEnv } from '@octopipe/shared/core/env';
import { type CommonConfig, commonConfig, commonEnv } from '@octopipe/shared/service/config';

export type TransformConfig = CommonConfig;

/** Reads and checks the environment; all problems in one message. */
export function readConfig(): TransformConfig {
  return commonConfig(readEnv(commonEnv));
}

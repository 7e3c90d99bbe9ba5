import type { Logger } from '@octopipe/shared/core/logger';
import { type CommonContext, createCommonContext } from '@octopipe/shared/service/context';
import type { TransformConfig } from './config.js';

export type TransformContext = CommonContext;

/** Opens connections and builds clients from config; tests hand in `overrides`. */
export function createContext(
  config: TransformConfig,
  logger: Logger,
  overrides: Partial<TransformContext> = {},
): TransformContext {
  return { ...createCommonContext('transform', config, logger), ...overrides };
}

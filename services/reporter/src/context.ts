import type { Logger } from '@octopipe/shared/core/logger';
import { type CommonContext, createCommonContext } from '@octopipe/shared/service/context';
import type { ReporterConfig } from './config.js';

export type ReporterContext = CommonContext;

/** Opens connections and builds clients from config; tests hand in `overrides`. */
export function createContext(
  config: ReporterConfig,
  logger: Logger,
  overrides: Partial<ReporterContext> = {},
): ReporterContext {
  return { ...createCommonContext('reporter', config, logger), ...overrides };
}

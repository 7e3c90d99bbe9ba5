import type { Logger } from '@octopipe/shared/core/logger';
import { type CommonContext, createCommonContext } from '@octopipe/shared/service/context';
import type { LoaderConfig, LoaderSettings } from './config.js';

export interface LoaderContext extends CommonContext {
  settings: LoaderSettings;
  /** Names this process in leases. */
  workerId: string;
}

/** Opens connections and builds clients from config; tests hand in `overrides`. */
export function createContext(
  config: LoaderConfig,
  logger: Logger,
  overrides: Partial<LoaderContext> = {},
): LoaderContext {
  return {
    ...createCommonContext('loader', config, logger),
    settings: config.settings,
    workerId: `${process.pid}-${Date.now().toString(36)}`,
    ...overrides,
  };
}

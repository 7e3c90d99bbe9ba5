import type { Logger } from '@octopipe/shared/core/logger';
import { type CommonContext, createCommonContext } from '@octopipe/shared/service/context';
import type { LoaderConfig, LoaderSettings } from './config.js';
import { createRunFeed, type RunFeed } from './run/run-feed.js';

export interface LoaderContext extends CommonContext {
  settings: LoaderSettings;
  /** Names this process in leases. */
  workerId: string;
  /** Who follows which run. */
  feed: RunFeed;
}

/** Opens connections and builds clients from config; tests hand in `overrides`. */
export function createContext(
  config: LoaderConfig,
  logger: Logger,
  overrides: Partial<LoaderContext> = {},
): LoaderContext {
  const common = createCommonContext('loader', config, logger);
  const feed = createRunFeed(common.db, logger);
  return {
    ...common,
    feed,
    async destroy() {
      await feed.stop();
      await common.destroy();
    },
    settings: config.settings,
    workerId: `${process.pid}-${Date.now().toString(36)}`,
    ...overrides,
  };
}

import type { Logger } from '@octopipe/shared/core/logger';
import { type CommonContext, createCommonContext } from '@octopipe/shared/service/context';
import type { ReporterConfig } from './config.js';
import { createPageFeed, type PageFeed } from './console/page-feed.js';

export interface ReporterContext extends CommonContext {
  /** Who has the page of which run open. */
  pages: PageFeed;
}

/** Opens connections and builds clients from config; tests hand in `overrides`. */
export function createContext(
  config: ReporterConfig,
  logger: Logger,
  overrides: Partial<ReporterContext> = {},
): ReporterContext {
  const common = createCommonContext('reporter', config, logger);
  const pages = createPageFeed(common.db, logger);
  return {
    ...common,
    pages,
    async destroy() {
      await pages.stop();
      await common.destroy();
    },
    ...overrides,
  };
}

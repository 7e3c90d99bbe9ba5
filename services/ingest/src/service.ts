import { type RunningService, startService } from '@octopipe/shared/service/service';
import type { IngestConfig } from './config.js';
import { createContext, type IngestContext } from './context.js';
import { count } from './count.js';
import { handlers } from './jobs/index.js';
import { createIngestLogger } from './logger.js';
import { routes } from './routes/index.js';
import { sweep } from './sweep.js';

/** Creates and starts the service; `drain` and `destroy` are on the result. */
export function create(
  config: IngestConfig,
  overrides: Partial<IngestContext> = {},
): Promise<RunningService> {
  const ctx = createContext(config, overrides.logger ?? createIngestLogger(config.log.level), overrides);
  return startService({ name: 'ingest', config, ctx, routes, handlers, sweep, count });
}

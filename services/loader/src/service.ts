import { type RunningService, startService } from '@octopipe/shared/service/service';
import type { LoaderConfig } from './config.js';
import { createContext, type LoaderContext } from './context.js';
import { count } from './count.js';
import { handlers } from './jobs/index.js';
import { createLoaderLogger } from './logger.js';
import { routes } from './routes/index.js';
import { waitForPerson } from './run/change-status.js';
import { sweep } from './sweep.js';

/** Creates and starts the service; `drain` and `destroy` are on the result. */
export function create(
  config: LoaderConfig,
  overrides: Partial<LoaderContext> = {},
): Promise<RunningService> {
  const ctx = createContext(config, overrides.logger ?? createLoaderLogger(config.log.level), overrides);
  return startService({
    name: 'loader',
    config,
    ctx,
    routes,
    handlers,
    sweep,
    count,
    onRunStopped: async (context, payload, error) => {
      if (payload.runId) await waitForPerson(context, payload.tenantId, payload.runId, error);
    },
  });
}

import { type RunningService, startService } from '@octopipe/shared/service/service';
import type { TransformConfig } from './config.js';
import { createContext, type TransformContext } from './context.js';
import { count } from './count.js';
import { handlers } from './jobs/index.js';
import { createTransformLogger } from './logger.js';
import { routes } from './routes/index.js';
import { sweep } from './sweep.js';

/** Creates and starts the service; `drain` and `destroy` are on the result. */
export function create(
  config: TransformConfig,
  overrides: Partial<TransformContext> = {},
): Promise<RunningService> {
  const ctx = createContext(config, overrides.logger ?? createTransformLogger(config.log.level), overrides);
  return startService({ name: 'transform', config, ctx, routes, handlers, sweep, count });
}

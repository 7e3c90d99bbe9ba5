import { type RunningService, startService } from '@octopipe/shared/service/service';
import type { Express } from 'express';
import type { ReporterConfig } from './config.js';
import { addConsole } from './console/router.js';
import { createContext, type ReporterContext } from './context.js';
import { count } from './count.js';
import { addDocs } from './docs/router.js';
import { handlers } from './jobs/index.js';
import { createReporterLogger } from './logger.js';
import { routes } from './routes/index.js';
import { sweep } from './sweep.js';

function addRoutes(app: Express, ctx: ReporterContext, closing: AbortSignal): void {
  addConsole(app, ctx, closing);
  addDocs(app, ctx);
}

/** Creates and starts the service; `drain` and `destroy` are on the result. */
export function create(
  config: ReporterConfig,
  overrides: Partial<ReporterContext> = {},
): Promise<RunningService> {
  const ctx = createContext(config, overrides.logger ?? createReporterLogger(config.log.level), overrides);
  return startService({
    name: 'reporter',
    config,
    ctx,
    routes,
    addRoutes,
    handlers,
    sweep,
    count,
  });
}

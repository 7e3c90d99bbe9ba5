import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import type { Logger } from '../core/logger.js';
import { errorHandler, notFoundHandler } from './error-handler.js';

export interface Readiness {
  /** Each check throws when its thing is not there; the name is shown by /readyz. */
  checks: Record<string, () => Promise<void>>;
  isDraining(): boolean;
}

/**
 * An Express app with request ids, health routes, the service's own routes (added by `addRoutes`) and the error
 * handler last. /livez: the event loop answers. /readyz: every check passes and we are not draining.
 */
export function createApp(logger: Logger, readiness: Readiness, addRoutes: (app: Express) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use((req, res, next) => {
    const given = req.headers['x-request-id'];
    const requestId = typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
    res.locals.requestId = requestId;
    res.setHeader('x-request-id', requestId);
    res.setHeader('x-content-type-options', 'nosniff');
    const startedAt = performance.now();
    res.on('finish', () => {
      if (req.path === '/livez' || req.path === '/readyz') return;
      logger.info(
        {
          requestId,
          method: req.method,
          route: req.route?.path ?? 'none',
          status: res.statusCode,
          tookMs: Math.round(performance.now() - startedAt),
        },
        'request done',
      );
    });
    next();
  });
  app.get('/livez', (_req, res) => {
    res.json({ status: 'alive' });
  });
  app.get('/readyz', async (_req, res) => {
    const failed: string[] = readiness.isDraining() ? ['draining'] : [];
    for (const [name, check] of Object.entries(readiness.checks)) {
      await check().catch(() => failed.push(name));
    }
    res
      .status(failed.length === 0 ? 200 : 503)
      .json({ status: failed.length === 0 ? 'ready' : 'not ready', failed });
  });
  addRoutes(app);
  app.use(notFoundHandler);
  app.use(errorHandler(logger));
  return app;
}

/** Listens on `port` (0 = a free one) and answers the port. A taken port is one clear sentence. */
export function listen(app: Express, host: string, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(app);
  server.headersTimeout = 15_000;
  server.requestTimeout = 600_000;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} on ${host} is taken; choose another`, { cause: error })
          : error,
      );
    });
    server.listen(port, host, () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

/** Stops listening, lets requests in flight finish, cuts what is left after `graceMs`. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    // A connection whose request is still running is not idle yet: close it after its answer, not when it gets bored.
    server.keepAliveTimeout = 1;
  });
}

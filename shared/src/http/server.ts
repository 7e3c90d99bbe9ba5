import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import type { Logger } from '../core/logger.js';
import { type Metrics, metricsContentType } from '../core/metrics.js';
import { cutWhatDrips } from './body-time.js';
import { errorHandler, notFoundHandler } from './error-handler.js';
import { idsOf } from './ids-of-path.js';
import { failedChecks, failedForTraffic, type Readiness, readyHandler } from './readiness.js';

/** What an app says about itself, to probes and to Prometheus. */
export interface Vitals {
  readiness: Readiness;
  metrics: Metrics;
  /** Brings the gauges up to date before they are shown; never throws. */
  measure(): Promise<void>;
}

/** Asked by machines every few seconds: neither logged nor measured. */
const vitalPaths = ['/livez', '/readyz', '/readyz/traffic', '/metrics'];

/**
 * An Express app with request ids, health routes, the service's own routes (added by `addRoutes`) and the error
 * handler last. /livez: the event loop answers. /readyz: every check passes and we are not draining. /readyz/traffic: no
 * other process would answer better than this one. /metrics needs no key and names nobody; it is on the same port because the gateway and the Ingress pass the public prefixes only.
 */
export function createApp(logger: Logger, vitals: Vitals, addRoutes: (app: Express) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  // Express would put a hash of the body on every answer, which looks like what an edit has to send back and is always refused.
  app.set('etag', false);
  app.use((req, res, next) => {
    const given = req.headers['x-request-id'];
    const requestId = typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
    res.locals.requestId = requestId;
    res.setHeader('x-request-id', requestId);
    res.setHeader('x-content-type-options', 'nosniff');
    cutWhatDrips(req, res);
    const startedAt = performance.now();
    let isNoted = false;
    const note = (isAnswered: boolean) => {
      if (isNoted || vitalPaths.includes(req.path)) return;
      isNoted = true;
      const tookMs = performance.now() - startedAt;
      const route: string = req.route?.path ?? 'none';
      const isStream = String(res.getHeader('content-type')).startsWith('text/event-stream');
      // Whoever reads a stream leaves when he has seen enough.
      const isAborted = !isAnswered && !isStream;
      const labels = { method: req.method, route, status: isAborted ? 'aborted' : String(res.statusCode) };
      // How long a stream was open says nothing about how fast we answer.
      if (!isStream) vitals.metrics.observe('octopipe_http_request_seconds', labels, tookMs / 1000);
      logger.info(
        {
          requestId,
          ...idsOf(route, req.params),
          method: req.method,
          route,
          ...(isAborted ? {} : { status: res.statusCode }),
          tookMs: Math.round(tookMs),
        },
        isAborted ? 'request aborted' : 'request done',
      );
    };
    res.on('finish', () => note(true));
    // Without a finish before: the caller left, or somebody between us cut the line.
    res.on('close', () => note(false));
    next();
  });
  app.get('/livez', (_req, res) => {
    res.json({ status: 'alive' });
  });
  app.get(
    '/readyz',
    readyHandler(() => failedChecks(vitals.readiness)),
  );
  app.get(
    '/readyz/traffic',
    readyHandler(() => failedForTraffic(vitals.readiness)),
  );
  app.get('/metrics', async (_req, res) => {
    await vitals.measure();
    res.setHeader('content-type', metricsContentType);
    res.end(await vitals.metrics.text());
  });
  addRoutes(app);
  app.use(notFoundHandler);
  app.use(errorHandler(logger));
  return app;
}

/**
 * How long an idle connection stays open: longer than any proxy before us keeps one (nginx 60 s, our gateway 30 s). Closed by
 * us first, it may be closed just as a request is on its way, which the caller sees as a 502 of a service that is well.
 */
export const keepAliveMs = 75_000;

/** Listens on `port` (0 = a free one) and answers the port. A taken port is one clear sentence. */
export function listen(app: Express, host: string, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(app);
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = 15_000;
  // It would count the whole body of an upload. Each reader of a body has its own time: see body-time.ts.
  server.requestTimeout = 0;
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

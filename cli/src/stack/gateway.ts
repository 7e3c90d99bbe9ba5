import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { ProblemCode, StatusOf } from '@octopipe/shared/core/problems';
import { cutWhatDrips } from '@octopipe/shared/http/body-time';
import type { ServiceName } from '@octopipe/shared/queue/catalog';
import { CliError } from '../exit-codes.js';

/** Where each public prefix is served: the same table as the Ingress in k8s/ and the gateway of docker-compose. */
export const prefixes: ReadonlyArray<readonly [prefix: string, service: ServiceName]> = [
  ['/v1/migrations', 'ingest'],
  ['/v1/webhooks', 'ingest'],
  ['/v1/keys', 'ingest'],
  ['/v1/tenants', 'ingest'],
  ['/v1/mappings', 'transform'],
  ['/v1/connections', 'loader'],
  ['/v1/runs', 'loader'],
  ['/v1/owners', 'loader'],
  ['/v1/crosswalk', 'loader'],
  ['/v1/estimates', 'reporter'],
  ['/v1/reports', 'reporter'],
  ['/v1/purges', 'reporter'],
  ['/console', 'reporter'],
  ['/docs', 'reporter'],
  ['/openapi.json', 'reporter'],
];

export interface Gateway {
  url: string;
  port: number;
  close(): Promise<void>;
}

/**
 * One origin in front of the four services: of the stack on this machine, and of docker-compose. Bodies stream both ways: an upload is never held
 * in memory, and a progress stream arrives event by event.
 *
 * Plain node:http and not a proxy library: when a service dies in the middle of an answer, `pipeline` cuts the
 * caller's connection too, while http-proxy leaves it open for ever.
 */
export async function startGateway(options: {
  port: number;
  /** Default: this machine only. */
  host?: string;
  /** How long `close` lets open requests go on, uploads above all. Default: a person waits for the end of the command. */
  closeWithinMs?: number;
  /** The service's address now; undefined while it is away. */
  urlOf(service: ServiceName): string | undefined;
}): Promise<Gateway> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: keepUpstreamMs });
  const streams = new Set<ServerResponse>();
  const server = createServer((req, res) => {
    cutWhatDrips(req, res);
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/livez') return sendJson(res, 200, { status: 'alive' });
    if (path === '/readyz') return void answerReadiness(res, options.urlOf);
    if (path === '/') return void res.writeHead(302, { location: '/console' }).end();
    const service = serviceOf(path);
    if (service === undefined) {
      return sendProblem(
        res,
        404,
        'no_such_route',
        `There is no ${path} here; the routes are listed at /docs.`,
      );
    }
    const url = options.urlOf(service);
    if (url === undefined) {
      return sendProblem(
        res,
        503,
        'service_away',
        `The ${service} service is starting again; try again shortly.`,
      );
    }
    forward(req, res, { service, url, agent, streams });
  });
  // The service behind has its own limits: the whole of an upload may take hours.
  server.requestTimeout = 0;
  server.headersTimeout = 15_000;
  const port = await listen(server, options.host ?? '127.0.0.1', options.port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () => close(server, agent, streams, options.closeWithinMs ?? 2_000),
  };
}

/** How long an idle connection to a service is used again: shorter than the service keeps it (http/server.ts). */
export const keepUpstreamMs = 30_000;

function serviceOf(path: string): ServiceName | undefined {
  return prefixes.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))?.[1];
}

// RFC 9110 7.6.1: these speak about one connection and are not passed on.
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  to: { service: ServiceName; url: string; agent: Agent; streams: Set<ServerResponse> },
): void {
  const upstream = request(`${to.url}${req.url}`, {
    method: req.method ?? 'GET',
    headers: { ...endToEnd(req), 'x-forwarded-for': req.socket.remoteAddress ?? '' },
    agent: to.agent,
  });
  let isAnswered = false;
  upstream.on('response', (answer) => {
    isAnswered = true;
    res.writeHead(answer.statusCode ?? 502, endToEnd(answer));
    if (String(answer.headers['content-type']).startsWith('text/event-stream')) to.streams.add(res);
    // Otherwise the head of an event stream would wait for its first event.
    res.flushHeaders();
    // An answer cut short upstream destroys ours, so the caller notices; a caller who leaves ends the upstream call.
    pipeline(answer, res, () => {});
  });
  upstream.on('error', () => {
    req.unpipe(upstream);
    req.resume();
    // A service may refuse an upload before its end and close: its answer still has to reach the caller.
    if (isAnswered) return;
    if (res.headersSent || res.destroyed) return void res.destroy();
    sendProblem(
      res,
      502,
      'service_away',
      `The ${to.service} service did not answer; it is started again if it stopped. Try again shortly.`,
    );
  });
  res.on('close', () => {
    to.streams.delete(res);
    if (!res.writableFinished) upstream.destroy();
  });
  req.on('error', () => upstream.destroy());
  req.pipe(upstream);
}

function endToEnd(message: IncomingMessage): NodeJS.Dict<string | string[]> {
  return Object.fromEntries(Object.entries(message.headers).filter(([name]) => !hopByHop.has(name)));
}

async function answerReadiness(
  res: ServerResponse,
  urlOf: (service: ServiceName) => string | undefined,
): Promise<void> {
  const services = [...new Set(prefixes.map(([, service]) => service))];
  const failed: string[] = [];
  await Promise.all(
    services.map(async (service) => {
      const url = urlOf(service);
      const isReady =
        url !== undefined &&
        (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
          (answer) => answer.ok,
          () => false,
        ));
      if (!isReady) failed.push(service);
    }),
  );
  sendJson(res, failed.length === 0 ? 200 : 503, {
    status: failed.length === 0 ? 'ready' : 'not ready',
    failed: failed.sort(),
  });
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendProblem<C extends ProblemCode>(
  res: ServerResponse,
  status: StatusOf<C>,
  code: C,
  detail: string,
): void {
  res
    .writeHead(status, {
      'content-type': 'application/problem+json',
      ...(status === 502 || status === 503 ? { 'retry-after': '1' } : {}),
    })
    .end(
      JSON.stringify({
        type: `/docs/errors#${code}`,
        title: code.replaceAll('_', ' '),
        status,
        detail,
        code,
      }),
    );
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new CliError(
              'usage',
              error.code === 'EADDRINUSE' ? portTaken(port) : `Port ${port} needs more rights.`,
              {
                cause: error,
              },
            )
          : error,
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

export function portTaken(port: number): string {
  return `Port ${port} on 127.0.0.1 is taken; choose another with --port, or leave it out for a free one.`;
}

/** Lets requests end that are on their way; an event stream has no end of its own, and its reader comes back by itself. */
function close(
  server: Server,
  agent: Agent,
  streams: ReadonlySet<ServerResponse>,
  withinMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(cut);
      agent.destroy();
      resolve();
    });
    server.closeIdleConnections();
    // A connection is not idle while its answer is on the way: closed after it, and not when its caller gets bored.
    server.keepAliveTimeout = 1;
    for (const stream of streams) stream.destroy();
  });
}

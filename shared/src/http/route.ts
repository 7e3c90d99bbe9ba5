import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import { Problem } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Caller, Role } from '../tenancy/api-key.js';

export interface RouteInput<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  caller: Caller;
  log: Logger;
  req: Request;
}

/** What a handler answers: JSON with a status, or nothing when it wrote the response itself (streams, HTML). */
export type RouteAnswer = { status: number; body: unknown; headers?: Record<string, string> } | undefined;

export interface Route<C> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express path under the service's public prefix, e.g. `/v1/runs/:runId`. */
  path: string;
  /** Who may call it. A route without roles does not compile; tenant-bound keys additionally see only their tenant. */
  roles: ReadonlyArray<Role>;
  summary: string;
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  /** True when the handler reads the raw request stream (uploads): no JSON parsing. */
  streams: boolean;
  handle(ctx: C, input: RouteInput<never, never, never>, res: Response): Promise<RouteAnswer>;
}

interface RouteSpec<C, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  method: Route<C>['method'];
  path: string;
  roles: ReadonlyArray<Role>;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  streams?: boolean;
  handle(ctx: C, input: RouteInput<z.infer<P>, z.infer<Q>, z.infer<B>>, res: Response): Promise<RouteAnswer>;
}

const nothing = z.object({}).strict();

/** One endpoint: the zod shapes validate, document and type it. Unknown query or body keys are refused. */
export function defineRoute<
  C,
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<C, P, Q, B>): Route<C> {
  return {
    ...spec,
    params: spec.params ?? nothing,
    query: refusingUnknown(spec.query ?? nothing),
    body: refusingUnknown(spec.body ?? z.undefined()),
    streams: spec.streams ?? false,
    handle: spec.handle as unknown as Route<C>['handle'],
  };
}

/** zod drops unknown keys unless told; here a mistyped key must not become a default. */
function refusingUnknown(shape: z.ZodType): z.ZodType {
  return shape instanceof z.ZodObject && shape.def.catchall === undefined ? shape.strict() : shape;
}

/** Mounts the routes. `authenticate` turns the request's credential into a caller or throws a Problem. */
export function mountRoutes<C>(
  app: Express,
  ctx: C,
  routes: ReadonlyArray<Route<C>>,
  deps: { logger: Logger; authenticate(req: Request): Promise<Caller> },
): void {
  const json = express.json({ limit: '1mb', strict: true });
  for (const route of routes) {
    const parsers = route.streams || route.method === 'get' ? [] : [json];
    app[route.method](route.path, ...parsers, async (req: Request, res: Response) => {
      const caller = await deps.authenticate(req);
      if (!route.roles.includes(caller.role)) {
        throw new Problem(
          403,
          'forbidden',
          `The role ${caller.role} may not do this; it needs one of: ${route.roles.join(', ')}.`,
        );
      }
      const input = {
        params: parse(route.params, req.params, '/path'),
        query: parse(route.query, req.query, '/query'),
        body: route.streams ? undefined : parse(route.body, req.body, ''),
        caller,
        log: deps.logger.child({ requestId: res.locals.requestId }),
        req,
      };
      const answer = await route.handle(ctx, input as never, res);
      if (answer) {
        for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value);
        res.status(answer.status).json(answer.body);
      }
    });
  }
}

function parse(shape: z.ZodType, value: unknown, where: string): unknown {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem(
    422,
    'invalid_request',
    'The request is not of the documented form; see the listed fields.',
    parsed.error.issues.flatMap((issue) =>
      (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]).map(
        (path) => ({ pointer: pointerTo(where, path), message: issue.message }),
      ),
    ),
  );
}

/** A JSON pointer (RFC 6901); of the body itself it is the empty text. */
function pointerTo(where: string, path: ReadonlyArray<PropertyKey>): string {
  return where + path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

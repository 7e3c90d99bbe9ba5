import type { Span } from '@opentelemetry/api';
import express, { type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import { Problem } from '../core/errors.js';
import { failpoint } from '../core/failpoints.js';
import type { Logger } from '../core/logger.js';
import type { ProblemCode } from '../core/problems.js';
import { inSpan, traceBindings } from '../core/tracing.js';
import type { Tx } from '../db/index.js';
import type { Caller, Role } from '../tenancy/api-key.js';
import type { Tenant } from '../tenancy/tenant.js';
import { type BodyTimes, piecesInTime, readInTime } from './body-time.js';
import {
  hashOfStream,
  type IdempotencyStore,
  idempotencyKeyOf,
  inFlight,
  type KeptAnswer,
  replayOf,
  requestHashOf,
  type Wanted,
  withLease,
} from './idempotency.js';
import { idsOf } from './ids-of-path.js';
import { assertAsRead, assertSaysWhatItRead } from './precondition.js';
import { type RateLimiter, takeOne } from './rate-limit.js';

/** What an id in a request can refer to. The authorisation matrix (testing/access-matrix.ts) has an own, a foreign and an absent one of each. */
export type Thing =
  | 'tenant'
  | 'api_key'
  | 'migration'
  | 'export'
  | 'mapping'
  | 'connection'
  | 'run'
  | 'document'
  | 'webhook'
  | 'delivery'
  | 'purge'
  /** An id of the source: it is looked for among the tenant's rows and refers to nothing else. */
  | 'source_record';

/**
 * Whose rows a call may touch.
 *  - `tenant`: those of one tenant: the key's own, or the one named by `?tenant=`;
 *  - `tenant_or_all`: the same; but an operator whose key is bound to no tenant and who names none asks of all of them.
 *    Such a handler reads for all through the system role, which sees queue state and no payload;
 *  - `new_tenant`: the tenant is named in the body and made when it is new; a bound key opens its own only;
 *  - `installation`: nobody's. Keys that are bound to a tenant are turned away whatever their role.
 */
export type RouteScope = 'tenant' | 'tenant_or_all' | 'new_tenant' | 'installation';

export interface RouteInput<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  caller: Caller;
  /** Set when the route's scope is `tenant`: the only tenant this call may speak of. */
  tenant: Tenant;
  /** Set when the route's scope is `tenant_or_all`: the only tenant this call may speak of, or `all` of them. */
  tenantOrAll: Tenant | 'all';
  log: Logger;
  req: Request;
  /** Of a route that streams: its body, piece by piece. One that stands still ends as a Problem. */
  pieces(): AsyncGenerator<Buffer, void, undefined>;
  remember: Remember;
  /** Of a call that edits: throws unless `If-Match` names the ETag of this. Asked under the lock of what is edited. */
  assertAsRead(current: unknown): void;
  /** Aborted when the service drains: whoever streams ends the answer then. */
  closing: AbortSignal;
}

/** What a handler answers: JSON with a status, or nothing when it wrote the response itself (streams, HTML). */
export type RouteAnswer = ({ status: number; body: unknown } & AnswerExtras) | undefined;

interface AnswerExtras {
  headers?: Record<string, string>;
  /** Of a streamed request body: what a repeat with the same Idempotency-Key is compared with. */
  bodySha256?: string;
  /** Of a call that named its tenant in the body: whose the remembered answer is. */
  tenantId?: string;
}

/**
 * Keeps the answer under the request's Idempotency-Key in the transaction of the effect: both or neither. For handlers
 * whose effect would double if a repeat ran after a crash (a new row without a unique key of its own). The answer of
 * every other handler is kept after it, and a repeat after a crash finds what is there.
 */
export type Remember = <A extends NonNullable<RouteAnswer>>(tx: Tx, answer: A) => Promise<A>;

export interface Route<C> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express path under the service's public prefix, e.g. `/v1/runs/:runId`. */
  path: string;
  roles: ReadonlyArray<Role>;
  scope: RouteScope;
  /** What each id of path, query and body refers to. */
  ids: Readonly<Record<string, Thing>>;
  summary: string;
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  /** By status. A streamed answer is `streamed(mediaType)`. */
  answers: Readonly<Record<number, z.ZodType>>;
  /** The codes it may answer besides those that every route may (`commonProblems`). */
  problems: ReadonlyArray<ProblemCode>;
  /** The media type of a request body that the handler reads as a stream (uploads): no JSON parsing. */
  streams: string | undefined;
  /** Of a JSON body, in bytes, where that is not `usualBodyLimit`: a caller who sends back what we answered may need more. */
  bodyLimit?: number;
  /** The call edits what was read: `If-Match` must (or may) carry the ETag of that. See precondition.ts. */
  ifMatch: 'required' | 'optional' | undefined;
  handle(ctx: C, input: RouteInput<never, never, never>, res: Response): Promise<RouteAnswer>;
}

type IdKey<K> = K extends 'id' | `${string}Id` | `${string}_id` ? K : never;
type IdKeysOf<T> = T extends object ? IdKey<keyof T & string> : never;
/** Every path parameter, and every `…_id` of query and body, must say what it refers to: leaving one out does not compile. */
type IdsOf<P, Q, B> = Record<(keyof P & string) | IdKeysOf<Q> | IdKeysOf<B>, Thing>;

/** The body is held to the documented shape by the compiler; that the status is a documented one, the matrix test sees. */
interface AnswerOf<A extends Record<number, z.ZodType>> extends AnswerExtras {
  status: number;
  body: z.input<A[keyof A & number]>;
}

interface RouteSpec<
  C,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends Record<number, z.ZodType>,
> {
  method: Route<C>['method'];
  path: string;
  /** The route's whole authorisation. A route without it does not compile. */
  access: {
    roles: ReadonlyArray<Role>;
    scope: RouteScope;
    ids: IdsOf<z.infer<P>, z.infer<Q>, z.infer<B>>;
  };
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  answers: A;
  problems?: ReadonlyArray<ProblemCode>;
  streams?: string;
  bodyLimit?: number;
  ifMatch?: 'required' | 'optional';
  handle(
    ctx: C,
    input: RouteInput<z.infer<P>, z.infer<Q>, z.infer<B>>,
    res: Response,
  ): Promise<AnswerOf<A> | undefined>;
}

const usualBodyLimit = 1024 * 1024;

const nothing = z.object({});
/** In the query of every route that is about a tenant: keys that are not bound to one name it on every call. */
const tenantQuery = {
  tenant: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .meta({ description: 'The tenant, for keys that are not bound to one.' }),
};

/** One endpoint: the zod shapes validate, document and type it. Unknown query or body keys are refused. */
export function defineRoute<
  C,
  A extends Record<number, z.ZodType>,
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<C, P, Q, B, A>): Route<C> {
  const query: z.ZodObject = spec.query ?? nothing;
  const { access, ...rest } = spec;
  return {
    ...rest,
    ...access,
    params: spec.params ?? nothing,
    query: refusingUnknown(access.scope === 'installation' ? query : query.extend(tenantQuery)),
    body: refusingUnknown(spec.body ?? z.undefined()),
    problems: [...(spec.problems ?? []), ...preconditionProblems(spec.ifMatch)],
    streams: spec.streams,
    ifMatch: spec.ifMatch,
    handle: spec.handle as unknown as Route<C>['handle'],
  };
}

function preconditionProblems(ifMatch: 'required' | 'optional' | undefined): ProblemCode[] {
  if (ifMatch === undefined) return [];
  return ifMatch === 'required' ? ['edited_meanwhile', 'if_match_required'] : ['edited_meanwhile'];
}

/** The shape of an answer that the handler streams itself. */
export function streamed(mediaType: string): z.ZodType<never, never> {
  return z.never().meta({ mediaType }) as z.ZodType<never, never>;
}

/** What any route may answer, whatever it is about. */
export const commonProblems: ReadonlyArray<ProblemCode> = [
  'unauthorized',
  'forbidden',
  'invalid_request',
  'malformed_json',
  'malformed_path',
  'unreadable_body',
  'body_too_large',
  'body_too_slow',
  'tenant_required',
  'tenant_not_found',
  'run_stopped',
  'too_many_requests',
  'try_later',
  'database_unavailable',
  'service_away',
  'internal_error',
];

/** zod drops unknown keys unless told; here a mistyped key must not become a default. */
function refusingUnknown(shape: z.ZodType): z.ZodType {
  if (!(shape instanceof z.ZodObject) || shape.def.catchall !== undefined) return shape;
  const strict = shape.strict();
  const meta = shape.meta();
  return meta ? strict.meta(meta) : strict;
}

/** What the routes of one service are mounted with; each is a table or a connection of `shared/tenancy`. */
export interface Edge {
  logger: Logger;
  /** Turns the request's credential into a caller or throws a Problem. */
  authenticate(req: Request): Promise<Caller>;
  /** The tenant a call acts for; foreign and absent answer alike. */
  tenantOf(caller: Caller, slug: string | undefined): Promise<Tenant>;
  rates: RateLimiter;
  idempotency: IdempotencyStore;
  bodyTimes: BodyTimes;
  closing: AbortSignal;
}

export function mountRoutes<C>(app: Express, ctx: C, routes: ReadonlyArray<Route<C>>, edge: Edge): void {
  assertEachHasARule(routes);
  for (const route of routes) {
    const json = express.json({ limit: route.bodyLimit ?? usualBodyLimit, strict: true });
    const name = `${route.method.toUpperCase()} ${route.path}`;
    const answer = async (req: Request, res: Response, span: Span) => {
      const caller = await edge.authenticate(req);
      await takeOne(edge.rates, caller, res);
      assertMayCall(route, caller);
      if (route.streams === undefined && route.method !== 'get')
        await readInTime(json, req, res, edge.bodyTimes);
      const params = parse(route.params, req.params, '/path');
      const query = parse(route.query, req.query, '/query') as { tenant?: string };
      const body = route.streams === undefined ? parse(route.body, req.body, '') : undefined;
      const isOfAll = asksOfAll(route, caller, query.tenant);
      const tenant = isOfTenant(route) && !isOfAll ? await edge.tenantOf(caller, query.tenant) : undefined;
      const { requestId } = res.locals;
      const log = edge.logger.child({ requestId, ...idsOf(route.path, req.params), ...traceBindings(span) });
      if (route.ifMatch === 'required') assertSaysWhatItRead(req);
      const pieces = () => piecesInTime(req, edge.bodyTimes);
      const input = {
        ...{ params, query, body, caller, tenant, log, req, closing: edge.closing },
        tenantOrAll: isOfAll ? 'all' : tenant,
        assertAsRead: (current: unknown) => assertAsRead(req, current),
        pieces,
      };
      const handle = async (remember: Remember) => {
        const given = await route.handle(ctx, { ...input, remember } as never, res);
        return given && keptOf(given);
      };
      const key = route.method === 'post' ? idempotencyKeyOf(req) : undefined;
      if (key === undefined) return sendAnswer(res, await handle(async (_tx, given) => given));
      const wanted = {
        familyId: caller.familyId,
        route: name,
        key,
        tenantId: tenant?.id ?? null,
        requestHash: requestHashOf({ params, query: { ...query, tenant: tenant?.slug }, body }),
      };
      sendAnswer(res, await once(edge.idempotency, wanted, { pieces, res, log }, handle));
    };
    app[route.method](route.path, (req: Request, res: Response) =>
      inSpan(name, 'request', { requestId: String(res.locals.requestId) }, (span) => answer(req, res, span)),
    );
  }
}

/** Carries the request out unless its key was used before: then the former answer is given, byte by byte. */
async function once(
  store: IdempotencyStore,
  wanted: Wanted,
  { pieces, res, log }: { pieces(): AsyncIterable<Buffer>; res: Response; log: Logger },
  handle: (remember: Remember) => Promise<KeptAnswer | undefined>,
): Promise<KeptAnswer | undefined> {
  const claimed = await store.claim(wanted);
  if (claimed.kind !== 'mine') {
    const kept = await replayOf(claimed, wanted.requestHash, () => hashOfStream(pieces()));
    res.setHeader('idempotency-replayed', 'true');
    return kept;
  }
  const { claim } = claimed;
  let isKept = false;
  try {
    return await withLease(store, claim, log, async () => {
      const answer = await handle(async (tx, given) => {
        if (!(await store.keep(claim, keptOf(given), tx))) throw inFlight(store.leaseMs);
        isKept = true;
        return given;
      });
      failpoint('http.before_keep', wanted.route);
      if (answer && !isKept && !(await store.keep(claim, answer))) throw inFlight(store.leaseMs);
      isKept = true;
      return answer;
    });
  } catch (error) {
    // A problem did nothing, so nothing is remembered of it. What cannot be released now is free after its lease.
    if (!isKept)
      await store
        .release(claim)
        .catch((e: unknown) => log.warn({ err: e }, 'could not release an idempotency key'));
    throw error;
  }
}

function keptOf(answer: NonNullable<RouteAnswer>): KeptAnswer {
  return {
    status: answer.status,
    headers: answer.headers ?? {},
    body: Buffer.from(JSON.stringify(answer.body)),
    bodyHash: answer.bodySha256 === undefined ? null : Buffer.from(answer.bodySha256, 'hex'),
    ...(answer.tenantId === undefined ? {} : { tenantId: answer.tenantId }),
  };
}

function sendAnswer(res: Response, answer: KeptAnswer | undefined): void {
  if (!answer) return;
  for (const [name, value] of Object.entries(answer.headers)) res.setHeader(name, value);
  res.status(answer.status).type('application/json').send(answer.body);
}

/** The compiler asks for the rule; this is for whoever got past it: the service does not start. */
function assertEachHasARule(routes: ReadonlyArray<Route<never>>): void {
  const known = new Set<string>();
  for (const { method, path, roles, scope, ids } of routes) {
    const route = `${method.toUpperCase()} ${path}`;
    if (known.has(route)) throw new Error(`${route} is defined twice.`);
    known.add(route);
    if (!(roles?.length > 0) || scope === undefined)
      throw new Error(`${route} does not say who may call it.`);
    const open = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '').filter((name) => !(name in ids));
    if (open.length > 0) throw new Error(`${route} does not say what ${open.join(', ')} refers to.`);
  }
}

function assertMayCall(route: Route<never>, caller: Caller): void {
  if (!route.roles.includes(caller.role)) {
    throw new Problem(
      403,
      'forbidden',
      `The role ${caller.role} may not do this; it needs one of: ${route.roles.join(', ')}.`,
    );
  }
  if (route.scope === 'installation' && caller.tenantId !== null)
    throw new Problem(403, 'forbidden', 'A key that is bound to a tenant may not do this.');
}

/** Whether a call of this route names its tenant with `?tenant=`, or has it by its key. */
export function isOfTenant({ scope }: Pick<Route<never>, 'scope'>): boolean {
  return scope === 'tenant' || scope === 'tenant_or_all';
}

function asksOfAll(route: Route<never>, caller: Caller, slug: string | undefined): boolean {
  const isOfInstallation = caller.role === 'operator' && caller.tenantId === null;
  return route.scope === 'tenant_or_all' && isOfInstallation && slug === undefined;
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

import { request as rawRequest } from 'node:http';
import { Writable } from 'node:stream';
import type { Request } from 'express';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Problem, RetryLater, RunStopped } from '../core/errors.js';
import { createLogger } from '../core/logger.js';
import { createMetrics } from '../core/metrics.js';
import type { Caller, Role } from '../tenancy/api-key.js';
import { defaultBodyTimes } from './body-time.js';
import type { IdempotencyStore } from './idempotency.js';
import type { Readiness } from './readiness.js';
import { defineRoute, mountRoutes, type Route, type Thing } from './route.js';
import { closeServer, createApp, listen } from './server.js';

const canary = 'canary@example.test';

describe('a route', () => {
  const echo = defineRoute({
    method: 'post',
    path: '/v1/things/:id',
    access: operatorsOnly({ id: 'run' }),
    summary: 'Answers what it was asked.',
    answers: { 201: z.unknown() },
    params: z.object({ id: z.uuid() }),
    body: z.object({ name: z.string(), tags: z.array(z.string()).default([]) }),
    handle: async (_ctx: undefined, { params, query, body, caller, tenant }) => ({
      status: 201,
      body: { params, query, body, caller: caller.label, tenant: tenant.slug },
      headers: { etag: '"1"' },
    }),
  });
  const id = '55555555-5555-4555-8555-555555555555';
  const { app } = appWith([echo]);

  test('hands the parsed request to its handler and sends what that answers', async () => {
    const answer = await post(`/v1/things/${id}?tenant=acme`, { name: 'pump' });
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.body).toEqual({
      params: { id },
      query: { tenant: 'acme' },
      body: { name: 'pump', tags: [] },
      caller: 'operator key',
      tenant: 'acme',
    });
  });

  test.each([
    ['/v1/things/17', { name: 'pump' }, '/path/id'],
    [`/v1/things/${id}?tenant=a&tenant=b`, { name: 'pump' }, '/query/tenant'],
    [`/v1/things/${id}`, {}, '/name'],
    [`/v1/things/${id}`, { name: 'pump', tags: ['a', 7] }, '/tags/1'],
    [`/v1/things/${id}`, undefined, ''],
    [`/v1/things/${id}`, [], ''],
  ])('answers 422 with a pointer to what is wrong: %s %j', async (url, body, pointer) => {
    const answer = await post(url, body);
    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toEqual({
      type: '/docs/errors#invalid_request',
      title: 'invalid request',
      status: 422,
      code: 'invalid_request',
      detail: expect.any(String),
      instance: url.split('?')[0],
      requestId: answer.headers['x-request-id'],
      errors: [{ pointer, message: expect.any(String) }],
    });
  });

  test('names every bad field in one answer', async () => {
    const answer = await post(`/v1/things/${id}`, { name: 7, tags: 'a' });
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual(['/name', '/tags']);
  });

  test.each([
    [`/v1/things/${id}?tennant=acme`, { name: 'pump' }, '/query/tennant'],
    [`/v1/things/${id}`, { name: 'pump', 'co/lo~ur': 'red' }, '/co~1lo~0ur'],
  ])(
    'refuses keys it does not know, so that a typing mistake is no default: %s %j',
    async (url, body, pointer) => {
      const answer = await post(url, body);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ pointer }]);
    },
  );

  test('turns away a caller of another role, and says which would do', async () => {
    const answer = await post(`/v1/things/${id}`, { name: 'pump' }, 'viewer');
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('operator') });
  });

  test('a key that is bound to a tenant gets nothing of the installation', async () => {
    const route = defineRoute({
      method: 'get',
      path: '/v1/all',
      access: { roles: ['operator'], scope: 'installation', ids: {} },
      summary: '',
      answers: { 200: z.object({}) },
      handle: async (_ctx: undefined) => ({ status: 200, body: {} }),
    });
    const { app } = appWith([route]);
    const statusFor = async (credential: string) =>
      (await request(app).get('/v1/all').set('authorization', credential)).status;
    expect([await statusFor('operator'), await statusFor('operator of t')]).toEqual([200, 403]);
  });

  test.each([
    ['nobody', { roles: [] }, /does not say who may call it/],
    ['anything', { ids: {} }, /does not say what id refers to/],
  ])('without a rule the service does not start: who, or what an id is (%s)', (_what, lack, says) => {
    expect(() => appWith([{ ...echo, ...lack } as Route<undefined>])).toThrow(says);
    expect(() => appWith([echo, echo])).toThrow(/defined twice/);
  });

  test('asks a caller without a key for one, whatever else is wrong', async () => {
    const answer = await request(app).post('/v1/things/17').send({});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  test.each([
    ['malformed JSON', 400, 'malformed_json', '{"name": ', 'application/json'],
    [
      'a body that is too large',
      413,
      'body_too_large',
      JSON.stringify({ name: 'x'.repeat(1_100_000) }),
      'application/json',
    ],
    ['an alphabet we cannot read', 415, 'unreadable_body', '{}', 'application/json; charset=latin1'],
  ])('%s', async (_what, status, code, body, type) => {
    const answer = await request(app)
      .post(`/v1/things/${id}`)
      .set('authorization', 'operator')
      .set('content-type', type)
      .send(body);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
  });

  test('a broken percent escape in the path', async () => {
    expect((await post('/v1/things/%E0%A4%A', { name: 'pump' })).body).toMatchObject({
      status: 400,
      code: 'malformed_path',
    });
  });

  function post(url: string, body: unknown, role: Role = 'operator') {
    const call = request(app).post(url).set('authorization', role);
    return body === undefined ? call : call.send(body as object);
  }
});

describe('what a handler throws', () => {
  test.each<[string, () => unknown, number, string]>([
    ['a problem', () => new Problem(409, 'not_possible_now', 'The run has ended.'), 409, 'not_possible_now'],
    ['a stopped run', () => new RunStopped('token_refused', 'Connect again.'), 409, 'run_stopped'],
    ['busy', () => new RetryLater(900, 'budget_spent'), 503, 'try_later'],
    [
      'no database',
      () => Object.assign(new Error(canary), { code: 'ECONNREFUSED' }),
      503,
      'database_unavailable',
    ],
    [
      'a restarting database',
      () => Object.assign(new Error(canary), { code: '57P03' }),
      503,
      'database_unavailable',
    ],
    ['a cut connection', () => new Error('Connection terminated unexpectedly'), 503, 'database_unavailable'],
    ['a bug', () => new TypeError(canary), 500, 'internal_error'],
    ['a bug that is no error', () => canary, 500, 'internal_error'],
    [
      'an answer of another server',
      () => Object.assign(new Error(canary), { status: 413 }),
      500,
      'internal_error',
    ],
  ])('%s', async (_what, make, status, code) => {
    const { app, text } = appWith([throwing(make)]);
    const answer = await request(app).get('/v1/boom').set('authorization', 'operator');
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code, requestId: answer.headers['x-request-id'] });
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect(JSON.stringify(answer.body) + text()).not.toContain(canary);
    expect(text().includes('request failed')).toBe(status >= 500);
    if (status >= 500) expect(text()).toContain(answer.body.requestId);
  });

  test('after the answer began it is cut off, not followed by another', async () => {
    const route = defineRoute({
      method: 'get',
      path: '/v1/boom',
      access: operatorsOnly({}),
      summary: '',
      answers: { 200: z.unknown() },
      handle: async (_ctx: undefined, _input, res) => {
        res.write('begun');
        throw new Error(canary);
      },
    });
    const { app } = appWith([route]);
    await expect(request(app).get('/v1/boom').set('authorization', 'operator')).rejects.toThrow();
  });
});

describe('an app', () => {
  test('an unknown route is a problem too, on any method', async () => {
    const { app } = appWith([]);
    const answer = await request(app).delete('/v1/nothing?x=1');
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      code: 'no_such_route',
      instance: '/v1/nothing',
      detail: expect.stringContaining('DELETE /v1/nothing'),
    });
  });

  test('keeps a request id that is one, makes one otherwise', async () => {
    const { app } = appWith([]);
    const idFor = async (given: string) =>
      (await request(app).get('/v1/nothing').set('x-request-id', given)).headers['x-request-id'];
    expect(await idFor('console-4711')).toBe('console-4711');
    for (const bad of ['short', 'x'.repeat(65), 'with space ok', '{"a":1}'])
      expect(await idFor(bad)).not.toBe(bad);
  });

  test('one line per request with its route, never its query or body; none for probes', async () => {
    const { app, text } = appWith([throwing(() => new Problem(409, 'not_possible_now', 'x'))]);
    await request(app).get(`/v1/boom?email=${canary}`).set('authorization', 'operator');
    await request(app).get('/livez');
    await request(app).get('/readyz');
    const lines = text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ msg: 'request done', method: 'GET', route: '/v1/boom', status: 409 }]);
    expect(text()).not.toContain(canary);
  });

  test('a line has the ids of its path by their names, and no other part of the path', async () => {
    const id = '55555555-5555-4555-8555-555555555555';
    const route = defineRoute({
      method: 'get',
      path: '/v1/migrations/:id/exports/:exportId/files/:name',
      access: operatorsOnly({ id: 'migration', exportId: 'export', name: 'document' }),
      summary: '',
      answers: { 200: z.object({}) },
      params: z.object({ id: z.string(), exportId: z.string(), name: z.string() }),
      handle: async (_ctx, { log }) => {
        log.info('at work');
        return { status: 200, body: {} };
      },
    });
    const { app, text } = appWith([route]);
    await request(app)
      .get(`/v1/migrations/${id}/exports/${id}/files/${canary}`)
      .set('authorization', 'operator');
    const bound = text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ msg, migrationId, exportId, name }) => ({ msg, migrationId, exportId, name }));
    const ids = { migrationId: id, exportId: id, name: undefined };
    expect(bound).toEqual([
      { msg: 'at work', ...ids },
      { msg: 'request done', ...ids },
    ]);
    expect(text()).not.toContain(canary);
  });

  test('/metrics: requests by route pattern, without what a caller may choose', async () => {
    const { app, text } = appWith([throwing(() => new Problem(409, 'connection_busy', 'x'))]);
    await request(app).get(`/v1/boom?email=${canary}`).set('authorization', 'operator');
    await request(app).get(`/v1/${canary}`);
    await request(app).get('/livez');
    const answer = await request(app).get('/metrics');
    expect(answer.type).toBe('text/plain');
    const counts = answer.text.split('\n').filter((line) => line.includes('http_request_seconds_count'));
    expect(counts.sort()).toEqual([
      'octopipe_http_request_seconds_count{service="loader",method="GET",route="/v1/boom",status="409"} 1',
      'octopipe_http_request_seconds_count{service="loader",method="GET",route="none",status="404"} 1',
    ]);
    expect(answer.text + text()).not.toContain(canary);
  });

  test('is alive whatever is away; ready only when every check passes and it is not draining', async () => {
    let draining = false;
    let postgres = async () => {};
    let schema = async () => {};
    const { app } = appWith([], {
      checks: { postgres: () => postgres(), queue: async () => {} },
      ownChecks: { schema: () => schema() },
      isDraining: () => draining,
    });
    const ready = async (path = '/readyz') => {
      const { status, type, body } = await request(app).get(path);
      return { status, type, body };
    };
    const notReady = (failed: string[]) => ({
      status: 503,
      type: 'application/problem+json',
      body: {
        type: '/docs/errors#not_ready',
        title: 'not ready',
        status: 503,
        detail: expect.stringContaining(failed.join(', ')),
        code: 'not_ready',
        failed,
      },
    });
    const isReady = { status: 200, type: 'application/json', body: { status: 'ready', failed: [] } };
    expect(await ready()).toEqual(isReady);
    postgres = () => Promise.reject(new Error(canary));
    expect(await ready()).toEqual(notReady(['postgres']));
    // Away for this process as for every other: requests may come.
    expect(await ready('/readyz/traffic')).toEqual(isReady);
    schema = () => new Promise(() => {});
    expect(await ready('/readyz/traffic')).toEqual(isReady);
    schema = () => Promise.reject(new Error(canary));
    expect(await ready('/readyz/traffic')).toEqual(notReady(['schema']));
    schema = async () => {};
    // A store that hangs is away, too; the probe still gets its answer.
    postgres = () => new Promise(() => {});
    expect(await ready()).toEqual(notReady(['postgres']));
    postgres = async () => {};
    draining = true;
    expect(await ready()).toEqual(notReady(['draining']));
    expect(await ready('/readyz/traffic')).toEqual(notReady(['draining']));
    expect((await request(app).get('/livez')).body).toEqual({ status: 'alive' });
  });

  test('a taken port is one sentence', async () => {
    const { app } = appWith([]);
    const { server, port } = await listen(app, '127.0.0.1', 0);
    try {
      await expect(listen(app, '127.0.0.1', port)).rejects.toThrow(
        new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is taken; choose another$`),
      );
    } finally {
      await closeServer(server, 0);
    }
  });

  test('closing lets a request in flight finish and cuts one that does not', async () => {
    const finish: Array<() => void> = [];
    const route = defineRoute({
      method: 'get',
      path: '/v1/slow',
      access: operatorsOnly({}),
      summary: '',
      answers: { 200: z.unknown() },
      handle: async () => {
        await new Promise<void>((resolve) => finish.push(resolve));
        return { status: 200, body: {} };
      },
    });
    for (const [graceMs, expected] of [
      [60_000, 200],
      [20, 'cut'],
    ] as const) {
      const { app } = appWith([route]);
      const { server, port } = await listen(app, '127.0.0.1', 0);
      const begun = finish.length;
      const answer = get(port, '/v1/slow');
      await expect.poll(() => finish.length).toBe(begun + 1);
      const closed = closeServer(server, graceMs);
      if (expected === 200) finish[begun]?.();
      expect(await answer).toBe(expected);
      await closed;
      finish[begun]?.();
    }
  });
});

function throwing(make: () => unknown): Route<undefined> {
  return defineRoute({
    method: 'get',
    path: '/v1/boom',
    access: operatorsOnly({}),
    summary: 'Fails.',
    answers: { 200: z.unknown() },
    query: z.object({ email: z.string().optional() }),
    handle: async () => {
      throw make();
    },
  });
}

const unlimited = { granted: true, limit: 9, windowSeconds: 60, remaining: 8, resetSeconds: 30 };

describe('a body that comes slowly', () => {
  // Far longer than the gap between two pieces: a busy machine stands still for a second now and then.
  const times = { wholeMs: 1_500, idleMs: 2_500 };
  const count = defineRoute({
    method: 'post',
    path: '/v1/uploads',
    access: operatorsOnly({}),
    summary: 'Counts the bytes of what it is sent.',
    streams: 'application/zip',
    answers: { 200: z.object({ bytes: z.number() }) },
    handle: async (_ctx: undefined, { pieces }) => {
      let bytes = 0;
      for await (const piece of pieces()) bytes += piece.length;
      return { status: 200, body: { bytes } };
    },
  });
  const note = defineRoute({
    method: 'post',
    path: '/v1/notes',
    access: operatorsOnly({}),
    summary: '',
    body: z.object({ text: z.string() }),
    answers: { 200: z.object({ length: z.number() }) },
    handle: async (_ctx: undefined, { body }) => ({ status: 200, body: { length: body.text.length } }),
  });

  test('an upload may take longer than any limit while it moves', async () => {
    const answer = await sendSlowly('/v1/uploads', { pieces: 40, everyMs: 100, piece: 'x'.repeat(25) });
    expect(answer).toMatchObject({ status: 200, body: { bytes: 1000 } });
    expect(answer.tookMs).toBeGreaterThan(times.idleMs);
  });

  test('an upload that stands still ends as a problem, and so does its connection', async () => {
    const answer = await sendSlowly('/v1/uploads', { pieces: 3, everyMs: 50, piece: 'x', isEndless: true });
    expect(answer).toMatchObject({
      status: 408,
      type: 'application/problem+json; charset=utf-8',
      isCut: true,
    });
    expect(answer.body).toMatchObject({
      code: 'body_too_slow',
      detail: expect.stringContaining('No byte of the upload had come for 2.5 s'),
    });
  });

  test('a JSON body has a time for all of it: one that drips for ever is given up', async () => {
    const answer = await sendSlowly('/v1/notes', { pieces: 60, everyMs: 50, piece: '{"text":"' });
    expect(answer).toMatchObject({ status: 408, body: { code: 'body_too_slow' }, isCut: true });
  });

  test('what drips on after the answer is cut off', async () => {
    const answer = await sendSlowly('/v1/nowhere', { pieces: 600, everyMs: 50, piece: 'x' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'no_such_route' }, isCut: true });
  });

  interface Slowly {
    pieces: number;
    everyMs: number;
    piece: string;
    /** The body is never ended. */
    isEndless?: boolean;
  }

  interface Seen {
    status: number;
    type: string;
    body: unknown;
  }

  /** What was answered, and whether the connection was ended by the other side. */
  async function sendSlowly(path: string, { pieces, everyMs, piece, isEndless = false }: Slowly) {
    const { app } = appWith([count, note], undefined, times);
    const { server, port } = await listen(app, '127.0.0.1', 0);
    const startedAt = performance.now();
    try {
      return await new Promise<Partial<Seen> & { isCut: boolean; tookMs: number }>((resolve, reject) => {
        const req = rawRequest({
          port,
          path,
          method: 'POST',
          host: '127.0.0.1',
          headers: {
            authorization: 'operator',
            'content-type': 'application/json',
            'transfer-encoding': 'chunked',
          },
        });
        let left = pieces;
        let seen: Partial<Seen> = {};
        const timer = setInterval(() => {
          if (left-- > 0) req.write(piece);
          else if (!isEndless) req.end();
        }, everyMs);
        const end = (isCut: boolean) => {
          clearInterval(timer);
          req.destroy();
          resolve({ ...seen, isCut, tookMs: performance.now() - startedAt });
        };
        req.on('response', async (res) => {
          const chunks: Buffer[] = [];
          for await (const chunk of res) chunks.push(chunk as Buffer);
          const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
          seen = { status: res.statusCode ?? 0, type: res.headers['content-type'] ?? '', body };
          if (req.writableEnded) end(false);
        });
        req.on('socket', (socket) => socket.on('close', () => end(true)));
        req.on('error', (error) => (seen.status === undefined ? reject(error) : undefined));
      });
    } finally {
      await closeServer(server, 0);
    }
  }
});

/** Keys are claimed in Postgres: see tenancy/edge.integration.test.ts. Here none is sent. */
const noStore = {} as IdempotencyStore;

function operatorsOnly<I extends Record<string, Thing>>(ids: I) {
  return { roles: ['operator'], scope: 'tenant', ids } as const;
}

/** An app whose callers say their role in place of a key. */
function appWith(
  routes: ReadonlyArray<Route<undefined>>,
  readiness?: Readiness,
  bodyTimes = defaultBodyTimes,
) {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const logger = createLogger('loader', 'info', destination);
  const authenticate = async (req: Request): Promise<Caller> => {
    const [role, , tenantId = null] = (req.headers.authorization ?? '').split(' ');
    if (!role) throw new Problem(401, 'unauthorized', 'Send a key.');
    return {
      keyId: 'k',
      familyId: 'f',
      requestsPerMinute: null,
      label: `${role} key`,
      role: role as Role,
      tenantId,
    };
  };
  const vitals = {
    readiness: readiness ?? { checks: {}, ownChecks: {}, isDraining: () => false },
    metrics: createMetrics('loader'),
    measure: async () => {},
  };
  const app = createApp(logger, vitals, (express) =>
    mountRoutes(express, undefined, routes, {
      logger,
      authenticate,
      tenantOf: async (_caller, slug) => ({ id: 't', slug: slug ?? 'own', name: 'T' }),
      rates: { take: async () => unlimited },
      idempotency: noStore,
      bodyTimes,
      closing: new AbortController().signal,
    }),
  );
  return { app, text: () => text };
}

function get(port: number, path: string): Promise<number | 'cut'> {
  return new Promise((resolve) => {
    const call = rawRequest(
      { port, path, host: '127.0.0.1', headers: { authorization: 'operator' } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    call.on('error', () => resolve('cut'));
    call.end();
  });
}

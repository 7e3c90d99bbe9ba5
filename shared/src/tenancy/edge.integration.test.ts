import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Problem } from '../core/errors.js';
import { createLogger } from '../core/logger.js';
import { createMetrics } from '../core/metrics.js';
import { type DatabaseHandle, inSystemTransaction, openDatabase } from '../db/index.js';
import { defaultBodyTimes } from '../http/body-time.js';
import { defineRoute, mountRoutes } from '../http/route.js';
import { createApp } from '../http/server.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { createApiKey, insertApiKey, openAuthenticator, rotateApiKey } from './api-key.js';
import { openIdempotencyStore, sweepIdempotency } from './idempotency.js';
import { openRateLimiter } from './rate-limit.js';
import { parseMasterKey } from './secrets.js';
import { getOrCreateTenant, tenantOfCall } from './tenant.js';

/** What stands before a handler, on the real tables: remembered answers and the limit of a key. */
const logger = createLogger('ingest', 'silent');
const master = parseMasterKey(randomBytes(32).toString('base64'));
const leaseMs = 600;
let testDatabase: TestDatabase;
let database: DatabaseHandle;
let key: string;

const vitals = {
  readiness: { checks: {}, ownChecks: {}, isDraining: () => false },
  metrics: createMetrics('ingest'),
  measure: async () => {},
};

/** The handler of the test: each pass makes a row, which is what must not double. */
let passes: Array<() => Promise<void>>;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { max: 12, onError: () => {}, applicationName: 'edge-test' });
  key = await createApiKey(database.db, { role: 'operator', label: 'edge' });
  for (const slug of ['acme', 'beta']) await getOrCreateTenant(database.db, master, { slug, name: slug });
});

beforeEach(() => {
  passes = [];
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

describe('a POST with an Idempotency-Key', () => {
  const app = lazily(() => appOf());

  test('is carried out once; its repeats get the same bytes, also when they come at the same moment', async () => {
    const gate = pause();
    passes.push(gate.wait);
    const first = send('once', { label: 'once' });
    await gate.reached;
    const meanwhile = await Promise.all(Array.from({ length: 5 }, () => send('once', { label: 'once' })));
    gate.open();
    const original = await first;
    const later = await Promise.all(Array.from({ length: 5 }, () => send('once', { label: 'once' })));
    expect(meanwhile.map(({ status, body }) => [status, body.code])).toEqual(
      meanwhile.map(() => [409, 'request_in_flight']),
    );
    expect(meanwhile[0]?.headers['retry-after']).toBe('1');
    expect(original.status).toBe(201);
    expect(original.headers['idempotency-replayed']).toBeUndefined();
    for (const repeat of later) {
      expect(repeat.headers['idempotency-replayed']).toBe('true');
      expect(shown(repeat)).toEqual(shown(original));
    }
    expect(await made('once')).toBe(1);
  });

  test('the order of members does not make another request; another body, query or tenant does', async () => {
    await send('same', { label: 'same', note: 'n' });
    expect((await send('same', { note: 'n', label: 'same' })).status).toBe(201);
    for (const other of [
      await send('same', { label: 'same' }),
      await send('same', { label: 'same', note: 'm' }),
      await send('same', { label: 'same', note: 'n' }, 'beta'),
    ])
      expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    expect((await send('"same"', { label: 'same', note: 'n' })).status).toBe(201);
    expect(await made('same')).toBe(1);
  });

  test('the same key of another holder is another key; of a rotated key it is the same', async () => {
    const other = await createApiKey(database.db, { role: 'operator', label: 'other' });
    await send('shared', { label: 'shared' });
    await send('shared', { label: 'shared' }, 'acme', other);
    expect(await made('shared')).toBe(2);
    const { id } = await inSystemTransaction(database.db, (tx) =>
      tx.selectFrom('core.apiKey').select('id').where('label', '=', 'other').executeTakeFirstOrThrow(),
    );
    const next = await inSystemTransaction(database.db, (tx) =>
      rotateApiKey(tx, id, { overlapSeconds: 60, createdBy: 'test' }),
    );
    for (const secret of [other, next?.secret ?? ''])
      expect((await send('shared', { label: 'shared' }, 'acme', secret)).headers).toMatchObject({
        'idempotency-replayed': 'true',
      });
    expect(await made('shared')).toBe(2);
  });

  test('a problem is not remembered: it did nothing', async () => {
    passes.push(() => Promise.reject(new Problem(409, 'not_possible_now', 'Not yet.')));
    passes.push(() => Promise.reject(new TypeError('a bug')));
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push((await send('refused', { label: 'refused' })).status);
    expect([answers, await made('refused')]).toEqual([[409, 500, 201], 1]);
  });

  test('a claim whose process died is taken over after its lease, not before and not by another request', async () => {
    const store = openIdempotencyStore(database.db, master, leaseMs);
    const claimed = await store.claim(await wantedOf('dead', { label: 'dead' }));
    expect(claimed.kind).toBe('mine');
    expect((await send('dead', { label: 'dead' })).status).toBe(409);
    await expect.poll(async () => (await send('dead', { label: 'dead' })).status, patience).toBe(201);
    expect(await made('dead')).toBe(1);
    await store.claim(await wantedOf('dead2', { label: 'dead2' }));
    const other = () => send('dead2', { label: 'else' });
    await expect.poll(async () => (await send('dead2', { label: 'dead2' })).status, patience).toBe(201);
    expect((await other()).status).toBe(422);
  });

  test('a lease is held as long as the work lasts', async () => {
    const gate = pause();
    passes.push(gate.wait);
    const slow = send('slow', { label: 'slow' });
    await gate.reached;
    for (const until = Date.now() + 2.5 * leaseMs; Date.now() < until; )
      expect((await send('slow', { label: 'slow' })).status).toBe(409);
    gate.open();
    expect([(await slow).status, await made('slow')]).toEqual([201, 1]);
  });

  test('who lost the lease while it slept takes its effect back', async () => {
    const gate = pause();
    passes.push(gate.wait);
    const sleeper = send('zombie', { label: 'zombie' });
    await gate.reached;
    await database.pool.query(
      `update core.idempotency set lease_until = now() - interval '1 s', fence = fence + 1 where key = 'zombie'`,
    );
    expect((await send('zombie', { label: 'zombie' })).status).toBe(201);
    gate.open();
    expect([(await sleeper).status, await made('zombie')]).toEqual([409, 1]);
  });

  test('after its day it is forgotten; kept answers cannot be read in the database', async () => {
    await send('old', { label: 'old' });
    const { rows } = await database.pool.query(`select sealed_body from core.idempotency where key = 'old'`);
    expect(rows[0].sealed_body.includes(Buffer.from('old'))).toBe(false);
    await database.pool.query(
      `update core.idempotency set expires_at = now() - interval '1 s' where key = 'old'`,
    );
    expect((await send('old', { label: 'new' })).status).toBe(201);
    await database.pool.query(
      `update core.idempotency set expires_at = now() - interval '1 s' where key = 'old'`,
    );
    await sweepIdempotency(database.db);
    const left = await database.pool.query(`select key from core.idempotency where key in ('old', 'once')`);
    expect(left.rows).toEqual([{ key: 'once' }]);
  });

  test.each(['', 'with space', 'ü', 'x'.repeat(256)])('%j is no key', async (bad) => {
    const answer = await request(app())
      .post('/v1/things?tenant=acme')
      .set({ authorization: `Bearer ${key}`, 'idempotency-key': Buffer.from(bad).toString('latin1') })
      .send({ label: 'bad' });
    expect([answer.status, answer.body.errors]).toEqual([
      422,
      [expect.objectContaining({ pointer: '/header/Idempotency-Key' })],
    ]);
  });

  // Awaited inside: supertest sends a request only when somebody waits for it.
  const send = async (idempotencyKey: string, body: object, tenant = 'acme', secret = key) =>
    await request(app())
      .post(`/v1/things?tenant=${tenant}`)
      .set({ authorization: `Bearer ${secret}`, 'idempotency-key': idempotencyKey })
      .send(body);

  async function wantedOf(idempotencyKey: string, body: object) {
    // As the route makes it: sent once and taken back, so that nothing here repeats how a request is hashed.
    passes.push(() => Promise.reject(new Problem(409, 'not_possible_now', 'Not yet.')));
    const seen: Buffer[] = [];
    const store = openIdempotencyStore(database.db, master, leaseMs);
    const spying = appOf({
      ...store,
      claim(wanted) {
        seen.push(wanted.requestHash);
        return store.claim(wanted);
      },
    });
    await request(spying)
      .post('/v1/things?tenant=acme')
      .set({ authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey })
      .send(body);
    const { rows } = await database.pool.query(`select family_id from core.api_key where label = 'edge'`);
    return {
      familyId: rows[0].family_id,
      route: 'POST /v1/things',
      key: idempotencyKey,
      tenantId: null,
      requestHash: seen[0] ?? Buffer.alloc(0),
    };
  }
});

describe('the limit of a key', () => {
  test('holds over all processes, tells what is left, and 429 says when to come back', async () => {
    const secret = await createApiKey(database.db, {
      role: 'viewer',
      label: 'slow',
      ...(await boundTo('acme')),
      requestsPerMinute: 30,
    });
    await atTheBeginningOfAMinute();
    const apps = [appOf(), appOf(), appOf()];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        request(apps[n % 3] ?? appOf())
          .get('/v1/things')
          .set({ authorization: `Bearer ${secret}` }),
      ),
    );
    const granted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([granted.length + refused.length, granted.length <= 30, granted.length >= 24]).toEqual([
      60,
      true,
      true,
    ]);
    for (const { headers } of answers) {
      expect(headers['ratelimit-policy']).toBe('"per-key";q=30;w=60');
      expect(headers.ratelimit).toMatch(/^"per-key";r=\d+;t=([1-9]|[1-5]\d|60)$/);
    }
    for (const { headers, body } of refused) {
      expect(body.code).toBe('too_many_requests');
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(headers.ratelimit).toContain(';r=0;');
    }
    await database.pool.query(`update core.rate_use set window_start = window_start - interval '1 minute'`);
    expect(
      (
        await request(appOf())
          .get('/v1/things')
          .set({ authorization: `Bearer ${secret}` })
      ).status,
    ).toBe(200);
  });

  test('is written in slices, and so is when the key was last used', async () => {
    const secret = await createApiKey(database.db, {
      role: 'portal',
      label: 'quick',
      requestsPerMinute: 1_000,
    });
    const [app] = [appOf()];
    const before = await updates();
    for (let n = 0; n < 100; n++)
      await request(app)
        .get('/v1/things?tenant=acme')
        .set({ authorization: `Bearer ${secret}` })
        .expect(200);
    // 50 requests a slice; a minute may have ended in between.
    expect((await updates()) - before).toBeLessThanOrEqual(4);
    const { rows } = await database.pool.query(
      `select last_used_at > now() - interval '2 minutes' as recent from core.api_key where label = 'quick'`,
    );
    expect(rows).toEqual([{ recent: true }]);
  });

  test('notes the use of each key of a family, also of the former one while the new one is the busy one', async () => {
    const former = await createApiKey(database.db, { role: 'operator', label: 'turning' });
    const { id } = await inSystemTransaction(database.db, (tx) =>
      tx.selectFrom('core.apiKey').select('id').where('label', '=', 'turning').executeTakeFirstOrThrow(),
    );
    const next = await inSystemTransaction(database.db, (tx) =>
      rotateApiKey(tx, id, { overlapSeconds: 600, createdBy: 'test' }),
    );
    const limited = await createApiKey(database.db, {
      role: 'operator',
      label: 'spent',
      requestsPerMinute: 1,
    });
    const app = appOf();
    const ask = (secret: string) =>
      request(app)
        .get('/v1/things?tenant=acme')
        .set({ authorization: `Bearer ${secret}` });
    await atTheBeginningOfAMinute();
    // The new key takes the slice that both live on.
    await ask(next?.secret ?? '').expect(200);
    await ask(former).expect(200);
    const unused = await database.pool.query(
      `select label, last_used_at is null as unused from core.api_key where label in ('turning', 'spent') order by 1`,
    );
    expect(unused.rows).toEqual([
      { label: 'spent', unused: true },
      { label: 'turning', unused: false },
      { label: 'turning', unused: false },
    ]);
    // Over its limit it is in use all the same; and a minute later its use is noted anew.
    await ask(limited).expect(200);
    await database.pool.query(`update core.api_key set last_used_at = null where label = 'spent'`);
    const other = appOf();
    await request(other)
      .get('/v1/things?tenant=acme')
      .set({ authorization: `Bearer ${limited}` })
      .expect(429);
    const { rows } = await database.pool.query(
      `select last_used_at is null as unused from core.api_key where label = 'spent'`,
    );
    expect(rows).toEqual([{ unused: false }]);
  });

  async function updates(): Promise<number> {
    await database.pool.query('select pg_stat_force_next_flush()');
    const { rows } = await database.pool.query(
      `select (n_tup_upd + n_tup_ins)::int as n from pg_stat_user_tables where relname = 'rate_use'`,
    );
    return rows[0].n;
  }

  async function atTheBeginningOfAMinute(): Promise<void> {
    const { rows } = await database.pool.query(`select extract(second from now())::float8 as s`);
    if (rows[0].s > 50) await new Promise((resolve) => setTimeout(resolve, (60.2 - rows[0].s) * 1000));
  }
});

const patience = { timeout: 20_000, interval: 50 };

function appOf(store = openIdempotencyStore(database.db, master, leaseMs)) {
  const access = { roles: ['operator', 'viewer', 'portal'], scope: 'tenant', ids: {} } as const;
  const routes = [
    defineRoute({
      method: 'post',
      path: '/v1/things',
      access,
      summary: 'Makes a row that nothing else keeps from doubling.',
      body: z.object({ label: z.string(), note: z.string().optional() }),
      answers: { 201: z.object({ id: z.string() }) },
      handle: async (_ctx: undefined, { body, remember }) => {
        await passes.shift()?.();
        return inSystemTransaction(database.db, async (tx) => {
          const { id } = await insertApiKey(tx, { role: 'operator', label: `thing ${body.label}` });
          return remember(tx, { status: 201, body: { id }, headers: { etag: `"${id}"` } });
        });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/things',
      access,
      summary: '',
      answers: { 200: z.object({}) },
      handle: async (_ctx: undefined) => ({ status: 200, body: {} }),
    }),
  ];
  return createApp(logger, vitals, (express) =>
    mountRoutes(express, undefined, routes, {
      logger,
      authenticate: openAuthenticator(database.db),
      tenantOf: (caller, slug) => tenantOfCall(database.db, caller, slug),
      rates: openRateLimiter(database.db),
      idempotency: store,
      bodyTimes: defaultBodyTimes,
      closing: new AbortController().signal,
    }),
  );
}

async function made(label: string): Promise<number> {
  const { rows } = await database.pool.query(`select count(*)::int as n from core.api_key where label = $1`, [
    `thing ${label}`,
  ]);
  return rows[0].n;
}

async function boundTo(slug: string): Promise<{ tenantId: string }> {
  const { rows } = await database.pool.query('select id from core.tenant where slug = $1', [slug]);
  return { tenantId: rows[0].id };
}

/** All of an answer but the id of its request and what counts requests. */
function shown({ status, text, headers }: { status: number; text: string; headers: Record<string, string> }) {
  return { status, text, etag: headers.etag, type: headers['content-type'] };
}

function pause() {
  let open = () => {};
  let arrive = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return {
    open: () => open(),
    reached,
    wait() {
      arrive();
      return opened;
    },
  };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

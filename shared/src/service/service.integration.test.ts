import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../core/logger.js';
import { inSystemTransaction } from '../db/index.js';
import { findFreePort } from '../embedded/free-port.js';
import { nodeFlags } from '../embedded/node-flags.js';
import { spawnWatched } from '../embedded/spawn-watched.js';
import { defineRoute } from '../http/route.js';
import type { JobHandler } from '../queue/worker.js';
import { createApiKey } from '../tenancy/api-key.js';
import { newSecret } from '../tenancy/key-form.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { type CommonConfig, commonConfig, commonEnv } from './config.js';
import { type CommonContext, createCommonContext } from './context.js';
import { type RunningService, type ServiceParts, startService } from './service.js';

let testDatabase: TestDatabase;
let watcher: pg.Client;
let files: string;
const running: RunningService[] = [];
const patience = { timeout: 30_000, interval: 20 };

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  watcher = new pg.Client({ connectionString: testDatabase.url });
  await watcher.connect();
  files = await mkdtemp(join(tmpdir(), 'octopipe-service-'));
});

afterEach(async () => {
  for (const service of running.splice(0)) await service.destroy();
});

afterAll(async () => {
  await watcher.end();
  await testDatabase.drop();
  await rm(files, { recursive: true });
});

test('ready, at work, drained, gone', async () => {
  const handled: string[] = [];
  let sweeps = 0;
  const service = await start({
    handle: async (_ctx, payload) => {
      handled.push((payload as { runId: string }).runId);
    },
    sweep: async () => {
      sweeps += 1;
    },
  });
  expect(await readyOf(service)).toEqual({ status: 'ready', failed: [] });
  const key = await createApiKey(service.ctx.db, { role: 'operator', label: 'test' });
  const answer = await fetch(`${service.url}/v1/reports`, { headers: { authorization: `Bearer ${key}` } });
  expect([answer.status, await answer.json()]).toEqual([200, { role: 'operator' }]);
  expect((await fetch(`${service.url}/v1/reports`)).status).toBe(401);
  const runId = randomUUID();
  await service.ctx.producer.send('reconcile-run', { tenantId: randomUUID(), runId });
  await vi.waitFor(() => expect(handled).toEqual([runId]), patience);
  await vi.waitFor(() => expect(sweeps).toBeGreaterThan(2), patience);

  await service.drain();
  expect(await readyOf(service)).toEqual({ status: 'not ready', failed: ['draining'] });
  expect(await trafficOf(service)).toEqual({ status: 'not ready', failed: ['draining'] });
  const sweepsBefore = sweeps;
  await service.ctx.producer.send('reconcile-run', { tenantId: randomUUID(), runId: randomUUID() });
  // A drained service still answers; were its sweep or worker alive, they would have had many turns by now.
  for (let n = 0; n < 20; n++) expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  expect([handled.length, sweeps]).toEqual([1, sweepsBefore]);

  await running.pop()?.destroy();
  await expect(fetch(`${service.url}/livez`)).rejects.toThrow();
  // The server notices a moment later that a connection was closed.
  await vi.waitFor(async () => expect(await connectionsLeft()).toEqual([]), patience);
});

test('/metrics: its checks, its queue and what it counts; a part that fails is left out, the rest is shown', async () => {
  let countsTo: number | undefined = 7;
  const service = await start({
    count: async () => {
      if (countsTo === undefined) throw new Error('the database is away');
      return [{ name: 'octopipe_reports_missing', labels: {}, value: countsTo }];
    },
  });
  const shown = async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return text.split('\n').filter((line) => /^octopipe_(ready|hints|reports_missing)/.test(line));
  };
  const checks = ['draining', 'postgres', 'queue', 'schema'].map(
    (check) => `octopipe_ready{check="${check}",service="reporter"} 1`,
  );
  const hints = ['waiting', 'active', 'delayed'].map(
    (state) => `octopipe_hints{state="${state}",service="reporter"} 0`,
  );
  // A job that another test left behind may still be on its way.
  await vi.waitFor(
    async () =>
      expect(await shown()).toEqual([...checks, ...hints, 'octopipe_reports_missing{service="reporter"} 7']),
    patience,
  );
  countsTo = undefined;
  // However often it is asked, the tables are looked at every two seconds at most.
  expect(await shown()).toContain('octopipe_reports_missing{service="reporter"} 7');
  await vi.waitFor(async () => expect(await shown()).toEqual([...checks, ...hints]), patience);
});

test('a failed sweep is logged and the next one comes', async () => {
  let sweeps = 0;
  const service = await start({
    sweep: async () => {
      sweeps += 1;
      if (sweeps < 3) throw new Error('the database is away');
    },
  });
  await vi.waitFor(() => expect(sweeps).toBeGreaterThan(3), patience);
  expect((await readyOf(service)).status).toBe('ready');
});

test('one sweep at a time, however long it takes', async () => {
  let atOnce = 0;
  let most = 0;
  let sweeps = 0;
  await start({
    sweep: async (ctx) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await ctx.queue.ping();
      await ctx.queue.ping();
      atOnce -= 1;
      sweeps += 1;
    },
  });
  await vi.waitFor(() => expect(sweeps).toBeGreaterThan(3), patience);
  expect(most).toBe(1);
});

test('destroy waits for a drain that is on its way: a running job keeps its database to the end', async () => {
  const journal: string[] = [];
  let finish = () => {};
  const service = await start({
    handle: async (ctx) => {
      journal.push('begun');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await ctx.queue.ping();
      await createApiKey(ctx.db, { role: 'operator', label: 'written by the job' });
      journal.push('ended');
    },
  });
  await service.ctx.producer.send('reconcile-run', { tenantId: randomUUID(), runId: randomUUID() });
  await vi.waitFor(() => expect(journal).toEqual(['begun']), patience);
  const drained = service.drain();
  const destroyed = running
    .pop()
    ?.destroy()
    .then(() => journal.push('destroyed'));
  await vi.waitFor(async () => expect((await readyOf(service)).failed).toEqual(['draining']), patience);
  finish();
  await Promise.all([drained, destroyed]);
  expect(journal).toEqual(['begun', 'ended', 'destroyed']);
});

test('a taken port is one sentence; no work has begun, everything is closed', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const journal: string[] = [];
  const sweep = async () => void journal.push('sweep begun');
  await expect(start({ port, sweep, onDestroyed: () => journal.push('destroyed') })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken; choose another`,
  );
  expect(journal).toEqual(['destroyed']);
  await new Promise((resolve) => taken.close(resolve));
  await vi.waitFor(async () => expect(await connectionsLeft()).toEqual([]), patience);
  // The one that is left is the watcher's own.
  await vi.waitFor(() => expect(openSockets()).toEqual(['TCPSocketWrap']), patience);
  expect(journal).toHaveLength(1);
});

test('a handler too few, a schema that is newer: the service does not start and leaves nothing', async () => {
  let destroyed = 0;
  const onDestroyed = () => {
    destroyed += 1;
  };
  await expect(start({ handlers: [], onDestroyed })).rejects.toThrow(
    /lacks \[reconcile-run, purge-reporter\]/,
  );
  expect(destroyed).toBe(1);
  await watcher.query(`insert into octopipe_migration (name, timestamp) values ('29990101-0001-later', 'x')`);
  await expect(start({ onDestroyed })).rejects.toThrow(/newer than this build/);
  await watcher.query(`delete from octopipe_migration where name = '29990101-0001-later'`);
  expect(destroyed).toBe(2);
  await vi.waitFor(async () => expect(await connectionsLeft()).toEqual([]), patience);
});

test('started before the migrate step it says so, waits, and goes on by itself', async () => {
  await watcher.query(`update octopipe_migration set name = 'z-' || name`);
  const port = await findFreePort();
  let sweeps = 0;
  const starting = start({
    port,
    sweep: async () => {
      sweeps += 1;
    },
  });
  const probed = { url: `http://127.0.0.1:${port}` };
  await vi.waitFor(async () => expect((await readyOf(probed)).failed).toEqual(['schema']), patience);
  expect((await trafficOf(probed)).failed).toEqual(['starting', 'schema']);
  expect(sweeps).toBe(0);
  await watcher.query(`update octopipe_migration set name = substr(name, 3)`);
  await starting;
  expect(await readyOf(probed)).toEqual({ status: 'ready', failed: [] });
});

test('Postgres is away at the start and again later: 503 problems, nothing dies, work goes on by itself', async () => {
  const door = await openDoor(testDatabase.url);
  await door.shut();
  const port = await findFreePort();
  const probed = { url: `http://127.0.0.1:${port}` };
  const handled: string[] = [];
  const starting = start({
    port,
    databaseUrl: door.url,
    // Longer than our patience: nobody waits for the lock of a job that ended while the queue was away.
    lockMs: 120_000,
    handle: async (ctx, payload) => {
      // A transaction is open when the connection goes: between two statements nobody waits for it.
      await inSystemTransaction(ctx.db, async (tx) => {
        await tx.selectFrom('core.apiKey').select('id').execute();
        if (handled.length === 1) await door.shut();
        await new Promise((resolve) => setTimeout(resolve, 100));
        await tx.selectFrom('core.apiKey').select('id').execute();
      }).finally(() => handled.push((payload as { runId: string }).runId));
    },
  });
  const everything = { status: 'not ready', failed: ['postgres', 'queue', 'schema'] };
  await vi.waitFor(async () => expect(await readyOf(probed)).toEqual(everything), patience);
  expect(await trafficOf(probed)).toEqual({ status: 'not ready', failed: ['starting'] });
  expect(await ask(probed.url)).toEqual([503, 'application/problem+json', 'database_unavailable']);

  await door.open();
  const service = await starting;
  expect(await readyOf(probed)).toEqual({ status: 'ready', failed: [] });
  const tenantId = randomUUID();
  const runIds = [randomUUID(), randomUUID()] as const;
  const send = (at: 0 | 1) => service.ctx.producer.send('reconcile-run', { tenantId, runId: runIds[at] });
  await send(0);
  await vi.waitFor(() => expect(handled).toHaveLength(1), patience);
  await send(1);
  // The second job shuts the door on itself.
  await vi.waitFor(() => expect(handled).toHaveLength(2), patience);
  expect(await readyOf(probed)).toEqual(everything);
  // Taken out of its Service it could not say so itself.
  expect(await trafficOf(probed)).toEqual({ status: 'ready', failed: [] });
  expect(await ask(probed.url)).toEqual([503, 'application/problem+json', 'database_unavailable']);

  await door.open();
  await vi.waitFor(async () => expect((await readyOf(probed)).status).toBe('ready'), patience);
  // The same again, as a sweep does until it is done. BullMQ by itself would rest for 15 s.
  const openedAt = performance.now();
  await vi.waitFor(async () => {
    await send(1);
    expect(handled.length).toBeGreaterThan(2);
  }, patience);
  expect(performance.now() - openedAt).toBeLessThan(10_000);
  expect(handled.slice(0, 3)).toEqual([runIds[0], runIds[1], runIds[1]]);
  expect((await ask(probed.url))[0]).toBe(401);
  // Closed behind an open door, as everything else.
  await running.pop()?.destroy();
  await door.shut();
});

/** A call with a key that nobody knows: it has to be looked up. */
async function ask(url: string, path = '/v1/reports'): Promise<[number, string | undefined, string]> {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${newSecret()}` } });
  const { code } = (await answer.json()) as { code: string };
  return [answer.status, answer.headers.get('content-type')?.split(';')[0], code];
}

/** A way to the database that can be shut: connections break, new ones are refused. */
async function openDoor(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const through = new Set<Socket>();
  const port = await findFreePort();
  let server: Server | undefined;
  const door = {
    url: Object.assign(new URL(databaseUrl), { port: String(port) }).href,
    async open() {
      server = createServer((socket) => {
        const onward = connect(Number(target.port), target.hostname);
        for (const end of [socket, onward]) {
          through.add(end);
          end.on('error', () => {});
          end.on('close', () => {
            socket.destroy();
            onward.destroy();
            through.delete(end);
          });
        }
        socket.pipe(onward).pipe(socket);
      }).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async shut() {
      const closed = server && once(server, 'close');
      server?.close();
      for (const socket of through) socket.destroy();
      await closed;
      server = undefined;
    },
  };
  await door.open();
  return door;
}

test('a check that fails is named, and only that one', async () => {
  const service = await start({});
  await watcher.query(`insert into octopipe_migration (name, timestamp) values ('29990101-0001-later', 'x')`);
  expect(await readyOf(service)).toEqual({ status: 'not ready', failed: ['schema'] });
  expect(await trafficOf(service)).toEqual({ status: 'not ready', failed: ['schema'] });
  await watcher.query(`delete from octopipe_migration where name = '29990101-0001-later'`);
  expect(await readyOf(service)).toEqual({ status: 'ready', failed: [] });
});

test.each([
  ['refuses', (port: number) => `127.0.0.1:${port}`, /ECONNREFUSED/],
  // What compose and a Service make of a Postgres that is down. Which code, the resolver decides.
  ['has no address', () => 'postgres.invalid', /ENOTFOUND|EAI_AGAIN/],
] as const)(
  'while its database %s, a process says so and waits; told to end, it is gone at once and in order',
  async (_what, host, reason) => {
    const main = fileURLToPath(new URL('../../../services/reporter/dist/bundle/main.js', import.meta.url));
    const port = await findFreePort();
    const waiting = await spawnWatched(process.execPath, [...nodeFlags, main], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: `postgres://nobody@${host(await findFreePort())}/nothing`,
        OCTOPIPE_MASTER_KEY: randomBytes(32).toString('base64'),
        OCTOPIPE_FILES_DIR: files,
        LOG_LEVEL: 'warn',
        PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    waiting.child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await vi.waitFor(() => expect(said).toContain('waiting for the database'), patience);
    const line: unknown = JSON.parse(said.split('\n').find((text) => text.includes('waiting')) ?? '');
    expect(line).toMatchObject({ code: 'database_away', reason: expect.stringMatching(reason) });
    // It has looked again by then, and is still there.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const probed = { url: `http://127.0.0.1:${port}` };
    expect((await fetch(`${probed.url}/livez`)).status).toBe(200);
    expect((await readyOf(probed)).failed).toContain('postgres');
    expect(await ask(probed.url, '/v1/purges')).toEqual([
      503,
      'application/problem+json',
      'database_unavailable',
    ]);
    // By default a signal ends a process, too, but not the first one of a container; that it is heard is seen by the code.
    expect(await waiting.stop()).toEqual({ code: 0, signal: null });
  },
);

interface Wanted {
  handle?: JobHandler<CommonContext>['handle'];
  handlers?: ServiceParts<CommonContext>['handlers'];
  sweep?: ServiceParts<CommonContext>['sweep'];
  count?: ServiceParts<CommonContext>['count'];
  port?: number;
  databaseUrl?: string;
  lockMs?: number;
  /** Told when the context has closed all it opened: connections also end by themselves when idle, so their end proves little. */
  onDestroyed?: () => void;
}

async function start(wanted: Wanted): Promise<RunningService & { ctx: CommonContext }> {
  const config = configOf(wanted);
  const common = createCommonContext('reporter', config, createLogger('reporter', 'silent'));
  const ctx: CommonContext = {
    ...common,
    async destroy() {
      await common.destroy();
      wanted.onDestroyed?.();
    },
  };
  const service = await startService<CommonContext>({
    name: 'reporter',
    config,
    ctx,
    routes: [
      defineRoute({
        method: 'get',
        path: '/v1/reports',
        access: { roles: ['operator'], scope: 'installation', ids: {} },
        summary: 'Says who calls.',
        answers: { 200: z.object({ role: z.string() }) },
        handle: async (_ctx: CommonContext, { caller }) => ({ status: 200, body: { role: caller.role } }),
      }),
    ],
    handlers: wanted.handlers ?? [
      { job: 'reconcile-run', handle: wanted.handle ?? (async () => {}) },
      { job: 'purge-reporter', handle: async () => {} },
    ],
    sweep: wanted.sweep ?? (async () => {}),
    count: wanted.count ?? (async () => []),
  });
  running.push(service);
  return { ...service, ctx };
}

function configOf({ port, databaseUrl, lockMs }: Wanted): CommonConfig {
  return commonConfig(
    z.object(commonEnv).parse({
      DATABASE_URL: databaseUrl ?? testDatabase.url,
      OCTOPIPE_MASTER_KEY: randomBytes(32).toString('base64'),
      OCTOPIPE_FILES_DIR: files,
      SWEEP_INTERVAL_MS: '50',
      ...(port === undefined ? {} : { PORT: String(port) }),
      ...(lockMs === undefined ? {} : { QUEUE_LOCK_MS: String(lockMs) }),
    }),
  );
}

const readyOf = (service: { url: string }) => probe(service, '/readyz');
const trafficOf = (service: { url: string }) => probe(service, '/readyz/traffic');

async function probe(service: { url: string }, path: string): Promise<{ status: string; failed: string[] }> {
  const answer = await fetch(`${service.url}${path}`);
  const { failed } = (await answer.json()) as { failed: string[] };
  return { status: answer.ok ? 'ready' : 'not ready', failed };
}

async function connectionsLeft(): Promise<string[]> {
  const { rows } = await watcher.query<{ name: string }>(
    `select application_name as name from pg_stat_activity where application_name like 'octopipe-%' and datname = current_database()`,
  );
  return rows.map(({ name }) => name);
}

function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
}

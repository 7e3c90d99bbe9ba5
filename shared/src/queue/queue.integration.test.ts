import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { RetryLater, RunStopped, TenantGone } from '../core/errors.js';
import { createLogger } from '../core/logger.js';
import { createMetrics } from '../core/metrics.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { NO_REDIS, startTestRedis } from '../testing/redis.js';
import { openQueueConnection, type Queue, type QueueConnection, queuePoolSize } from './connection.js';
import { createProducer, type Producer } from './producer.js';
import { type JobHandler, startWorker, type WorkerOptions } from './worker.js';

/** The reporter has one job only, so a test lists one handler. */
type Handle = JobHandler<undefined, 'reconcile-run'>['handle'];
type Stopped = { tenantId: string; runId?: string; code: string };

const tenantId = randomUUID();
const redis = await startTestRedis();
if (redis === undefined) console.warn(`The Redis lane is not tested: ${NO_REDIS}`);
const patience = { timeout: 30_000, interval: 20 };

afterAll(() => redis?.stop());

describe.each(redis ? (['postgres', 'redis'] as const) : (['postgres'] as const))('on %s', (lane) => {
  let testDatabase: TestDatabase;
  const closing: Array<() => Promise<unknown>> = [];
  /** What a test looks into the store with. */
  const looks = new WeakMap<QueueConnection, Queue>();

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  afterAll(() => testDatabase.drop());

  test('a job arrives as it was sent, under its deterministic id, and is gone when done', async () => {
    const { producer, connection } = open();
    const seen: unknown[] = [];
    start(connection, async (_ctx, payload, signal) => {
      seen.push({ ...payload, aborted: signal.aborted });
    });
    const runId = randomUUID();
    await producer.send('reconcile-run', { tenantId, runId });
    await vi.waitFor(() => expect(seen).toEqual([{ version: 1, tenantId, runId, aborted: false }]), patience);
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
    await connection.ping();
    expect(connection.lane).toBe(lane);
  });

  test('the same work waiting twice is one job; done once, it may be asked for again', async () => {
    const { producer, connection } = open();
    const runs = [randomUUID(), randomUUID()] as const;
    for (const runId of [runs[0], runs[1], runs[0], runs[0]])
      await producer.send('reconcile-run', { tenantId, runId });
    expect(await countsOf(connection)).toEqual({ ...noJobs, waiting: 2 });
    const seen: string[] = [];
    start(connection, async (_ctx, { runId }) => {
      seen.push(runId);
    });
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
    expect(seen.sort()).toEqual([...runs].sort());
    await producer.send('reconcile-run', { tenantId, runId: runs[0] });
    await vi.waitFor(() => expect(seen).toHaveLength(3), patience);
  });

  test('a delayed send waits as delayed', async () => {
    const { producer, connection } = open();
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() }, { delayMs: 3_600_000 });
    expect(await countsOf(connection)).toEqual({ ...noJobs, delayed: 1 });
    await empty(connection);
  });

  test('the job of a tenant that is gone is dropped: no failure, no repeat', async () => {
    const { producer, connection } = open();
    const { log } = start(connection, async () => {
      throw new TenantGone();
    });
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    await vi.waitFor(
      () =>
        expect(log().map(({ msg, level }) => [level, msg])).toContainEqual([
          'info',
          'job dropped, its tenant is gone',
        ]),
      patience,
    );
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
  });

  test('RetryLater hands the job back with its delay, and it runs again', async () => {
    const { producer, connection } = open();
    const seenAt: number[] = [];
    const { log } = start(connection, async () => {
      seenAt.push(performance.now());
      if (seenAt.length < 3) throw new RetryLater(300, 'budget_spent');
    });
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    await vi.waitFor(() => expect(seenAt).toHaveLength(3), patience);
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
    const gaps = seenAt.slice(1).map((at, n) => at - (seenAt[n] ?? 0));
    // A lower bound only: 300 ms less the rounding of the store's clock.
    for (const gap of gaps) expect(gap).toBeGreaterThan(290);
    expect(log().map((line) => `${line.level} ${line.msg} ${line.code}`)).toEqual([
      'info job handed back budget_spent',
      'info job handed back budget_spent',
    ]);
  });

  test('while handed back, the same work sent again is still one job', async () => {
    const { producer, connection } = open();
    start(connection, async () => {
      throw new RetryLater(3_600_000, 'budget_spent');
    });
    const runId = randomUUID();
    await producer.send('reconcile-run', { tenantId, runId });
    await vi.waitFor(
      async () => expect(await countsOf(connection)).toEqual({ ...noJobs, delayed: 1 }),
      patience,
    );
    await producer.send('reconcile-run', { tenantId, runId });
    expect(await countsOf(connection)).toEqual({ ...noJobs, delayed: 1 });
    await empty(connection);
  });

  test('RunStopped tells the service which run waits for a person, and the job is done', async () => {
    const { producer, connection } = open();
    const { stopped, log } = start(connection, async () => {
      throw new RunStopped('token_refused', 'Pipedrive refuses the token; connect again.');
    });
    const runId = randomUUID();
    await producer.send('reconcile-run', { tenantId, runId });
    await vi.waitFor(
      () => expect(stopped).toMatchObject([{ tenantId, runId, code: 'token_refused' }]),
      patience,
    );
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
    expect(log()).toMatchObject([
      { level: 'warn', msg: 'job stopped its run', code: 'token_refused', runId, tenantId },
    ]);
  });

  test('a stop that could not be written is logged, and the job is gone: the sweep will find the run', async () => {
    const { producer, connection } = open();
    const { log } = start(
      connection,
      async () => {
        throw new RunStopped('token_refused', 'Connect again.');
      },
      { onRunStopped: () => Promise.reject(new Error('the database is away')) },
    );
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
    await vi.waitFor(() => expect(log().map(({ level }) => level)).toEqual(['warn', 'error']), patience);
  });

  test('an unknown error is logged with its job, which is gone; sent again, it runs again', async () => {
    const { producer, connection } = open();
    let passes = 0;
    const { log } = start(connection, async () => {
      passes += 1;
      if (passes === 1) throw new TypeError('canary@example.test');
    });
    const runId = randomUUID();
    await producer.send('reconcile-run', { tenantId, runId });
    await vi.waitFor(async () => {
      expect(log()).toHaveLength(1);
      expect(await countsOf(connection)).toEqual(noJobs);
    }, patience);
    expect(log()).toMatchObject([
      {
        level: 'error',
        msg: 'job failed',
        job: 'reconcile-run',
        tenantId,
        runId,
        err: { name: 'TypeError' },
      },
    ]);
    expect(JSON.stringify(log())).not.toContain('canary');
    await producer.send('reconcile-run', { tenantId, runId });
    await vi.waitFor(() => expect(passes).toBe(2), patience);
  });

  test.each([
    ['of an unknown name', 'no-such-job', {}],
    ['of another shape, from another build', 'reconcile-run', { version: 2, tenantId, runId: 'x' }],
  ])('a job %s is logged as a bug and goes; the worker lives', async (_what, name, data) => {
    const { producer, connection } = open();
    let handled = 0;
    const { log } = start(connection, async () => {
      handled += 1;
    });
    await queueOf(connection).add(name, data, { removeOnFail: true });
    await vi.waitFor(
      () => expect(log()).toMatchObject([{ level: 'error', msg: 'job failed', job: name }]),
      patience,
    );
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    await vi.waitFor(() => expect(handled).toBe(1), patience);
    await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
  });

  test('send refuses a payload of the wrong shape, and drops what a job may not carry', async () => {
    const { producer, connection } = open();
    await expect(producer.send('reconcile-run', { tenantId, runId: 'not an id' })).rejects.toThrow();
    await expect(producer.send('reconcile-run', { tenantId } as never)).rejects.toThrow();
    expect(await countsOf(connection)).toEqual(noJobs);
    const seen: unknown[] = [];
    start(connection, async (_ctx, payload) => {
      seen.push(payload);
    });
    const runId = randomUUID();
    await producer.send('reconcile-run', { tenantId, runId, email: 'canary@example.test' } as never);
    await vi.waitFor(() => expect(seen).toEqual([{ version: 1, tenantId, runId }]), patience);
  });

  test('draining lets the running job finish, tells it, and takes no other', async () => {
    const { producer, connection } = open();
    const journal: string[] = [];
    let finish = () => {};
    const { drain } = start(connection, async (_ctx, _payload, signal) => {
      journal.push('begun');
      signal.addEventListener('abort', () => journal.push('told'));
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      journal.push('ended');
    });
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    await vi.waitFor(() => expect(journal).toEqual(['begun']), patience);
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    const drained = drain().then(() => journal.push('drained'));
    await vi.waitFor(() => expect(journal).toEqual(['begun', 'told']), patience);
    finish();
    await drained;
    expect(journal).toEqual(['begun', 'told', 'ended', 'drained']);
    expect(await countsOf(connection)).toEqual({ ...noJobs, waiting: 1 });
    await empty(connection);
  });

  test('what waits for one tenant is taken out, what waits for others stays; what runs, runs', async () => {
    const { producer, connection } = open();
    const gone = randomUUID();
    const isTheirs = (data: unknown) => (data as { tenantId: string }).tenantId === gone;
    let finish = () => {};
    const ran: string[] = [];
    const { drain } = start(connection, async (_ctx, payload) => {
      ran.push(payload.tenantId);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    await producer.send('reconcile-run', { tenantId: gone, runId: randomUUID() });
    await vi.waitFor(() => expect(ran).toEqual([gone]), patience);
    for (const owner of [gone, tenantId]) {
      await producer.send('reconcile-run', { tenantId: owner, runId: randomUUID() }, { delayMs: 3_600_000 });
      for (let n = 0; n < 3; n++)
        await producer.send('reconcile-run', { tenantId: owner, runId: randomUUID() });
    }
    expect(await connection.remove('reporter', isTheirs)).toBe(4);
    expect(await connection.remove('reporter', isTheirs)).toBe(0);
    expect(await countsOf(connection)).toEqual({ ...noJobs, active: 1, waiting: 3, delayed: 1 });
    const drained = drain();
    finish();
    await drained;
    await empty(connection);
  });

  test('a look shows what waits, what is delayed, and how long the oldest has waited', async () => {
    const { producer, connection } = open();
    const look = () => connection.look('reporter');
    const empty = { waiting: 0, active: 0, delayed: 0, oldestWaitingMs: 0 };
    await vi.waitFor(async () => expect(await look()).toEqual(empty), patience);
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() }, { delayMs: 3_600_000 });
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    await vi.waitFor(async () => expect((await look()).oldestWaitingMs).toBeGreaterThan(400), patience);
    // Younger ones do not hide it.
    for (let n = 0; n < 3; n++) await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    const seen = await look();
    expect(seen).toMatchObject({ waiting: 4, active: 0, delayed: 1 });
    expect(seen.oldestWaitingMs).toBeGreaterThan(400);
    await queueOf(connection).drain(true);
    expect(await look()).toEqual(empty);
  });

  test('jobs are measured by name and by how they ended; a name of another build is no series of its own', async () => {
    const { producer, connection } = open();
    let pass = 0;
    const { metrics } = start(connection, async () => {
      pass += 1;
      if (pass === 1) throw new RetryLater(0, 'budget_spent');
      if (pass === 2) throw new RunStopped('token_refused', 'Connect again.');
      if (pass === 3) throw new TypeError('x');
    });
    for (const _ of [1, 2, 3]) {
      await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
      await vi.waitFor(async () => expect(await countsOf(connection)).toEqual(noJobs), patience);
    }
    await queueOf(connection).add('no-such-job', {}, { removeOnFail: true });
    await vi.waitFor(async () => {
      const lines = (await metrics.text()).split('\n').filter((line) => line.includes('job_seconds_count'));
      const series = 'octopipe_job_seconds_count{service="reporter",job=';
      expect(lines.sort()).toEqual([
        `${series}"reconcile-run",outcome="done"} 1`,
        `${series}"reconcile-run",outcome="failed"} 1`,
        `${series}"reconcile-run",outcome="handed_back"} 1`,
        `${series}"reconcile-run",outcome="stopped"} 1`,
        `${series}"unknown",outcome="failed"} 1`,
      ]);
    }, patience);
  });

  test('a store that is away is told by ping, not waited for', async () => {
    const away = openQueueConnection({
      redisUrl: lane === 'redis' ? 'redis://127.0.0.1:1' : undefined,
      databaseUrl: 'postgres://127.0.0.1:1/x',
      applicationName: 'away',
      onError: () => {},
    });
    await expect(away.ping()).rejects.toThrow();
    await expect(away.look('reporter')).rejects.toThrow();
    // And a hint is lost soon, and told; it neither fails its caller nor keeps it.
    const lost: string[] = [];
    const producer = createProducer(away, (job) => lost.push(job));
    await producer.send('reconcile-run', { tenantId, runId: randomUUID() });
    expect(lost).toEqual(['reconcile-run']);
    await producer.close();
    await away.close();
  });

  test.runIf(lane === 'postgres')(
    'a process holds few connections for its queues, however busy',
    async () => {
      const name = `queue-test-${randomUUID().slice(0, 8)}`;
      const { producer, connection } = open(name);
      let done = 0;
      start(
        connection,
        async () => {
          done += 1;
        },
        { concurrency: 8 },
      );
      const watcher = new pg.Client({ connectionString: testDatabase.url });
      await watcher.connect();
      let most = 0;
      const sends = Array.from({ length: 200 }, () =>
        producer.send('reconcile-run', { tenantId, runId: randomUUID() }),
      );
      while (done < 200) {
        const { rows } = await watcher.query<{ count: number }>(
          'select count(*)::int from pg_stat_activity where application_name = $1',
          [`${name}-queue`],
        );
        most = Math.max(most, rows[0]?.count ?? 0);
      }
      await Promise.all(sends);
      await watcher.end();
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(queuePoolSize);
    },
  );

  const noJobs = { waiting: 0, delayed: 0, active: 0, failed: 0, completed: 0 };

  function open(applicationName = 'queue-test'): {
    connection: QueueConnection;
    producer: Producer;
    lost: string[];
  } {
    const connection = openQueueConnection({
      redisUrl: lane === 'redis' ? redis?.url : undefined,
      databaseUrl: testDatabase.url,
      applicationName,
      onError: () => {},
    });
    closing.push(() => connection.close());
    const lost: string[] = [];
    const producer = createProducer(connection, (job) => lost.push(job));
    closing.push(() => producer.close());
    const queue = connection.createQueue('reporter');
    closing.push(() => queue.close());
    looks.set(connection, queue);
    return { connection, producer, lost };
  }

  function start(
    connection: QueueConnection,
    handle: Handle,
    options: Partial<Pick<WorkerOptions<undefined>, 'concurrency' | 'onRunStopped'>> = {},
  ) {
    const stopped: Stopped[] = [];
    const metrics = createMetrics('reporter');
    let text = '';
    const destination = new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
    const { drain } = startWorker({
      service: 'reporter',
      ctx: undefined,
      handlers: [
        { job: 'reconcile-run', handle: handle as JobHandler<undefined>['handle'] },
        { job: 'purge-reporter', handle: async () => {} },
      ],
      connection,
      logger: createLogger('reporter', 'info', destination),
      metrics,
      concurrency: 1,
      onRunStopped: async (payload, { code }) => {
        stopped.push({ ...payload, code });
      },
      ...options,
    });
    closing.push(drain);
    const log = () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { stopped, log, drain, metrics };
  }

  async function countsOf(connection: QueueConnection): Promise<typeof noJobs> {
    const counts = await queueOf(connection).getJobCounts(
      'waiting',
      'delayed',
      'active',
      'failed',
      'completed',
    );
    return counts as typeof noJobs;
  }

  function queueOf(connection: QueueConnection): Queue {
    const queue = looks.get(connection);
    if (!queue) throw new Error('this connection was not opened by the test');
    return queue;
  }

  async function empty(connection: QueueConnection): Promise<void> {
    await queueOf(connection).drain(true);
  }
});

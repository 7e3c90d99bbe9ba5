import type { Job, Processor } from 'bullmq';
import { expect, test } from 'vitest';
import { createLogger } from '../core/logger.js';
import { createMetrics } from '../core/metrics.js';
import { catalog, jobIdOf, jobNamesOf, queuesOf, type ServiceName, serviceNames } from './catalog.js';
import type { QueueConnection } from './connection.js';
import { type JobHandler, startWorker } from './worker.js';

const ids = {
  webhookId: '5d3a1c0e-7f0b-4d0e-9c53-1f3f7a0f2b11',
  version: 1,
  tenantId: '11111111-1111-4111-8111-111111111111',
  exportId: '22222222-2222-4222-8222-222222222222',
  fileId: '33333333-3333-4333-8333-333333333333',
  mappingVersionId: '44444444-4444-4444-8444-444444444444',
  runId: '55555555-5555-4555-8555-555555555555',
  batchId: '66666666-6666-4666-8666-666666666666',
  entity: 'deal',
  cause: 'batch-done',
  turn: 1,
  purgeId: '77777777-7777-4777-8777-777777777777',
};

test.each(serviceNames)('%s starts with exactly its handlers', (service) => {
  expect(startWith(service, jobNamesOf(service))).toEqual(queuesOf(service));
  expect(queuesOf(service)[0]).toBe(service);
});

test.each([
  [
    'missing',
    ['stage-export', 'assess-export', 'deliver-webhook', 'purge-ingest'],
    /lacks \[stage-file\] and has too many \[\]/,
  ],
  [
    'of another service',
    ['stage-export', 'stage-file', 'assess-export', 'deliver-webhook', 'purge-ingest', 'load-batch'],
    /lacks \[\] and has too many \[load-batch\]/,
  ],
  [
    'there twice',
    ['stage-export', 'stage-file', 'stage-file', 'assess-export'],
    /two handlers for job stage-file/,
  ],
  ['all missing', [], /lacks \[stage-export, stage-file, assess-export, deliver-webhook, purge-ingest\]/],
])('a handler that is %s keeps the service from starting, by name', (_what, jobs, message) => {
  expect(() => startWith('ingest', jobs as never)).toThrow(message);
  expect(() => startWith('ingest', jobs as never)).toThrow(/^service ingest/);
});

test.each(Object.keys(catalog) as Array<keyof typeof catalog>)('%s: payload, id and service', (name) => {
  const { payload } = catalog[name];
  const parsed = payload.parse(ids) as typeof ids;
  // Ids, a cause or an entity: nothing else travels.
  expect(Object.keys(ids)).toEqual(expect.arrayContaining(Object.keys(parsed)));
  const id = jobIdOf(name, parsed as never);
  expect(id).toMatch(new RegExp(`^${name}-[\\w-]+$`));
  expect(jobIdOf(name, payload.parse({ ...ids }) as never)).toBe(id);
  for (const key of Object.keys(parsed)) {
    expect(payload.safeParse({ ...ids, [key]: undefined }).success, `without ${key}`).toBe(false);
    // Whatever else tells two pieces of work apart must be in the id.
    if (['version', 'tenantId', 'exportId', 'runId'].includes(key)) continue;
    expect(jobIdOf(name, { ...parsed, [key]: 'another' } as never), `another ${key}`).not.toBe(id);
  }
});

test('a job that failed with its database ends when the queue can be told: on Postgres both are away', async () => {
  let asked = 0;
  const isBack = 3;
  let process: Processor = () => Promise.reject(new Error('never started'));
  const connection = {
    createWorker(_name: string, processor: Processor) {
      process = processor;
    },
    async ping() {
      asked += 1;
      if (asked < isBack) throw new Error('starting up');
    },
  } as unknown as QueueConnection;
  const failing = (error: Error) =>
    startWorker<undefined>({
      service: 'reporter',
      ctx: undefined,
      handlers: jobNamesOf('reporter').map((job) => ({ job, handle: () => Promise.reject(error) })),
      connection,
      logger: createLogger('reporter', 'silent'),
      metrics: createMetrics('reporter'),
      concurrency: 1,
    });
  const job = {
    name: 'reconcile-run',
    id: '1',
    data: { version: 1, tenantId: ids.tenantId, runId: ids.runId },
  };
  const end = () => process(job as Job, 'token');

  const away = Object.assign(new Error('the database system is starting up'), { code: '57P03' });
  failing(away);
  await expect(end()).rejects.toBe(away);
  expect(asked).toBe(isBack);

  const bug = new TypeError('a bug of ours');
  failing(bug);
  await expect(end()).rejects.toBe(bug);
  expect(asked, 'a bug waits for nobody').toBe(isBack);
});

/** Starts on a connection that makes no worker: what is refused is refused before. */
function startWith(service: ServiceName, jobs: ReadonlyArray<JobHandler<undefined>['job']>): string[] {
  const started: string[] = [];
  const connection = {
    createWorker(name: string) {
      started.push(name);
    },
  } as unknown as QueueConnection;
  startWorker({
    service,
    ctx: undefined,
    handlers: jobs.map((job) => ({ job, handle: async () => {} })),
    connection,
    logger: createLogger(service, 'silent'),
    metrics: createMetrics(service),
    concurrency: 1,
  });
  return started;
}

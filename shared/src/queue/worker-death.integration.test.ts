import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, type ExpectStatic, test, vi } from 'vitest';
import { createTestDatabase } from '../testing/postgres.js';
import { NO_REDIS, startTestRedis } from '../testing/redis.js';
import { openQueueConnection } from './connection.js';
import { createProducer } from './producer.js';

// Real processes are to die, so this runs the build. Most of its time is waiting for locks to run out: both lanes at once.
const program = fileURLToPath(new URL('../../dist/testing/worker-process.js', import.meta.url));
const deaths = 3;
const patience = { timeout: 100_000, interval: 20 };

const redis = await startTestRedis();
if (redis === undefined) console.warn(`The Redis lane is not tested: ${NO_REDIS}`);
afterAll(() => redis?.stop());

describe.concurrent('a job whose worker is killed runs again elsewhere, three times in a row, and is no failure', () => {
  test('on postgres', ({ expect }) => killWorkers(expect, undefined), 300_000);
  test.runIf(redis)('on redis', ({ expect }) => killWorkers(expect, redis?.url), 300_000);
});

async function killWorkers(expect: ExpectStatic, redisUrl: string | undefined): Promise<void> {
  const testDatabase = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'octopipe-queue-'));
  const journal = join(folder, 'journal');
  const connection = openQueueConnection({
    redisUrl,
    databaseUrl: testDatabase.url,
    applicationName: 'worker-death-test',
    onError: () => {},
  });
  const producer = createProducer(connection, (_job, error) => {
    throw error;
  });
  const queue = connection.createQueue('reporter');
  const counts = () => queue.getJobCounts('waiting', 'delayed', 'active', 'failed', 'completed');
  const none = { waiting: 0, delayed: 0, active: 0, failed: 0, completed: 0 };
  const processes: ChildProcess[] = [];
  const startProcess = (finishes: 'yes' | 'no') => {
    const args = [program, testDatabase.url, redisUrl ?? '', journal, finishes];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    processes.push(child);
    return child;
  };
  try {
    await producer.send('reconcile-run', { tenantId: randomUUID(), runId: randomUUID() });
    for (let death = 1; death <= deaths; death++) {
      const doomed = startProcess('no');
      await vi.waitFor(async () => expect(await linesOf(journal)).toHaveLength(death), patience);
      doomed.kill('SIGKILL');
      await once(doomed, 'exit');
      expect(await counts()).toEqual({ ...none, active: 1 });
    }
    startProcess('yes');
    const expected = [...Array<string>(deaths + 1).fill('begun'), 'ended'];
    await vi.waitFor(async () => expect(await linesOf(journal)).toEqual(expected), patience);
    await vi.waitFor(async () => expect(await counts()).toEqual(none), patience);
  } finally {
    for (const child of processes) child.kill('SIGKILL');
    await queue.close();
    await producer.close();
    await connection.close();
    await testDatabase.drop();
    await rm(folder, { recursive: true });
  }
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

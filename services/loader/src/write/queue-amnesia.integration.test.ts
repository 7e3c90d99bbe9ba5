import { NO_REDIS, startTestRedis } from '@octopipe/shared/testing/redis';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, describe, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig } from '../testing/loader-rig.js';
import { runReaches, type ShownRun, startRun } from '../testing/loader-run.js';

const redis = await startTestRedis();

/** Waits until something of the run is written, so that the wipe hits it in the middle. */
async function halfWay(
  loader: { api<T>(method: 'GET', path: string): Promise<{ body: T }> },
  runId: string,
): Promise<void> {
  for (;;) {
    const { body } = await loader.api<ShownRun>('GET', `/v1/runs/${runId}`);
    if (body.phases.some((phase) => phase.created > 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the queue forgets everything in the middle of a run', () => {
  afterAll(() => redis?.stop());

  it('on Postgres: rebuilt from the tables', async () => {
    const rig = await createLoaderRig({ simulator: { requestsPer2s: 60 } });
    const client = new pg.Client({ connectionString: rig.databaseUrl });
    await client.connect();
    try {
      const loader = await rig.startLoader();
      const run = await startRun(rig, loader);
      await halfWay(loader, run.id);
      const { rows } = await client.query<{ name: string }>(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%' and tablename not like '%version%'",
      );
      const tables = rows.map((row) => row.name).join(', ');
      for (let wipes = 0; wipes < 3; )
        wipes += await client.query(`truncate ${tables}`).then(
          () => 1,
          // A worker held one table of the queue while we held another: whoever Postgres picks tries again.
          (error: { code?: string }) => {
            if (error.code !== '40P01') throw error;
            return 0;
          },
        );
      await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
    } finally {
      await client.end();
      await rig.close();
    }
  });

  it.skipIf(redis === undefined)(
    `on Redis${redis ? '' : ` (${NO_REDIS})`}: rebuilt from the tables`,
    async () => {
      const rig = await createLoaderRig({
        simulator: { requestsPer2s: 60 },
        ...(redis ? { redisUrl: redis.url } : {}),
      });
      const client = new Redis(redis?.url ?? '');
      try {
        const loader = await rig.startLoader();
        const run = await startRun(rig, loader);
        await halfWay(loader, run.id);
        await client.flushall();
        await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
      } finally {
        await client.quit();
        await rig.close();
      }
    },
  );
});

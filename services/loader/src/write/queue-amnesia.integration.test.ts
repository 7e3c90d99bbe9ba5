import { NO_REDIS, startTestRedis } from '@octopipe/shared/testing/redis';
import { afterAll, describe, it } from 'vitest';
import { emptyQueue } from '../testing/empty-queue.js';
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
    try {
      const loader = await rig.startLoader();
      const run = await startRun(rig, loader);
      await halfWay(loader, run.id);
      for (let wipes = 0; wipes < 3; wipes += 1) await emptyQueue(rig.databaseUrl);
      await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
    } finally {
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
      try {
        const loader = await rig.startLoader();
        const run = await startRun(rig, loader);
        await halfWay(loader, run.id);
        await emptyQueue(rig.databaseUrl, redis?.url);
        await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
      } finally {
        await rig.close();
      }
    },
  );
});

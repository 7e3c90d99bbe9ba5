import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { expect, test } from 'vitest';
import { startRig } from '../testing/rig.js';

// The build, because a process of its own does not read our sources (`npm test` builds first).
const main = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

const tables = {
  mapped_record: 'target_key, entity, sort_key, payload_hash',
  source_outcome: 'object, row_number, source_id, outcome, reason',
  source_link: 'object, source_id, slot, target_key, role',
};

test('killed in the middle, again and again, the set comes out as if nothing had happened', async () => {
  const rig = await startRig();
  try {
    const [whole, killed] = [await rig.stageSample('whole'), await rig.stageSample('killed')];
    await rig.map(whole, await rig.confirmMapping(whole, 'whole'));
    const version = await rig.confirmMapping(killed, 'killed');
    // One slice, so that there is a set for the sweep of the dying services to find.
    await rig.map(killed, version, 1);
    await rig.drain();
    for (const pass of [1, 4, 7])
      expect(await runUntilKilled(rig.ctx.masterKey.key, rig.databaseUrl, pass)).toBe('SIGKILL');
    await rig.map(killed, version);
    for (const [table, columns] of Object.entries(tables)) {
      const [a, b] = await Promise.all(
        [whole, killed].map((staged) =>
          rig.query(
            `select ${columns} from transform.${table} where set_id = (select id from transform.mapped_set where export_id = $1) order by 1, 2, 3, 4`,
            [staged.exportId],
          ),
        ),
      );
      expect(a?.length).toBeGreaterThan(0);
      expect(b).toEqual(a);
    }
  } finally {
    await rig.stop();
  }
});

/** A transform service of its own that dies by SIGKILL at the n-th pass of the failpoint; how it ended. */
async function runUntilKilled(masterKey: Buffer, databaseUrl: string, pass: number): Promise<string | null> {
  const child = spawn(process.execPath, [...nodeFlags, main], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      OCTOPIPE_MASTER_KEY: masterKey.toString('base64'),
      OCTOPIPE_FILES_DIR: '/tmp',
      OCTOPIPE_FAILPOINT: `transform.mid_object:${pass}`,
      // The queue gives a dead worker's job to the next one after this long.
      QUEUE_LOCK_MS: '500',
      SWEEP_INTERVAL_MS: '100',
      LOG_LEVEL: 'error',
    },
    stdio: 'ignore',
  });
  const hardStop = setTimeout(() => child.kill('SIGTERM'), 30_000);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(hardStop);
  return signal;
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAccount, readLedger } from './account.js';
import { migrateArgs, octopipe, startRedis, startSimulator, temporaryFolder } from './programs.js';

/** What must be the same after any disturbance: the account in words, the mapped payloads, the crosswalk's keys. */
interface EndState {
  account: Record<string, Record<string, unknown>>;
  mapped: string;
  crosswalk: string[];
  creates: number;
}

const redis = await startRedis();
const lanes = [
  { lane: 'Postgres', env: {} as Record<string, string> },
  ...(redis ? [{ lane: 'Redis', env: { REDIS_URL: redis.url } }] : []),
];

let undisturbed: EndState;

beforeAll(async () => {
  if (!redis && process.env.CI)
    throw new Error('redis-server is not installed; the Redis lane must run here');
  undisturbed = await migrate({}, async (args, env) => {
    const { code, output } = await octopipe(args, env).exit;
    expect(code, output).toBe(0);
  });
});
afterAll(() => redis?.stop());

/** One in each service. */
const failpoints = [
  'ingest.mid_file',
  'transform.mid_object',
  'loader.after_answer@deal:3',
  'reporter.before_save',
];

describe.each(lanes)('kills in the middle of the sample migration, queue on $lane', ({ env }) => {
  // The stack's supervisor starts a killed service again; after the kill of the whole program the same command goes on.
  it('of each service once, and of the whole program meanwhile, end in the undisturbed state', async () => {
    const state = await migrate(env, async (args, laneEnv, folder) => {
      const mark = path.join(folder, 'died');
      const deadly = {
        ...laneEnv,
        OCTOPIPE_FAILPOINT: failpoints.join(','),
        OCTOPIPE_FAILPOINT_MARK: mark,
      };
      const killed = octopipe(args, deadly);
      await killed.saw(/deals: /);
      killed.signal('SIGKILL');
      await killed.exit;
      const { code, output } = await octopipe(args, deadly).exit;
      const reached = failpoints.filter((failpoint) => existsSync(`${mark}.${failpoint}`));
      expect(reached).toEqual(failpoints);
      expect(code, output).toBe(0);
    });
    expect(state).toEqual(undisturbed);
  });
});

async function migrate(
  env: Record<string, string>,
  run: (args: string[], env: Record<string, string>, folder: string) => Promise<void>,
): Promise<EndState> {
  const folder = temporaryFolder();
  const sim = await startSimulator({ seed: Math.floor(Math.random() * 1e6) });
  try {
    await run(
      migrateArgs(sim, folder.path),
      {
        QUEUE_LOCK_MS: '1000',
        LEASE_MS: '3000',
        REQUEST_TIMEOUT_MS: '1500',
        SETTLE_MS: '500',
        PROBE_GAP_MS: '500',
        ...env,
      },
      folder.path,
    );
    const crosswalk = readFileSync(path.join(folder.path, 'out/crosswalk.csv'), 'utf8')
      .split('\n')
      .filter(Boolean);
    const created = (await readLedger(sim.url)).filter((line) => line.op === 'create');
    return {
      account: (await readAccount(sim.url)).canonical(),
      mapped: readFileSync(path.join(folder.path, 'out/mapped.ndjson'), 'utf8'),
      crosswalk: crosswalk.map((line) => line.split(',').slice(0, 5).join(',')).sort(),
      creates: created.filter((line) =>
        ['organization', 'person', 'product', 'deal', 'activity', 'note', 'file'].some((entity) =>
          line.entity.startsWith(entity),
        ),
      ).length,
    };
  } finally {
    await sim.stop();
    folder.remove();
  }
}

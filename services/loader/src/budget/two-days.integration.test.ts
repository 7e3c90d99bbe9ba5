import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig } from '../testing/loader-rig.js';
import { connect, control, runReaches, startRun } from '../testing/loader-run.js';

describe('an account whose day is spent', () => {
  it('parks the run, makes no call but a rare look, and goes on by itself the next day', async () => {
    const rig = await createLoaderRig({ simulator: { plan: 'lite', seats: 1 } });
    try {
      const loader = await rig.startLoader();
      await connect(rig, loader);
      // Lite × 1: 30,000 a day, 24,000 of them ours. Others spend so much that the run's few hundred do not fit.
      await control(rig, 'spend', { tokens: 23_750 });
      const run = await startRun(rig, loader);
      const parked = await runReaches(loader, run.id, ['waiting_budget', 'done', 'failed', 'waiting_person']);
      expect(parked.status).toBe('waiting_budget');
      expect(parked.resume_at).not.toBeNull();
      const before = await requestCount(rig.sim.url);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      // One look per BUDGET_PROBE_MS (400 in tests), nothing else.
      expect((await requestCount(rig.sim.url)) - before).toBeLessThanOrEqual(5);
      expect((await runReaches(loader, run.id, ['waiting_budget', 'running', 'done'])).status).toBe(
        'waiting_budget',
      );
      await control(rig, 'clock', { advance_ms: 24 * 3_600_000 });
      await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
    } finally {
      await rig.close();
    }
  });
});

async function requestCount(url: string): Promise<number> {
  const counts = (await (await fetch(`${url}/__sim/requests`)).json()) as {
    operations?: Record<string, Record<string, number>>;
  };
  return Object.values(counts.operations ?? {}).reduce(
    (sum, byStatus) => sum + Object.values(byStatus).reduce((a, b) => a + b, 0),
    0,
  );
}
